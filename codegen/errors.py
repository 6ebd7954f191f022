"""The one exception of the code generation: every way to fail ends in a message and not in a traceback."""


class CodegenError(Exception):
    """What stopped the generation. The message says what to do next."""
