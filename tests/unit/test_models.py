"""The friendly models: frozen records that are dataclasses too."""

import copy
import dataclasses
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x.conversion import from_builtins
from tests.unit.support import json_values, texts

POSITIONAL: list[tuple[type[Any], str]] = [
    (i3x.ServerInfo, "spec_version server_version server_name capabilities"),
    (i3x.Namespace, "uri display_name"),
    (i3x.ObjectType, "element_id display_name namespace_uri source_type_id version schema related"),
    (i3x.RelationshipType, "element_id display_name namespace_uri relationship_id reverse_of"),
    (
        i3x.ObjectInstance,
        "element_id display_name type_element_id parent_id is_composition is_extended metadata",
    ),
    (
        i3x.ObjectInstanceMetadata,
        "type_namespace_uri source_type_id description relationships schema_extensions system eng_unit",
    ),
    (i3x.RelatedObject, "source_relationship object"),
    (i3x.VQT, "value quality timestamp"),
    (i3x.CurrentValue, "element_id is_composition value quality timestamp components"),
    (i3x.HistoricalValue, "element_id is_composition values components"),
    (i3x.ValueChange, "element_id value quality timestamp"),
    (i3x.SyncBatch, "sequence_number updates"),
    (i3x.Subscription, "subscription_id client_id display_name monitored_objects"),
    (i3x.ResponseDetail, "title status detail"),
]
MODELS: list[type[Any]] = [model for model, _ in POSITIONAL]

PUMP = {
    "elementId": "pump-1",
    "displayName": "Pump 1",
    "typeElementId": "pump",
    "parentId": "line-1",
    "isComposition": True,
    "isExtended": True,
    "metadata": {
        "typeNamespaceUri": "urn:types",
        "sourceTypeId": "PumpType",
        "description": "a pump",
        "relationships": {"HasComponent": ["speed-1"]},
        "schemaExtensions": {"color": {"type": "string"}},
        "system": {"plc": 7},
        "engUnit": "m3/h",
    },
}
VALUE = {
    "isComposition": True,
    "value": {"speed": 5},
    "quality": "Good",
    "timestamp": "2026-01-31T08:00:00Z",
    "components": {"speed-1": {"value": 5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}},
}
HISTORY = {"isComposition": True, "values": [VALUE], "components": {"speed-1": {"values": [VALUE]}}}
INFO = {
    "specVersion": "1.0",
    "serverVersion": "3.2",
    "serverName": "Line 1",
    "capabilities": {"query": {"history": True}, "update": {"current": True}, "subscribe": {"stream": True}},
}
EXAMPLES = [
    i3x.ServerInfo.from_dict(INFO),
    i3x.Namespace("urn:types", "Types"),
    i3x.ObjectType.from_dict(
        {"elementId": "pump", "schema": {"type": "object"}, "related": {"types": ["x"]}}
    ),
    i3x.RelationshipType("HasParent", reverse_of="HasChildren"),
    i3x.ObjectInstance.from_dict(PUMP),
    i3x.RelatedObject.from_dict({"sourceRelationship": "HasChildren", "object": PUMP}),
    i3x.VQT(1, "Good", "2026-01-31T08:00:00Z"),
    i3x.CurrentValue.from_dict("pump-1", VALUE),
    i3x.HistoricalValue.from_dict("pump-1", HISTORY),
    i3x.ValueChange("pump-1", [1, 2]),
    i3x.SyncBatch(3, [i3x.ValueChange("pump-1", 1)]),
    i3x.Subscription("s-1", "c-1", "mine", [{"elementId": "pump-1", "maxDepth": 1}]),
    i3x.ResponseDetail("Not found", 404, "no such element"),
]
each_example = pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: type(model).__name__)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


# --- frozen dataclasses -------------------------------------------------------------------------------------


@each_model
def test_a_model_is_a_dataclass(model: type[Any]) -> None:
    assert dataclasses.is_dataclass(model)


@each_model
def test_a_model_says_that_it_is_frozen(model: type[Any]) -> None:
    assert model.__dataclass_params__.frozen


@pytest.mark.parametrize(("model", "names"), POSITIONAL, ids=lambda value: getattr(value, "__name__", ""))
def test_the_fields_stand_in_the_documented_order(model: type[Any], names: str) -> None:
    assert [field.name for field in dataclasses.fields(model)][: len(names.split())] == names.split()


@pytest.mark.parametrize(("model", "names"), POSITIONAL, ids=lambda value: getattr(value, "__name__", ""))
def test_a_model_is_built_by_position(model: type[Any], names: str) -> None:
    values = [object() for _ in names.split()]
    built = model(*values)
    assert [getattr(built, name) for name in names.split()] == values


@each_example
def test_assignment_to_a_field_raises_an_attribute_error(model: Any) -> None:
    with pytest.raises(AttributeError):
        setattr(model, dataclasses.fields(model)[0].name, "other")


@each_example
def test_assignment_of_a_new_attribute_raises_an_attribute_error(model: Any) -> None:
    with pytest.raises(AttributeError):
        model.something_else = 1


@each_example
def test_asdict_gives_every_field(model: Any) -> None:
    assert list(dataclasses.asdict(model)) == [field.name for field in dataclasses.fields(model)]


def test_asdict_goes_into_models_within_models() -> None:
    related = i3x.RelatedObject("HasChildren", i3x.ObjectInstance("pump-1"))
    assert dataclasses.asdict(related)["object"]["element_id"] == "pump-1"


@each_example
def test_replace_without_changes_gives_an_equal_model(model: Any) -> None:
    assert dataclasses.replace(model) == model


def test_replace_changes_one_field_and_leaves_the_original() -> None:
    value = i3x.VQT(1, "Good", "2026-01-31T08:00:00Z")
    assert dataclasses.replace(value, value=2) == i3x.VQT(2, "Good", "2026-01-31T08:00:00Z")
    assert value.value == 1


@each_example
def test_a_model_survives_pickling(model: Any) -> None:
    assert pickle.loads(pickle.dumps(model)) == model


@each_example
def test_a_model_survives_a_deep_copy(model: Any) -> None:
    assert copy.deepcopy(model) == model


def test_a_deep_copy_shares_nothing() -> None:
    value = i3x.VQT([1])
    copied = copy.deepcopy(value)
    copied.value.append(2)
    assert value.value == [1]


@each_example
def test_a_repr_shows_the_class_and_the_first_field(model: Any) -> None:
    assert repr(model).startswith(f"{type(model).__name__}({dataclasses.fields(model)[0].name}=")


def test_defaults_are_not_shared_between_models() -> None:
    i3x.ObjectType("a").schema["x"] = 1
    assert i3x.ObjectType("b").schema == {}


@given(value=json_values, quality=texts, timestamp=texts)
def test_a_value_survives_every_round_trip(value: Any, quality: str, timestamp: str) -> None:
    vqt = i3x.VQT(value, quality, timestamp)
    assert pickle.loads(pickle.dumps(vqt)) == vqt
    assert copy.deepcopy(vqt) == vqt
    assert i3x.VQT(**dataclasses.asdict(vqt)) == vqt
    assert i3x.VQT.from_dict({"value": value, "quality": quality, "timestamp": timestamp}) == vqt


# --- reading ------------------------------------------------------------------------------------------------


@each_model
def test_every_model_reads_from_a_dict(model: type[Any]) -> None:
    assert callable(model.from_dict)


def test_the_names_of_the_standard_become_those_of_python() -> None:
    pump = i3x.ObjectInstance.from_dict(PUMP)
    assert (pump.element_id, pump.type_element_id, pump.is_composition) == ("pump-1", "pump", True)
    assert pump.metadata
    assert (pump.metadata.eng_unit, pump.metadata.schema_extensions) == (
        "m3/h",
        {"color": {"type": "string"}},
    )


def test_unknown_fields_are_ignored() -> None:
    assert i3x.Namespace.from_dict({"uri": "urn:x", "vendor": {"license": 1}}) == i3x.Namespace("urn:x")


def test_fields_that_are_left_out_take_their_default() -> None:
    assert i3x.ObjectInstance.from_dict({"elementId": "a"}) == i3x.ObjectInstance("a")


def test_null_takes_the_default() -> None:
    sent = {"elementId": "a", "displayName": None, "isComposition": None, "parentId": None, "metadata": None}
    assert i3x.ObjectInstance.from_dict(sent) == i3x.ObjectInstance("a")


def test_null_takes_the_default_in_models_within_models() -> None:
    sent = {"components": {"part": {"value": None, "quality": None}}, "isComposition": None}
    assert i3x.CurrentValue.from_dict("a", sent).components == {"part": i3x.VQT(None)}


def test_null_in_a_value_stays_null() -> None:
    assert i3x.VQT.from_dict({"value": {"quality": None}}).value == {"quality": None}


def test_null_for_a_required_field_is_an_error() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match=r"`\$\.elementId`"):
        i3x.ObjectInstance.from_dict({"elementId": None})


def test_a_missing_required_field_is_named() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="`elementId`"):
        i3x.ObjectInstance.from_dict({"displayName": "Pump"})


@pytest.mark.parametrize(
    ("model", "sent", "path"),
    [
        (i3x.ObjectInstance, {"elementId": 5}, "$.elementId"),
        (i3x.ObjectInstance, {"elementId": "a", "metadata": {"engUnit": 5}}, "$.metadata.engUnit"),
        (i3x.ObjectInstance, {"elementId": "a", "isComposition": "yes"}, "$.isComposition"),
        (i3x.RelatedObject, {"sourceRelationship": "x", "object": {"elementId": []}}, "$.object.elementId"),
        (i3x.SyncBatch, {"sequenceNumber": 1, "updates": [{"elementId": 5}]}, "$.updates[0].elementId"),
        (i3x.Subscription, {"subscriptionId": "s", "monitoredObjects": [5]}, "$.monitoredObjects[0]"),
    ],
)
def test_a_wrong_type_is_an_error_that_names_the_path(
    model: type[Any], sent: dict[str, Any], path: str
) -> None:
    with pytest.raises(i3x.InvalidServerResponseError) as raised:
        model.from_dict(sent)
    assert f"at `{path}`" in str(raised.value)


def test_the_path_begins_where_the_data_stood() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match=r"at `\$\.result\[3\]\.elementId`"):
        from_builtins({"elementId": 5}, i3x.ObjectInstance, "$.result[3]")


@each_model
@pytest.mark.parametrize("data", [None, 5, "text", []])
def test_what_is_no_json_object_is_an_error(model: type[Any], data: Any) -> None:
    arguments: tuple[Any, ...] = (data,)
    if model in (i3x.CurrentValue, i3x.HistoricalValue):
        arguments = ("a", data)
    with pytest.raises(i3x.InvalidServerResponseError):
        model.from_dict(*arguments)


@each_model
@given(data=st.dictionaries(st.sampled_from(["elementId", "uri", "values", "components"]), json_values))
def test_any_json_object_is_a_model_or_an_error_of_ours(model: type[Any], data: Any) -> None:
    arguments: tuple[Any, ...] = (data,)
    if model in (i3x.CurrentValue, i3x.HistoricalValue):
        arguments = ("a", data)
    try:
        read = model.from_dict(*arguments)
    except i3x.I3XError:
        return
    assert isinstance(read, model)


# --- values -------------------------------------------------------------------------------------------------


def test_a_current_value_takes_its_id_from_outside() -> None:
    value = i3x.CurrentValue.from_dict("pump-1", VALUE)
    assert (value.element_id, value.value, value.quality) == ("pump-1", {"speed": 5}, "Good")


def test_the_components_of_a_current_value_are_values() -> None:
    value = i3x.CurrentValue.from_dict("pump-1", VALUE)
    assert value.components == {"speed-1": i3x.VQT(5, "Good", "2026-01-31T08:00:00Z")}


def test_reading_a_value_leaves_the_dict_as_it_was() -> None:
    data = {"value": 1}
    i3x.CurrentValue.from_dict("a", data)
    assert data == {"value": 1}


def test_a_history_takes_its_id_from_outside() -> None:
    history = i3x.HistoricalValue.from_dict("pump-1", HISTORY)
    assert (history.element_id, len(history.values)) == ("pump-1", 1)


def test_the_components_of_a_history_carry_their_ids() -> None:
    history = i3x.HistoricalValue.from_dict("pump-1", HISTORY)
    assert history.components
    assert history.components["speed-1"].element_id == "speed-1"


def test_a_history_that_is_nested_too_deep_is_an_error_of_ours() -> None:
    data: dict[str, Any] = {}
    for _ in range(5000):
        data = {"components": {"part": data}}
    with pytest.raises(i3x.InvalidServerResponseError, match="nested too deep"):
        i3x.HistoricalValue.from_dict("a", data)


def test_the_ids_of_a_deep_history_are_filled_in_without_recursion() -> None:
    history = deepest = i3x.HistoricalValue()
    for _ in range(5000):
        history = i3x.HistoricalValue(components={"part": history})
    history.of("a")
    assert deepest.element_id == "part"


def test_a_value_without_a_206_is_not_partial() -> None:
    assert i3x.CurrentValue.from_dict("a", VALUE).partial is None


# --- capabilities -------------------------------------------------------------------------------------------


def test_capabilities_are_dicts_with_attributes() -> None:
    capabilities = i3x.ServerInfo.from_dict(INFO).capabilities
    assert capabilities["subscribe"]["stream"] is True
    assert capabilities.subscribe.stream is True
    assert capabilities.get("query") == {"history": True}
    assert capabilities.query.get("history") is True


def test_a_flag_that_the_server_leaves_out_is_false() -> None:
    capabilities = i3x.ServerInfo.from_dict(INFO).capabilities
    assert capabilities["update"] == {"current": True, "history": False}
    assert capabilities.update.history is False


@pytest.mark.parametrize("sent", [{}, None, {"query": None}, {"query": {"history": None}}, {"query": 5}])
def test_capabilities_that_are_left_out_are_all_false(sent: Any) -> None:
    capabilities = i3x.ServerInfo.from_dict({"specVersion": "1.0", "capabilities": sent}).capabilities
    assert capabilities == {
        "query": {"history": False},
        "update": {"current": False, "history": False},
        "subscribe": {"stream": False},
    }


@pytest.mark.parametrize("flag", ["true", 1, [True]])
def test_a_flag_that_is_no_boolean_is_false(flag: Any) -> None:
    assert i3x.Capabilities({"subscribe": {"stream": flag}}).subscribe.stream is False


def test_what_a_server_adds_to_its_capabilities_is_kept() -> None:
    capabilities = i3x.Capabilities({"subscribe": {"stream": True, "webhook": True}, "vendor": 1})
    assert (capabilities["subscribe"]["webhook"], capabilities["vendor"]) == (True, 1)


def test_capabilities_can_be_dumped_as_json() -> None:
    capabilities = i3x.ServerInfo.from_dict(INFO).capabilities
    assert json.loads(json.dumps(capabilities)) == capabilities


def test_capabilities_survive_pickling_with_their_attributes() -> None:
    copied = pickle.loads(pickle.dumps(i3x.ServerInfo.from_dict(INFO)))
    assert copied.capabilities.subscribe.stream is True


def test_capabilities_keep_their_attributes_in_asdict() -> None:
    assert dataclasses.asdict(i3x.ServerInfo.from_dict(INFO))["capabilities"].subscribe.stream is True


# --- names of before ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "old", "today"),
    [
        (i3x.CurrentValue("a"), "data", ".value"),
        (i3x.ValueChange("a"), "data", ".value"),
        (i3x.HistoricalValue("a"), "data", ".values"),
        (i3x.Subscription("a"), "created", "since 1.0"),
    ],
)
def test_an_attribute_of_before_points_to_its_name_of_today(model: Any, old: str, today: str) -> None:
    with pytest.raises(AttributeError, match=f"{old}.*{today}"):
        getattr(model, old)


@pytest.mark.parametrize(
    ("old", "today"), [("LastKnownValue", "CurrentValue"), ("Relationship", "RelatedObject")]
)
def test_a_class_of_before_points_to_its_name_of_today(old: str, today: str) -> None:
    with pytest.raises(AttributeError, match=today):
        getattr(i3x, old)


def test_an_attribute_that_never_was_gets_the_usual_words() -> None:
    with pytest.raises(AttributeError, match=r"^VQT has no attribute 'colour'$"):
        getattr(i3x.VQT(), "colour")  # noqa: B009  # a type checker would refuse the plain form


def test_a_name_that_the_package_does_not_have_gets_the_usual_words() -> None:
    with pytest.raises(AttributeError, match=r"module 'i3x' has no attribute 'colour'$"):
        getattr(i3x, "colour")  # noqa: B009


@pytest.mark.parametrize("name", i3x.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(i3x, name) is not None
    assert name in dir(i3x)
