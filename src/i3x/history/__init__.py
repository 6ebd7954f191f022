"""History of any length: read window by window, each as large as the server gives in whole.

The engine (:mod:`~i3x.history.reading`) decides what to ask next and does no I/O; `asynchronous` and `blocking`
carry it out.
"""
