"""The step that turns the API document and its errata into the code under `src/i3x` that nobody writes.

    python -m codegen generate --document openapi/i3x-1.0.json --output src/i3x/raw
    python -m codegen check
    python -m codegen compare A B

It is a tool of the maintainers and no part of the package: nothing in `src/i3x` imports it.
"""
