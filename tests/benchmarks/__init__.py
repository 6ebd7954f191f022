"""Speed beside the released client: the same work, in the same run, interleaved; never part of the tests."""
