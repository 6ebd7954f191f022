"""The classes that are generated for object types."""

from __future__ import annotations

import enum
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

import i3x
from i3x.testing import Server
from i3x.typegen import difference, generate_types, save
from i3x.typegen.__main__ import main
from i3x.typegen.names import Names
from tests.types.support import load, names, object_type, record, source_lines

NUMBER: dict[str, Any] = {"type": "number"}
STRING: dict[str, Any] = {"type": "string"}


@pytest.fixture(scope="module")
def station() -> list[i3x.ObjectType]:
    """The object types of the test server."""
    with Server(tick=None) as server, i3x.Client(server.url) as client:
        return list(client.get_object_types())


# --- fields -------------------------------------------------------------------------------------------------


def test_an_object_becomes_a_frozen_struct_with_keywords() -> None:
    pump = load(object_type(record("speed", speed=NUMBER))).Pump
    assert pump.__bases__ == (msgspec.Struct,)
    assert pump.__struct_config__.frozen
    assert pump(speed=3).speed == 3
    with pytest.raises(TypeError):
        pump(3)


def test_names_become_legal_and_keep_theirs_on_the_wire() -> None:
    wire = {
        "flowRate": 1.0,
        "from": 2.0,
        "3d": 3.0,
        "flow-rate": 4.0,
        "Größe (mm)": 5.0,
        "str": 6.0,
        "🔥": 7.0,
    }
    pump = load(object_type(record(**dict.fromkeys(wire, NUMBER)))).Pump
    value = msgspec.convert(wire, pump)
    assert (value.flow_rate, value.from_, value.field_3d, value.grosse_mm, value.str_) == (
        4.0,
        2.0,
        3.0,
        5.0,
        6.0,
    )
    assert (value.flow_rate_2, value.field_2) == (1.0, 7.0)
    assert msgspec.to_builtins(value) == wire


@pytest.mark.parametrize(
    ("kind", "is_required", "annotation"),
    [
        ("number", True, "speed: float"),
        ("number", False, "speed: float | UnsetType = UNSET"),
        (["number", "null"], True, "speed: float | None = None"),
        (["number", "null"], False, "speed: float | None | UnsetType = UNSET"),
    ],
)
def test_nullable_and_optional_fields_are_told_apart(kind: Any, is_required: bool, annotation: str) -> None:
    schema = record(*(["speed"] if is_required else []), speed={"type": kind})
    assert annotation in source_lines(object_type(schema))


def test_an_absent_field_is_unset_and_is_not_written() -> None:
    pump = load(object_type(record(speed={"type": ["number", "null"]}))).Pump
    assert msgspec.convert({}, pump).speed is UNSET
    assert msgspec.to_builtins(pump()) == {}
    assert msgspec.convert({"speed": None}, pump).speed is None
    assert msgspec.to_builtins(pump(speed=None)) == {"speed": None}


def test_an_absent_nullable_field_that_is_required_is_null() -> None:
    pump = load(object_type(record("speed", speed={"type": ["number", "null"]}))).Pump
    assert msgspec.convert({}, pump).speed is None


def test_a_value_that_does_not_fit_names_the_path() -> None:
    pump = load(object_type(record(motor=record(speeds={"type": "array", "items": NUMBER})))).Pump
    with pytest.raises(msgspec.ValidationError, match=r"\$\.motor\.speeds\[1\]"):
        msgspec.convert({"motor": {"speeds": [1, "x"]}}, pump)


def test_a_value_out_of_range_is_a_value() -> None:
    pump = load(object_type(record("speed", speed={"type": "number", "minimum": 0, "maximum": 9}))).Pump
    assert msgspec.convert({"speed": -1}, pump).speed == -1


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({}, "Any"),
        (True, "Any"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": NUMBER}, "dict[str, float]"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "array", "items": {"type": ["integer", "null"]}}, "list[int | None]"),
        ({"type": "array", "items": [NUMBER, STRING]}, "list[Any]"),
        ({"type": ["integer", "number"]}, "float"),
        ({"type": ["string", "boolean"]}, "bool | str"),
        ({"anyOf": [NUMBER, {"type": "array", "items": NUMBER}]}, "list[float] | float"),
        (
            {"anyOf": [{"type": "array", "items": NUMBER}, {"type": "array", "items": STRING}]},
            "list[float | str]",
        ),
        ({"oneOf": [record(a=NUMBER), record(b=NUMBER)]}, "dict[str, Any]"),
        ({"allOf": [NUMBER, {"minimum": 3}]}, "float"),
        ({"type": "string", "nullable": True}, "str | None"),
        ({"type": ["number", "null"], "allOf": [{"type": "number"}]}, "float | None"),
        ({"const": 3.5}, "float"),
        ({"enum": [True, False]}, "bool"),
        ({"type": "string", "format": "date-time"}, "str"),
        ({"$ref": "#/$defs/speed", "$defs": {"speed": NUMBER}}, "float"),
        ({"$ref": "https://example.com/schema.json"}, "Any"),
    ],
)
def test_a_schema_without_fields_becomes_an_alias(schema: Any, annotation: str) -> None:
    assert f"Pump: TypeAlias = {annotation}" in source_lines(object_type(schema))


def test_enumerations_become_enums() -> None:
    schema = record(
        mode={"enum": ["auto", "by hand", ""]}, stage={"enum": [1, -1]}, other={"enum": ["a", None]}
    )
    module = load(object_type(schema))
    assert module.PumpMode.__bases__ == (enum.StrEnum,)
    assert [member.name for member in module.PumpMode] == ["AUTO", "BY_HAND", "VALUE"]
    assert module.PumpStage.__bases__ == (enum.IntEnum,)
    assert [member.name for member in module.PumpStage] == ["VALUE_1", "VALUE_MINUS_1"]
    value = msgspec.convert({"mode": "by hand", "stage": -1, "other": None}, module.Pump)
    assert (value.mode, value.stage, value.other) == (
        module.PumpMode.BY_HAND,
        module.PumpStage.VALUE_MINUS_1,
        None,
    )


@pytest.mark.parametrize("required", [[], ["mode"]])
@pytest.mark.parametrize(
    "mode",
    [
        {"type": ["string", "null"], "enum": ["auto", "off"]},
        {"type": "string", "enum": ["auto", "off"], "nullable": True},
    ],
)
def test_a_nullable_enumeration_takes_null_though_it_does_not_list_it(mode: Any, required: list[str]) -> None:
    module = load(object_type(record(*required, mode=mode)))
    for value in (None, "auto"):
        assert msgspec.convert({"mode": value}, module.Pump).mode == value
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"mode": "other"}, module.Pump)


def test_docstrings_have_title_description_unit_and_range() -> None:
    speed = {
        "type": "number",
        "title": "Speed",
        "description": "Of the shaft.",
        "unit": "1/min",
        "minimum": 0,
    }
    schema = {**record(speed=speed), "title": "A pump", "description": "Lifts water."}
    lines = source_lines(object_type(schema, "Pump"))
    assert '"""Speed; Of the shaft.; Unit: 1/min; Minimum 0"""' in lines
    assert {"A pump", "Lifts water.", "Object type: type-Pump"} <= set(lines)


UNREAD: dict[str, tuple[dict[str, Any], str]] = {
    "outside": (
        {"$ref": "file:///etc/passwd"},
        "`#` refers to `file:///etc/passwd`, which is outside of the schema",
    ),
    "circle": (
        {"$ref": "#/$defs/b", "$defs": {"b": {"$ref": "#/$defs/b"}}},
        "`#/$defs/b` leads back to itself, and has no class to name there",
    ),
    "missing": (
        record(speed={"$ref": "#/$defs/Missing"}),
        "`#/properties/speed` refers to `#/$defs/Missing`, which is not in the schema",
    ),
    "anchor": (
        record(speed={"$ref": "#speed"}),
        "`#/properties/speed` refers to `#speed`, which is no JSON pointer",
    ),
    "number": (
        record(speed={"$ref": 1}),
        "`#/properties/speed` has a `$ref` that is no text",
    ),
    "list": (
        {"type": "array", "items": {"$ref": "#"}},
        "`#` leads back to itself, and has no class to name there",
    ),
}


@pytest.mark.parametrize(("schema", "reason"), UNREAD.values(), ids=UNREAD)
def test_a_reference_that_is_not_read_is_told(
    caplog: pytest.LogCaptureFixture, schema: dict[str, Any], reason: str
) -> None:
    doc = " ".join(source_lines(object_type(schema)))
    assert f"Any where it can't be read: {reason}" in doc
    assert caplog.messages == [f"object type 'type-Pump' is Any where it can't be read: {reason}"]


def test_a_field_that_is_not_read_is_told_there_too() -> None:
    lines = source_lines(object_type(record(speed={"$ref": "file:///etc/passwd"})))
    assert '"""Not read: refers to `file:///etc/passwd`, which is outside of the schema"""' in lines


def test_of_many_references_that_are_not_read_the_first_are_told(caplog: pytest.LogCaptureFixture) -> None:
    load(object_type(record(**{f"f{number:02}": {"$ref": "#a"} for number in range(12)})))
    (message,) = caplog.messages
    assert "`#/properties/f09` refers" in message
    assert message.endswith("; and 2 more")


def test_objects_in_a_circle_are_read() -> None:
    node = record(next={"$ref": "#"}, all={"type": "array", "items": {"$ref": "#"}})
    pump = load(object_type(node)).Pump
    value = msgspec.convert({"next": {"all": [{}, {"next": {}}]}}, pump)
    assert isinstance(value.next.all[1].next, pump)


def test_fields_that_no_class_can_have_are_told() -> None:
    lines = source_lines(object_type(record(**{'a"b': NUMBER, "speed": NUMBER})))
    assert 'Fields whose names no class can have, and which are left out: a\\"b' in lines


# --- inheritance --------------------------------------------------------------------------------------------

EQUIPMENT = record("maker", maker=STRING, plate={"type": ["string", "null"]})
INHERITS = {"relationshipType": "InheritsFrom", "types": ["type-Equipment"]}


def _heir(**schema: Any) -> Any:
    """Return the classes of an equipment and of a type that says it inherits from it."""
    equipment = object_type(EQUIPMENT, "Equipment")
    return load(object_type({**EQUIPMENT, **schema}, "Pump", related=INHERITS), equipment)


def test_a_type_inherits_what_it_has_of_its_supertype() -> None:
    properties = {**EQUIPMENT["properties"], "speed": NUMBER}
    module = _heir(properties=properties, required=["maker", "speed"])
    assert module.Pump.__bases__ == (module.Equipment,)
    assert list(module.Pump.__annotations__) == ["speed"]
    assert msgspec.convert({"maker": "x", "speed": 3}, module.Pump).maker == "x"


def test_a_field_may_be_narrower_in_an_heir() -> None:
    module = _heir(properties={**EQUIPMENT["properties"], "maker": {"enum": ["a", "b"]}})
    assert module.Pump.__bases__ == (module.Equipment,)
    with pytest.raises(msgspec.ValidationError, match="maker"):
        msgspec.convert({"maker": "c"}, module.Pump)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"maker": STRING}},
        {"properties": {**EQUIPMENT["properties"], "maker": NUMBER}},
        {"required": ["maker", "plate"]},
        {"required": []},
    ],
)
def test_a_type_that_is_no_heir_by_its_schema_inherits_nothing(schema: Any) -> None:
    module = _heir(**schema)
    assert module.Pump.__bases__ == (msgspec.Struct,)


def test_types_that_inherit_in_a_circle_inherit_nothing() -> None:
    ids = ["type-A", "type-B", "type-C"]
    types = [
        object_type(EQUIPMENT, each[5:], related={**INHERITS, "types": [ids[(place + 1) % 3]]})
        for place, each in enumerate(ids)
    ]
    module = load(*types)
    assert msgspec.Struct in (module.A.__bases__ + module.B.__bases__ + module.C.__bases__)


# --- names of classes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("display_name", "name"),
    [
        ("Pump Station", "PumpStation"),
        ("3-way valve", "Type3WayValve"),
        ("Förderpumpe", "Forderpumpe"),
        ("泵", "泵"),
        ("None", "None_"),
        ("__class__", "Class"),
        ("class", "Class"),
        ("Struct", "Struct2"),
        ("str", "Str"),
        ("🔥", "TypeX"),
        ("", "TypeX"),
    ],
)
def test_a_display_name_becomes_a_class_name(display_name: str, name: str) -> None:
    module = load(object_type(record(a=NUMBER), display_name, "type-x"))
    assert names(module.OBJECT_TYPES) == {"type-x": name}


def test_two_types_with_the_same_display_name_have_two_classes() -> None:
    types = [object_type(record(a=NUMBER), "Pump", element_id) for element_id in ("b", "a")]
    assert names(load(*types).OBJECT_TYPES) == {"a": "Pump", "b": "Pump2"}


def test_a_type_has_its_name_before_a_part_of_another_one() -> None:
    module = load(
        object_type(record(motor=record(a=NUMBER)), "Pump"), object_type(record(b=NUMBER), "Pump Motor")
    )
    assert names(module.OBJECT_TYPES) == {"type-Pump": "Pump", "type-Pump Motor": "PumpMotor"}
    assert module.PumpMotor2.__annotations__ == {"a": "float | UnsetType"}


def test_the_same_type_twice_is_one_and_two_different_ones_are_an_error() -> None:
    assert generate_types([object_type({})] * 2) == generate_types([object_type({})])
    with pytest.raises(i3x.InvalidServerResponseError, match="type-Pump"):
        generate_types([object_type({}), object_type(NUMBER)])


def test_no_types_are_a_module_too() -> None:
    assert load().OBJECT_TYPES == {}


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datamodel_code_generator", None)
    with pytest.raises(ImportError, match=r'pip install "i3x-client\[types\]"'):
        generate_types([object_type({})])


def test_what_is_no_object_type_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="ObjectType"):
        generate_types(["type-pump"])  # type: ignore[list-item]


def chain(links: int) -> dict[str, Any]:
    """Return a schema whose definitions each have a field of the next one."""
    definitions: dict[str, Any] = {
        f"Link{number}": record(next={"$ref": f"#/$defs/Link{number + 1}"}) for number in range(links)
    }
    return {"$ref": "#/$defs/Link0", "$defs": {**definitions, f"Link{links}": STRING}}


def test_a_reference_is_no_level_of_nesting() -> None:
    module = load(object_type(chain(70)))
    value: Any = "end"
    for _ in range(70):
        value = {"next": value}
    assert msgspec.to_builtins(msgspec.convert(value, module.Pump)) == value


def test_references_have_an_end_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    assert load(object_type(chain(81))).Pump is Any
    assert "its references lead more than 160 levels deep" in caplog.text


def test_a_type_that_can_not_be_read_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    types = [
        object_type({"type": "object", "properties": "nonsense"}, "Motor"),
        object_type(record(speed=NUMBER)),
    ]
    module = load(*types)
    assert list(module.OBJECT_TYPES.items()) == [("type-Motor", Any), ("type-Pump", module.Pump)]
    assert msgspec.convert({"speed": 1}, module.Pump).speed == 1.0
    reason = "Any, since no class can be made of its schema: `#/properties` is no object"
    assert reason in source_lines(*reversed(types))
    assert caplog.messages[0] == f"object type 'type-Motor' is {reason}"


# --- the module ---------------------------------------------------------------------------------------------


def test_the_text_is_the_same_in_any_order(station: list[i3x.ObjectType]) -> None:
    shuffled = random.Random(1).sample(station, len(station))
    assert generate_types(shuffled) == generate_types(station)


def test_the_types_of_the_test_server(station: list[i3x.ObjectType]) -> None:
    module = load(*station)
    assert module.OBJECT_TYPES["type-temperature"] is float
    assert module.Pump.__bases__ == (module.Equipment,)
    assert module.Tank.__bases__ == (module.Equipment,)


def test_type_checkers_accept_the_module(station: list[i3x.ObjectType], tmp_path: Path) -> None:
    (tmp_path / "plant.py").write_text(generate_types(station), encoding="utf-8")
    use = (
        "from plant import Equipment, Pump, PumpMode\n\n"
        "pump: Equipment = Pump(manufacturer='', running=True, speed=1, mode=PumpMode.AUTO)\n"
    )
    (tmp_path / "use.py").write_text(use, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(tmp_path / "cache"),
        "use.py",
        "plant.py",
    ]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


# --- the program --------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Any:
    with Server(tick=None) as running:
        yield running


def test_the_program_writes_and_checks_a_file(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plant.py"
    assert main([server.url, "-o", str(path), "--check"]) == 1
    assert "+class Pump(Equipment" in capsys.readouterr().out
    assert not path.exists()
    assert main([server.url, "-o", str(path)]) == 0
    assert main([server.url, "-o", str(path), "--check"]) == 0
    path.write_text(path.read_text(encoding="utf-8").replace("speed", "pace"), encoding="utf-8")
    assert main([server.url, "-o", str(path), "--check"]) == 1
    assert "-    pace: float" in capsys.readouterr().out


def test_the_program_prints(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([server.url, "--namespace", "https://example.com/pump-station/equipment"]) == 0
    text = capsys.readouterr().out
    assert "class Pump(" in text
    assert "Temperature" not in text


def test_the_program_tells_what_went_wrong(capsys: pytest.CaptureFixture[str], server: Server) -> None:
    assert main(["http://127.0.0.1:9/v1"]) == 3
    assert main([server.url, "-o", "/nowhere/at/all.py"]) == 1
    assert "ConnectionError" in capsys.readouterr().err


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "plant.py"
    save("one\n", path)
    with pytest.raises(UnicodeEncodeError):
        save("\udc00", path)
    assert [each.read_text(encoding="utf-8") for each in tmp_path.iterdir()] == ["one\n"]
    assert difference("one\n", path) == ""
    assert "+two" in difference("one\ntwo\n", path)


def test_many_types_of_one_name_are_numbered() -> None:
    names = Names()
    # Looking for each number from 2 on takes minutes for so many.
    taken = [names.take("Pump") for _ in range(50_000)]
    assert taken[:3] == ["Pump", "Pump2", "Pump3"]
    assert len(set(taken)) == 50_000
    assert names.take("Pump2") == "Pump2_2"


@pytest.mark.parametrize(
    ("url", "variable", "value", "said"),
    [
        ("https://host/v1", "I3X_TIMEOUT", "soon", "I3X_TIMEOUT must be a number"),
        ("https://host/v1", "I3X_INSECURE", "perhaps", "I3X_INSECURE must be one of"),
        ("https://host/v1", "I3X_CA", "no/such/file.pem", "no file or directory of certificates"),
        ("host/v1", "I3X_TOKEN", "", "must begin with http"),
    ],
)
def test_the_program_tells_on_one_line_what_is_wrong_with_its_settings(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert main([url]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
