"""Schemas that were made to harm whoever turns them into Python, each by its name."""

from __future__ import annotations

import math
from typing import Any

CODE = "__import__('os').system('touch /tmp/i3x-owned')"
BREAKOUT = f'"""\n{CODE}\nx = """'
HIDDEN = "\u202e\u2066 # }txet\u2069\u200b\ufeff\u2028\u0000\x1b[2J"


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = _object(child=schema)
    return schema


def _deep_lists(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def _laughs(keyword: str, levels: int = 25) -> dict[str, Any]:
    """Each definition says the next one twice: 2 to the 25th in the end."""
    definitions: dict[str, Any] = {
        f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level + 1}"}, {"$ref": f"#/$defs/d{level + 1}"}]}
        for level in range(levels)
    }
    definitions[f"d{levels}"] = _object(end={"type": "string"})
    return {"$ref": "#/$defs/d0", "$defs": definitions}


def _nested_laughs(levels: int = 25) -> dict[str, Any]:
    definitions: dict[str, Any] = {
        f"d{level}": {
            "type": ["array", "object"],
            "items": {"$ref": f"#/$defs/d{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/d{level + 1}"},
        }
        for level in range(levels)
    }
    definitions[f"d{levels}"] = {"type": "string"}
    return {"$ref": "#/$defs/d0", "$defs": definitions}


ATTACKS: dict[str, dict[str, Any]] = {
    # The generator's own keywords, which name code to import.
    "custom type path": _object(x={"type": "string", "customTypePath": "os.system"}),
    "custom base path": {**_object(x={"type": "string"}), "customBasePath": "subprocess.Popen"},
    "custom base paths": {**_object(x={"type": "string"}), "customBasePath": ["os.system", "sys.exit"]},
    "x-python-type": _object(x={"type": "string", "x-python-type": f"str = {CODE}"}),
    "x-python-import": _object(x={"type": "string", "x-python-import": {"module": "os", "name": "system"}}),
    "custom type path at the root": {"type": "string", "customTypePath": "os.system"},
    "custom type path in a definition": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {**_object(x={"type": "integer"}), "customTypePath": "os.system"}},
    },
    "generic base class": {**_object(x={"type": "string"}), "x-base-class": "os.system", "class": CODE},
    # References that would be read.
    "reference to a file URL": _object(x={"$ref": "file:///etc/passwd"}),
    "reference to an absolute path": _object(x={"$ref": "/etc/passwd"}),
    "reference to a relative path": _object(x={"$ref": "../../../../etc/passwd#/a"}),
    "reference to a file beside": _object(x={"$ref": "pyproject.toml"}),
    "reference over http": _object(x={"$ref": "http://127.0.0.1:9/schema.json"}),
    "reference over https": {"$ref": "https://example.com/schema.json#/$defs/a"},
    "reference without a scheme": _object(x={"$ref": "//example.com/schema.json"}),
    "reference to a UNC path": _object(x={"$ref": "\\\\example.com\\share\\schema.json"}),
    "base URI that moves references": {
        "$id": "file:///etc/passwd",
        "$schema": "http://127.0.0.1:9/",
        **_object(x={"$ref": "#/$defs/a"}),
    },
    "dynamic reference": _object(
        x={"$dynamicRef": "file:///etc/passwd", "$recursiveRef": "http://127.0.0.1:9/"}
    ),
    "reference that is no text": _object(x={"$ref": {"$ref": ["#"]}}),
    "reference with a null byte": _object(x={"$ref": "#/$defs/\x00/etc/passwd"}),
    "reference out of the schema": _object(x={"$ref": "#/../../etc/passwd"}),
    "reference into a text": {**_object(x={"$ref": "#/title/0"}), "title": "abc"},
    # Texts that end where they should not.
    "docstring breakout in the title": {**_object(x={"type": "string"}), "title": BREAKOUT},
    "docstring breakout in the description": {**_object(x={"type": "string"}), "description": BREAKOUT},
    "docstring breakout in a field": _object(x={"type": "string", "description": BREAKOUT}),
    "docstring breakout in the unit": _object(x={"type": "number", "unit": BREAKOUT}),
    "description that ends with a backslash": _object(x={"type": "string", "description": "end\\"}),
    "description that ends with a quote": _object(x={"type": "string", "description": 'end"'}),
    "description of quotes and backslashes": _object(x={"type": "string", "description": '\\"' * 99 + '"'}),
    "description with a template": _object(
        x={"type": "string", "description": "{{ 7*7 }}{% include '/etc/passwd' %}"}
    ),
    "description with a format": _object(x={"type": "string", "description": "{self.__class__} %s %(x)s $x"}),
    "description with escapes": _object(
        x={"type": "string", "description": "\\x22\\x22\\x22 \\N{QUOTATION MARK}"}
    ),
    "description of a megabyte": _object(x={"type": "string", "description": "x" * 1_000_000}),
    "hidden characters in the title": {**_object(x={"type": "string"}), "title": HIDDEN},
    "hidden characters in a description": _object(x={"type": "string", "description": HIDDEN}),
    "carriage return in a description": _object(
        x={"type": "string", "description": f"a\r{CODE}\x0c{CODE}\x85{CODE}"}
    ),
    "title that is no text": {**_object(x={"type": "string"}), "title": {"a": [CODE]}},
    # Names.
    "property with a newline": _object(**{f"x\n{CODE}\n": {"type": "string"}}),
    "property with quotes": _object(**{f"x'\"); {CODE} #": {"type": "string"}}),
    "property with triple quotes": _object(**{BREAKOUT: {"type": "string"}}),
    "property with a backslash": _object(**{"x\\": {"type": "string"}, "\\u0022": {"type": "string"}}),
    "property with hidden characters": _object(**{HIDDEN: {"type": "string"}}),
    "property that is a type": _object(
        **{"x: os.system = 1": {"type": "string"}, "str": {"type": "integer"}, "int": {"type": "string"}}
    ),
    "properties of the language": _object(
        **{
            name: {"type": "string"}
            for name in (
                "__class__",
                "__init__",
                "__struct_fields__",
                "__post_init__",
                "import",
                "None",
                "self",
            )
        }
    ),
    "properties of the module": _object(
        **{
            name: {"type": "string"}
            for name in ("Struct", "field", "UNSET", "UnsetType", "Any", "annotations", "OBJECT_TYPES", "T")
        }
    ),
    "properties that are the same": _object(
        **{
            name: {"type": "string"}
            for name in ("flowRate", "flow_rate", "flow-rate", "FLOW RATE", "flow.rate")
        }
    ),
    "properties without a name": _object(
        **{name: {"type": "string"} for name in ("", " ", "-", "🔥", "\u200b")}
    ),
    "properties that look alike": _object(**{name: {"type": "string"} for name in ("pump", "\u0440ump")}),
    "property of a megabyte": _object(**{"x" * 1_000_000: {"type": "string"}}),
    "definition with code for a name": {
        **_object(x={"$ref": f"#/$defs/{CODE}"}),
        "$defs": {CODE: _object(y={"type": "string"})},
    },
    "definition with a breakout for a name": {
        **_object(x={"$ref": "#/$defs/A(os.system):~1\n"}),
        "$defs": {"A(os.system):/\n": {"type": "string", "enum": ["a"]}},
    },
    # Values.
    "members of enumerations": _object(
        x={
            "type": "string",
            "enum": ["__class__", "mro", "_missing_", "__new__", "name", "value", "_ignore_", ""],
        }
    ),
    "enumeration of code": {
        "type": "string",
        "enum": [CODE, BREAKOUT, HIDDEN, "'", '"', "\\", "{x}", "a\nb"],
    },
    "enumeration of the same names": {"enum": ["a b", "a-b", "A B", "a_b", "ä b"]},
    "enumeration of all kinds": {
        "enum": [1, 1.5, "a", None, True, [CODE], {"a": CODE}, 10**400, -(2**63) - 1]
    },
    "enumeration of huge numbers": {"type": "integer", "enum": [2**64, -(2**64), 10**1000]},
    "enumeration of nothing": _object(x={"type": "string", "enum": []}),
    "enumeration of floats that are none": {"type": "number", "enum": [math.nan, math.inf, -math.inf]},
    "names for the members": {"type": "integer", "enum": [0, 1], "x-enum-varnames": [CODE, "__class__"]},
    "constant": _object(x={"const": BREAKOUT}, y={"const": math.nan}, z={"const": {"a": CODE}}),
    "default": _object(x={"type": "string", "default": CODE}, y={"type": "array", "default": [CODE]}),
    "default factory": _object(x={"type": "object", "default": {"a": 1}, "default_factory": "os.system"}),
    "huge numbers": _object(
        x={"type": "number", "minimum": 10**400, "maximum": math.inf, "multipleOf": 1e-308}
    ),
    "numbers that are none": _object(x={"type": "number", "minimum": math.nan, "maximum": "1); " + CODE}),
    "pattern that never ends": _object(x={"type": "string", "pattern": "^(a+)+$"}),
    "pattern that is no expression": _object(x={"type": "string", "pattern": "(?P<"}),
    "format of the server's own": _object(x={"type": "string", "format": "os.system"}, y={"format": CODE}),
    "formats with classes": _object(
        **{
            each: {"type": "string", "format": each}
            for each in ("path", "uri", "password", "ipv4", "decimal")
        }
    ),
    "type of the server's own": _object(x={"type": CODE}, y={"type": [CODE, {}]}, z={"type": {"a": 1}}),
    "decorators": {**_object(x={"type": "string"}), "decorators": [CODE], "class_decorators": [CODE]},
    "discriminator": {
        "oneOf": [_object(a={"type": "string"}), _object(b={"type": "string"})],
        "discriminator": {"propertyName": CODE, "mapping": {CODE: "file:///etc/passwd"}},
    },
    # Endless ones.
    "deep objects": _deep(5_000),
    "deep lists": _deep_lists(5_000),
    "lists that nest": _deep_lists(60),
    "a million laughs in allOf": _laughs("allOf"),
    "a million laughs in anyOf": _laughs("anyOf"),
    "a million laughs in lists": _nested_laughs(),
    "a million properties": _object(**{f"p{number}": True for number in range(1_000_000)}),
    "a million values": {"enum": list(range(1_000_000))},
    "a million branches": {"anyOf": [{"type": "string"}] * 1_000_000},
    "reference to itself": {"$ref": "#"},
    "references in a circle": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    },
    "allOf in a circle": {
        "allOf": [{"$ref": "#"}, {"$ref": "#/$defs/a"}],
        "$defs": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#/$defs/a"}, _object(x={"type": "string"})]}},
    },
    "two circles in one": {
        "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}],
        "$defs": {
            "a": _object(next={"$ref": "#/$defs/a"}),
            "b": _object(next={"$ref": "#/$defs/b"}, other={"$ref": "#/$defs/a"}),
        },
    },
    "lists in a circle": {"type": "array", "items": {"$ref": "#"}},
    "a long chain of references": {
        "$ref": "#/$defs/d0",
        "$defs": {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(10_000)},
    },
    # No schemas at all.
    "properties that are a list": {"type": "object", "properties": [CODE]},
    "property that is a text": _object(x=CODE),
    "required that is a text": {**_object(x={"type": "string"}), "required": CODE},
    "allOf that is an object": {"allOf": {"a": CODE}},
    "enumeration that is a text": {"enum": CODE},
}
"""Of each come harmless types."""

UNREADABLE = {
    "deep objects",
    "deep lists",
    "a million laughs in lists",
    "a million properties",
    "a million values",
    "a million branches",
    "a long chain of references",
    "properties that are a list",
    "property that is a text",
    "required that is a text",
    "allOf that is an object",
    "enumeration that is a text",
}

NAMES = (
    "",
    " ",
    "class",
    "None",
    "__class__",
    "__import__('os')",
    '"""',
    "\n",
    "🔥",
    "Struct",
    "OBJECT_TYPES",
    HIDDEN,
)
"""For the display names and element ids of object types."""
