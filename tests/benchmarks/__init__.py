"""Speed beside the released client: the same work, in the same run, interleaved; never part of the tests.

Each kind of work is a module with one function for everybody who does it (``ours``, ``released``, ``floor``),
which runs in a worker process of its own, and a function ``rows`` that says what is compared and the bars.
"""
