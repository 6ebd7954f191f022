"""The rules that many tests share, one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i3x.conformance import Options, document, strict_json, type_schemas
from i3x.conformance.redaction import Redaction
from i3x.conformance.rules import id_problems, moment, vqt_problems
from i3x.conformance.suite import BY_ID, TESTS
from i3x.conformance.terminal import printable
from i3x.conformance.verdict import is_structured
from tests.conftest import examples

LEVELS = {
    "MUST": "CORE-01 CORE-02 CORE-03 CORE-04 " + " ".join(f"EXP-{n:02d}" for n in range(1, 23)) + " "
    + " ".join(f"QRY-{n:02d}" for n in range(1, 12))
    + " SUB-01 SUB-02 SUB-15 SUB-16 SUB-03 SUB-04 SUB-05 SUB-06 SUB-07 SUB-13 SUB-08 SUB-10 SUB-11",
    "MAY": "UPD-01 UPD-02 UPD-03 UPD-04 SUB-09 SUB-14",
    "SHOULD": "CORE-05 CORE-06 UPD-05 SUB-12",
}  # fmt: skip


def test_ids_levels_and_order_are_those_of_the_standard() -> None:
    assert len(TESTS) == len(BY_ID) == 60
    for level, ids in LEVELS.items():
        assert [test.id for test in TESTS if test.level == level] == ids.split()
    subscribe = "01 02 15 16 03 04 05 06 07 13 08 09 14 10 11 12"
    assert [test.id for test in TESTS if test.section == "SUB"] == [f"SUB-{n}" for n in subscribe.split()]


def test_each_test_stands_on_earlier_ones_and_says_where_its_rule_is() -> None:
    order = {test.id: index for index, test in enumerate(TESTS)}
    for test in TESTS:
        assert all(order[needed] < order[test.id] for needed in (*test.needs, *test.uses))
        assert test.rule.endswith(".")
        assert test.guide


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T08:15:00Z",
        "2026-01-31T08:15:00.1Z",
        "2026-01-31T08:15:00.123456789Z",
        "2024-02-29T23:59:60Z",
    ],
)
def test_times_that_are_times(text: str) -> None:
    assert moment(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        None, 5, "", "now", "2026-01-31", "2026-01-31T08:15:00", "2026-01-31T08:15:00+00:00", "2026-01-31 08:15:00Z",
        "2026-02-30T08:15:00Z", "2026-01-31T24:15:00Z", "2026-01-31T08:15:61Z", "2026-01-31T08:15:00.Z",
        "2026-01-31T08:15:00z", "\uff12026-01-31T08:15:00Z", "2026-01-31T08:15:00Z\n", "0000-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_times_that_are_none(text: object) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("value", "quality", "right"),
    [
        (1, "Good", True), (1, "Uncertain", True), (None, "Bad", True), (None, "GoodNoData", True),
        (None, "Good", False), (None, "Uncertain", False), (0, "Bad", False), (False, "GoodNoData", False),
        (1, "good", False), (1, None, False),
    ],
)  # fmt: skip
def test_values_and_qualities(value: object, quality: object, right: bool) -> None:
    problems = vqt_problems({"value": value, "quality": quality, "timestamp": "2026-01-31T08:15:00Z"})
    assert (problems == []) is right


@pytest.mark.parametrize("element_id", ["a", "ns=2;s=Förderpumpe 7/Druck #1?", "日本", "a\u00a0b"])
def test_element_ids_that_are_well_formed(element_id: str) -> None:
    assert id_problems(element_id) == []


@pytest.mark.parametrize("element_id", ["", " a", "a ", "a\tb", "a\n", "\x00", "a\x7f", "\u00a0a", "\ud800"])
def test_element_ids_that_are_not(element_id: str) -> None:
    assert id_problems(element_id) != []


@pytest.mark.parametrize(
    ("schema", "structured"),
    [
        ({"type": "number"}, False), ({"type": "object"}, False), ({"type": "object", "properties": {}}, False),
        ({}, False), (True, False), ({"type": "object", "properties": {"a": {}}}, True),
        ({"type": ["object", "null"], "properties": {"a": {}}}, True), ({"allOf": [{"type": "object"}]}, True),
        ({"type": "array", "properties": {"a": {}}}, False),
    ],
)  # fmt: skip
def test_types_with_structure(schema: object, structured: bool) -> None:
    assert is_structured(schema) is structured


@examples(2)
@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
                    | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_json_is_read_as_it_is(value: object) -> None:
    assert strict_json.read(json.dumps(value).encode()).value == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"'a'",
        b"\xef\xbb\xbf",
        b"1\xef\xbb\xbf",
        b"\xff",
        b"[" * 10**5,
    ],
)
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(strict_json.NotJsonError):
        strict_json.read(text)


def test_what_json_allows_and_nobody_understands_alike() -> None:
    found = strict_json.read(b'{"a": 1, "a": 2, "b": 1e999}')
    assert len(found.remarks) == 2
    assert "'a'" in found.remarks[1] + found.remarks[0]


def test_a_byte_order_mark_is_read_over_and_remarked() -> None:
    found = strict_json.read(b"\xef\xbb\xbf[1]")
    assert found.value == [1]
    assert len(found.remarks) == 1
    assert "byte order mark" in found.remarks[0]


def test_keys_that_are_there_twice_among_very_many() -> None:
    # Counting each of so many anew takes minutes.
    keys = [f'"{number}": 1' for number in range(200_000)]
    found = strict_json.read(f"{{{', '.join((*keys, keys[-1]))}}}".encode())
    assert found.remarks == ("the key '199999' is there twice in one object",)


def test_what_is_wrong_everywhere_is_said_a_few_times() -> None:
    objects = ", ".join(f'{{"{number}": 1, "{number}": 1}}' for number in range(100))
    assert len(strict_json.read(f"[{objects}]".encode()).remarks) == 3


@examples(2)
@given(st.text(min_size=4, max_size=30), st.text(max_size=60), st.text(max_size=60), st.integers(1, 80))
def test_no_secret_is_ever_shown(secret: str, before: str, after: str, limit: int) -> None:
    redaction = Redaction([secret])
    shown = redaction.shorten(before + secret + after, limit).removesuffix(" ...")
    assert secret not in shown.replace("[hidden]", "\0") or secret in before + after
    whole = redaction.hide(json.dumps({"echo": secret}))
    assert json.dumps(secret)[1:-1] not in whole.replace("[hidden]", "\0")


@pytest.mark.parametrize("cut", range(40))
def test_a_secret_that_the_cut_goes_through_is_left_out_whole(cut: int) -> None:
    shown = Redaction(["0123456789"]).shorten("x" * 20 + "0123456789" * 2 + "y" * 50, cut)
    assert not any(digit in shown for digit in "0123456789")


def test_options_do_not_show_their_secrets() -> None:
    options = Options(token="s3cret", headers={"X-Key": "k3y-of-mine"})
    assert "s3cret" not in repr(options)
    assert "k3y" not in repr(options)


@examples(2)
@given(st.text())
def test_what_is_printed_is_printable(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()


def test_the_document_says_where_something_is_wrong() -> None:
    finding = document.judge("getNamespaces", 200, {"success": True, "result": [{"uri": 5}]})
    assert not finding.conforms
    assert "$.result" in finding.deviations[0]
    assert document.judge("getNamespaces", 200, {"success": True, "result": []}).conforms
    assert document.misfits("Namespace", {"uri": "u"}) == ["$ 'displayName' is a required property"]


def test_a_huge_listing_is_looked_at_in_part() -> None:
    items = [{"uri": "u", "displayName": "U"}] * 1000
    finding = document.judge("getNamespaces", 200, {"success": True, "result": [*items, {}]})
    assert (finding.deviations, finding.conforms) == ((), False), "so that the tests look at all of it"


def test_schemas_of_object_types() -> None:
    schema = {"type": "object", "properties": {"speed": {"type": "number"}}, "required": ["speed"]}
    assert type_schemas.misfits(schema, {"speed": 5}, 1) == []
    assert type_schemas.misfits(schema, {}, 1) == ["$ 'speed' is a required property"]
    assert type_schemas.misfits({"pattern": "^[A-Z]+$"}, "abc", 1) != []
    assert type_schemas.misfits({"pattern": "("}, "abc", 1) == [], "ECMAScript may know it"
    assert type_schemas.misfits({"pattern": "x*x*x*y"}, "x" * 5000, 1) == [], "it takes hours"
    with pytest.raises(type_schemas.Unusable):
        type_schemas.misfits({"patternProperties": {"x*x*x*y": {}}}, {"x" * 5000: 1}, 1)
    with pytest.raises(type_schemas.Unusable):
        type_schemas.misfits({"patternProperties": {r"\p{L}": {}}}, {"a": 1}, 1)
    assert (
        type_schemas.misfits({"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"}, 3, 1)
        == []
    )
    with pytest.raises(type_schemas.NoSchema):
        type_schemas.misfits({"type": "float"}, 3.0, 1)
    with pytest.raises(type_schemas.NoSchema):
        type_schemas.misfits({"$schema": 5}, 3.0, 1)
