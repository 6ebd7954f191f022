"""Tests of everything that does no I/O."""
