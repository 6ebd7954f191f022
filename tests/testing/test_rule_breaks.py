"""Each break of a rule changes what it says, and nothing else: the whole server is looked over with and without it."""

import pytest

from i3x.testing import Server
from i3x.testing.faults.rules import BREAKS, EXPECTED

from .survey import TOKEN, Findings, changes, survey

_ONE_UNKNOWN = (
    "types by id",
    "relationship types by id",
    "objects by id",
    "values",
    "history",
    "write",
    "register",
    "unregister",
)
"""The probes that ask for one id that is not known, beside one that is."""


def _bulk(*places: str) -> set[str]:
    return {f"{probe}, one unknown: {place}" for probe in _ONE_UNKNOWN for place in places}


CHANGES: dict[str, set[str]] = {
    # the bulk envelope
    "partial_failure_called_success": _bulk("success"),
    "partial_results_out_of_order": _bulk("results[].elementId"),
    "unknown_id_fails_whole_call": _bulk("200 becomes 404"),
    "unknown_id_succeeds": _bulk(
        "results[].responseDetail", "results[].result", "results[].success", "success"
    ),
    "unknown_id_has_another_status": _bulk(
        "results[].responseDetail.status", "results[].responseDetail.title"
    ),
    "failed_item_without_detail": _bulk("results[].responseDetail"),
    "results_out_of_order": {"register: results[].elementId", "types by id: results[].elementId"},
    "full_success_called_failure": {
        "delete: success",
        "list: success",
        "register again: success",
        "register: success",
        "types by id: success",
        "write history: success",
        "write: success",
    },
    "info_without_json": {"info: ", "info: coding", "info: type"},
    "info_needs_credentials": {"info, anonymous: 200 becomes 401"},
    "spec_version_left_out": {"info: result.specVersion"},
    "capability_left_out": {"info: result.capabilities.update.history"},
    "spec_version_of_another_major": {"info: result.specVersion"},
    "gzip_undeclared": {"namespaces, compressed: coding"},
    "anonymous_requests_answered": {"namespaces, anonymous: 401 becomes 200"},
    "schemas_without_structure": {
        "types by id, one unknown: results[].result.schema.properties",
        "types by id, one unknown: results[].result.schema.required",
        "types by id, one unknown: results[].result.schema.title",
        "types by id: results[].result.schema.properties",
        "types by id: results[].result.schema.required",
        "types by id: results[].result.schema.title",
        "types of a namespace: result[].schema.additionalProperties",
        "types of a namespace: result[].schema.properties",
        "types of a namespace: result[].schema.required",
        "types of a namespace: result[].schema.title",
        "types: result[].schema.additionalProperties",
        "types: result[].schema.enum",
        "types: result[].schema.maximum",
        "types: result[].schema.minimum",
        "types: result[].schema.properties",
        "types: result[].schema.required",
        "types: result[].schema.title",
    },
    "namespace_without_display_name": {"namespaces: result[].displayName"},
    "no_namespaces": {"namespaces: result[-3]"},
    "namespace_listed_twice": {"namespaces: result[+1]"},
    "namespace_undeclared": {
        "namespaces: result[-1]",
        "namespaces: result[].displayName",
        "namespaces: result[].uri",
    },
    "object_type_without_schema": {"types: result[].schema"},
    "no_object_types": {"types of a namespace: result[-7]", "types: result[-17]"},
    "namespace_filter_ignored": {"types of a namespace: result[+10]"},
    "namespace_filter_loses_a_type": {"types of a namespace: result[-1]"},
    "relationship_type_without_relationship_id": {"relationship types: result[].relationshipId"},
    "reverse_not_registered": {"relationship types: result[+1]"},
    "reverse_not_symmetric": {"relationship types: result[+1]"},
    "object_without_composition_flag": {"objects: result[].isComposition"},
    "no_objects_listed": {"objects: result[-24]"},
    "object_type_not_registered": {
        "objects with metadata: result[].typeElementId",
        "objects: result[].typeElementId",
        "roots: result[].typeElementId",
    },
    "element_id_with_trailing_blank": {
        "objects with metadata: result[].elementId",
        "objects: result[].elementId",
        "roots: result[].elementId",
    },
    "element_id_with_control_character": {
        "objects with metadata: result[].elementId",
        "objects: result[].elementId",
        "roots: result[].elementId",
    },
    "element_id_empty": {
        "objects with metadata: result[].elementId",
        "objects: result[].elementId",
        "roots: result[].elementId",
    },
    "element_id_shared": {"types: result[+1]"},
    "no_root": {"roots: result[-2]"},
    "root_with_parent": {"roots: result[].parentId"},
    "root_filter_ignored": {"roots: result[+22]", "roots: result[].elementId"},
    "type_filter_ignored": {"objects of a type: result[+23]"},
    "type_filter_finds_nothing": {"objects of a type: result[-1]"},
    "metadata_left_out": {"objects with metadata: result[].metadata"},
    "metadata_without_source_type_id": {"objects with metadata: result[].metadata.sourceTypeId"},
    "parent_id_disagrees": {"objects with metadata: result[].parentId", "objects: result[].parentId"},
    "relationship_type_not_registered": {"related: results[].result[+1]"},
    "related_object_without_display_name": {"related: results[].result[].object.displayName"},
    "edges_one_way": {"related: results[].result[-17]"},
    "relationship_type_filter_ignored": {
        "related by type: results[].result[+1]",
        "related by type: results[].result[].object.elementId",
        "related by type: results[].result[].sourceRelationship",
    },
    "relationship_type_filter_finds_nothing": {"related by type: results[].result[-1]"},
    "value_without_timestamp": {"values: results[].result.timestamp"},
    "timestamp_without_zone": {"values: results[].result.timestamp"},
    "timestamp_of_no_date": {"values: results[].result.timestamp"},
    "quality_unknown": {"values: results[].result.quality"},
    "null_with_good_quality": {"values: results[].result.value"},
    "value_with_bad_quality": {"values: results[].result.quality"},
    "value_of_another_type": {"values: results[].result.value"},
    "value_outside_enumeration": {"values: results[].result.value"},
    "depth_ignored": {"components: results[].result.components"},
    "component_with_null_and_good_quality": {"components: results[].result.components.pump-101-flow.value"},
    "component_without_timestamp": {"components: results[].result.components.pump-101-flow.timestamp"},
    "partial_without_detail": {"components: 200 becomes 206"},
    "depth_one_gives_components": {"values: results[].result.components"},
    "history_without_composition_flag": {"history: results[].result.isComposition"},
    "history_with_null_and_good_quality": {"history: results[].result.values[].value"},
    "history_timestamp_without_zone": {"history: results[].result.values[].timestamp"},
    "history_before_start_time": {
        "history: results[].result.values[+1]",
        "history: results[].result.values[].value",
    },
    "history_after_end_time": {"history: results[].result.values[+1]"},
    "history_without_start_time": {"history without start: 400 becomes 200"},
    "history_without_end_time": {"history without end: 400 becomes 200"},
    "history_of_any_time": {"history of no time: 400 becomes 200"},
    "history_depth_ignored": {"history of components: results[].result.components"},
    "history_component_with_null_and_good_quality": {
        "history of components: results[].result.components.pump-101-flow.values[].value"
    },
    "history_component_without_values": {
        "history of components: results[].result.components.pump-101-flow.values"
    },
    "declared_update_refused": {
        "what was written: results[].result.value.name",
        "write, one unknown: 200 becomes 501",
        "write: 200 becomes 501",
    },
    "write_answered_with_value": {"write, one unknown: results[].result", "write: results[].result"},
    "writes_dropped": {"what was written: results[].result.value.name"},
    "written_object_unreadable": {
        "what was written: results[].responseDetail",
        "what was written: results[].result",
        "what was written: results[].success",
        "what was written: success",
    },
    "declared_history_update_refused": {"write history: 200 becomes 501"},
    "undeclared_update_taken": {"info: result.capabilities.update.current"},
    "undeclared_history_update_taken": {"info: result.capabilities.update.history"},
    "undeclared_update_refused_with_400": {
        "info: result.capabilities.update.current",
        "what was written: results[].result.value.name",
        "write, one unknown: 200 becomes 400",
        "write: 200 becomes 400",
    },
    "subscription_without_id": {"create: result.subscriptionId"},
    "listing_without_monitored_objects": {"list: results[].result.monitoredObjects"},
    "listing_keyed_by_element_id": {"list: results[].elementId"},
    "create_without_client_id": {"create for nobody: 400 becomes 200"},
    "sync_without_client_id": {"sync for nobody: 400 becomes 200"},
    "missing_client_id_refused_with_422": {"create for nobody: 400 becomes 422"},
    "other_client_may_sync": {"sync, another client: 404 becomes 200"},
    "other_client_may_list": {
        "list, another client: results[].responseDetail",
        "list, another client: results[].result",
        "list, another client: results[].success",
        "list, another client: success",
    },
    "other_client_forbidden": {"sync, another client: 404 becomes 403"},
    "registration_loses_an_item": {"register: results[-1]"},
    "registration_not_idempotent": {
        "register again: results[].responseDetail",
        "register again: results[].result",
        "register again: results[].success",
        "register again: success",
    },
    "updates_without_batches": {"sync 1: result[].elementId", "sync 2: result[].elementId"},
    "batch_without_sequence_number": {"sync 1: result[].sequenceNumber", "sync 2: result[].sequenceNumber"},
    "update_with_null_and_good_quality": {
        "sync 1: result[].updates[].value",
        "sync 2: result[].updates[].value",
    },
    "update_timestamp_without_zone": {
        "sync 1: result[].updates[].timestamp",
        "sync 2: result[].updates[].timestamp",
    },
    "batches_out_of_order": {"sync 2: result[].sequenceNumber", "sync 2: result[].updates[].value"},
    "sequence_numbers_repeat": {"sync 2: result[].sequenceNumber"},
    "acknowledged_batches_stay": {"acknowledge: result[+2]"},
    "minus_one_clears_nothing": {"clear: result[+1]"},
    "minus_one_refused": {"clear: 200 becomes 400"},
    "declared_stream_refused": {"second stream: 200 becomes 501", "stream: 200 becomes 501"},
    "stream_of_another_content_type": {"second stream: type", "stream: type"},
    "second_stream_leaves_first_open": {"end of the first stream: ends"},
    "second_stream_refused": {"end of the first stream: ends", "second stream: 200 becomes 409"},
    "second_stream_resets_first": {"end of the first stream: ends"},
    "second_stream_sends_first_an_error": {"end of the first stream: ends"},
    "deleted_subscription_stays": {"sync what is deleted: 404 becomes 200"},
    "unknown_subscription_gone": {"sync what is deleted: 404 becomes 410"},
    "unknown_subscription_without_envelope": {
        "sync what is deleted: detail",
        "sync what is deleted: responseDetail",
        "sync what is deleted: success",
    },
    "unknown_subscription_is_empty": {"sync what is deleted: 404 becomes 200"},
    "undeclared_stream_opens": {"info: result.capabilities.subscribe.stream"},
    "undeclared_stream_not_found": {
        "info: result.capabilities.subscribe.stream",
        "second stream: 200 becomes 404",
        "stream: 200 becomes 404",
    },
}
"""Break -> what is different, and all that is."""


@pytest.fixture(scope="module")
def sound() -> Findings:
    with Server(token=TOKEN, tick=None) as server:
        return survey(server)


def _broken(name: str, operation: str | None = None) -> Findings:
    with Server(token=TOKEN, tick=None) as server, server.fault(name, operation=operation):
        return survey(server)


@pytest.mark.parametrize("name", CHANGES)
def test_a_break_changes_what_it_says_and_nothing_else(name: str, sound: Findings) -> None:
    assert changes(sound, _broken(name)) == CHANGES[name]


def test_no_gzip_changes_nothing_but_the_coding(sound: Findings) -> None:
    compressed = {f"{probe}: coding" for probe, seen in sound.items() if seen.get("coding") == "gzip"}
    assert changes(sound, _broken("no_gzip")) == compressed | {"namespaces, compressed: zipped"}


def test_a_break_of_bulk_answers_can_be_of_one_operation(sound: Findings) -> None:
    broken = _broken("unknown_id_succeeds", "removeMonitoredItems")
    assert {change.partition(":")[0] for change in changes(sound, broken)} == {"unregister, one unknown"}


def test_a_sound_server_answers_the_same_every_time(sound: Findings) -> None:
    with Server(token=TOKEN, tick=None) as server:
        assert changes(sound, survey(server)) == set()


def test_every_break_is_looked_at() -> None:
    assert CHANGES.keys() | {"no_gzip"} == BREAKS.keys()


def test_it_is_known_which_conformance_tests_notice() -> None:
    assert {entry.name for entry in EXPECTED} == BREAKS.keys()
    unnoticed = {entry.name for entry in EXPECTED if not entry.fails + entry.warns}
    assert unnoticed == {"schemas_without_structure", "writes_dropped"}
