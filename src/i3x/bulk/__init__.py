"""Bulk calls of any size: into which requests they are cut, and what becomes of each item.

A plan (:mod:`~i3x.bulk.plan`) is one call on its way, limits (:mod:`~i3x.bulk.limits`) are what all calls to a
server have found out together. Nothing here does I/O, so that both senders carry out the same.
"""
