"""What real servers do: tolerated where it is unambiguous, named where it is not."""

from collections.abc import Callable
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .wire import received

IDS = ["tank-201", "nothing", "pump-101"]

BULK: dict[str, Callable[[i3x.Client], Any]] = {
    "queryLastKnownValues": lambda client: client.get_values(["sensor-002", "nothing", "sensor-001"]),
    "queryHistoricalValues": lambda client: client.get_histories(["sensor-002", "nothing", "sensor-001"]),
    "listObjectsById": lambda client: client.list_objects(IDS),
    "queryObjectTypesById": lambda client: client.query_object_types(["type-tank", "nothing", "type-pump"]),
    "queryRelationshipTypesById": lambda client: client.query_relationship_types(
        ["SuppliesTo", "nothing", "Monitors"]
    ),
    "queryRelatedObjects": lambda client: client.get_related_objects(IDS),
}


def _ids(found: Any) -> list[Any]:
    return [
        (entry.source_element_id, entry.source_relationship, entry.object.element_id)
        if isinstance(entry, i3x.RelatedObject)
        else getattr(entry, "element_id", entry)
        for entry in found
    ]


@pytest.mark.parametrize("quirk", ["reorder", "drop_item", "success_envelope", "extra_fields", "nulls"])
@pytest.mark.parametrize("operation", BULK)
def test_a_bulk_answer_in_another_form_is_read_as_it_is_meant(
    client: i3x.Client, server: Server, operation: str, quirk: str
) -> None:
    expected = BULK[operation](client)
    server.fault(quirk)
    found = BULK[operation](client)
    assert _ids(found) == _ids(expected)
    if operation in ("queryLastKnownValues", "listObjectsById"):
        assert found == expected
    assert list(found.errors) == ["nothing"]
    assert isinstance(found.errors["nothing"], i3x.NotFoundError)
    assert found.partial is None


@pytest.mark.parametrize("quirk", ["reorder", "drop_item", "success_envelope"])
def test_a_write_answered_in_another_form(client: i3x.Client, server: Server, quirk: str) -> None:
    server.fault(quirk)
    items = client.update_values({"sensor-001": 1.5, "nothing": 2.5, "sensor-002": 3.5})
    assert [(item.element_id, item.success) for item in items] == [
        ("sensor-001", True),
        ("nothing", False),
        ("sensor-002", True),
    ]


def test_duplicates_answered_in_another_order(client: i3x.Client, server: Server) -> None:
    server.fault("reorder")
    objects = client.list_objects(["pump-101", "tank-201", "pump-101"])
    assert [entry.element_id for entry in objects] == ["pump-101", "tank-201", "pump-101"]


def test_duplicates_answered_once(client: i3x.Client, server: Server) -> None:
    def once(document: Any) -> Any:
        document["results"].pop()
        return document

    server.fault("edit_json", operation="listObjectsById", edit_with=once)
    objects = client.list_objects(["pump-101", "tank-201", "pump-101"])
    assert [entry.element_id for entry in objects] == ["pump-101", "tank-201", "pump-101"]
    assert objects.errors == {}


def test_items_without_ids_are_matched_by_their_place(client: i3x.Client, server: Server) -> None:
    def anonymous(document: Any) -> Any:
        for item in document["results"]:
            del item["elementId"]
        return document

    server.fault("edit_json", operation="queryLastKnownValues", edit_with=anonymous)
    values = client.get_values(["sensor-001", "nothing", "valve-401"])
    assert values["valve-401"].value is True
    assert list(values.errors) == ["nothing"]


def test_register_answered_with_monitored_items(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription()
    server.fault("success_envelope")
    items = client.register_items(subscription_id, ["sensor-001", "nothing", ODD_ID])
    assert [item.success for item in items] == [True, False, True]
    assert list(items.errors) == ["nothing"]


def test_unregister_answered_in_a_success_envelope(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001"])
    server.fault("success_envelope")
    assert client.unregister_items(subscription_id, ["sensor-001"])[0].success


@pytest.mark.parametrize("quirk", ["extra_fields", "nulls", "missing_optional"])
def test_every_read_tolerates_what_can_be_understood(client: i3x.Client, server: Server, quirk: str) -> None:
    subscription_id = client.create_subscription("Control room")
    client.register_items(subscription_id, ["sensor-001"])
    server.set_value("sensor-001", 1.5)
    server.fault(quirk)
    assert client.get_info().spec_version == "1.0"
    assert len(client.get_namespaces()) == 3
    assert client.get_object_types()[0].schema
    assert client.get_relationship_types()[0].reverse_of
    assert client.get_objects(include_metadata=True)[0].metadata is not None
    assert client.get_related_objects(["pump-101"], include_metadata=True)
    assert client.get_value("pump-101", 0).components
    assert client.get_history("pump-101", max_depth=0).components
    assert client.get_subscription(subscription_id).monitored_objects[0]["elementId"] == "sensor-001"
    assert client.sync_subscription(subscription_id)[0].updates[0].value == 1.5


def test_sync_without_batches_is_one_batch_without_a_number(client: i3x.Client, server: Server) -> None:
    def flat(document: Any) -> Any:
        document["result"] = [update for batch in document["result"] for update in batch["updates"]]
        return document

    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001", "sensor-002"])
    server.set_value("sensor-001", 1.5)
    server.set_value("sensor-002", 2.5)
    server.fault("edit_json", operation="syncSubscription", edit_with=flat)
    (batch,) = client.sync_subscription(subscription_id)
    assert batch.sequence_number is None
    assert [update.value for update in batch.updates] == [1.5, 2.5]


def test_sync_loses_only_the_update_that_is_wrong(client: i3x.Client, server: Server) -> None:
    def spoil(document: Any) -> Any:
        document["result"][0]["updates"][0]["timestamp"] = 5
        return document

    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001", "sensor-002"])
    server.set_value("sensor-001", 1.5)
    server.set_value("sensor-002", 2.5)
    server.fault("edit_json", operation="syncSubscription", edit_with=spoil)
    batches = client.sync_subscription(subscription_id)
    assert [update.element_id for batch in batches for update in batch.updates] == ["sensor-002"]
    assert list(batches.errors) == ["sensor-001"]


def _cut(document: Any) -> Any:
    from i3x.testing.answers import encode

    return encode(
        document | {"responseDetail": {"title": "Partial Content", "status": 206, "detail": "cut at 1 MB"}},
        206,
    )


def test_values_that_were_cut_say_so(client: i3x.Client, server: Server) -> None:
    server.fault("edit_json", operation="queryLastKnownValues", edit_with=_cut)
    values = client.get_values(["sensor-001", "sensor-002"])
    assert values.partial == i3x.ResponseDetail("Partial Content", 206, "cut at 1 MB")
    assert list(values) == ["sensor-001", "sensor-002"]
    assert client.get_value("sensor-001").partial == values.partial


def test_a_206_without_words_says_so_too(client: i3x.Client, server: Server) -> None:
    from i3x.testing.answers import encode

    server.fault("edit_json", operation="queryHistoricalValues", edit_with=lambda it: encode(it, 206))
    history = client.get_history("sensor-001")
    assert history.partial is not None
    assert history.partial.status == 206


def test_a_listing_that_was_cut_says_so(client: i3x.Client, server: Server) -> None:
    server.fault("edit_json", operation="getObjects", edit_with=_cut)
    objects = client.get_objects()
    assert objects
    assert objects.partial is not None
    assert objects.partial.detail == "cut at 1 MB"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            '{"success": false, "responseDetail": {"title": "Oops", "status": 404, "detail": "gone away"}}',
            "gone away",
        ),
        ('{"success": false, "problemDetail": {"title": "Oops", "detail": "gone away"}}', "gone away"),
        ('{"error": {"code": "404", "message": "gone away"}}', "gone away"),
        ('{"detail": "gone away"}', "gone away"),
        ('{"detail": [{"loc": ["body"], "msg": "gone away", "type": "missing"}]}', "gone away"),
        ('{"message": "gone away"}', "gone away"),
        ('{"title": "gone away"}', "gone away"),
        ("<html><head><title>gone\naway</title></head></html>", "gone away"),
        ("gone away", "gone away"),
        ("", "no reason"),
        ("[]", "status 404"),
        ("{}", "status 404"),
    ],
)
def test_every_way_of_telling_a_failure_is_understood(
    client: i3x.Client, server: Server, body: str, words: str
) -> None:
    server.fault("body", body=body, status=404)
    with pytest.raises(i3x.NotFoundError, match=words) as caught:
        client.get_namespaces()
    assert caught.value.status_code == 404
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, i3x.BadRequestError),
        (401, i3x.AuthenticationError),
        (403, i3x.AuthenticationError),
        (404, i3x.NotFoundError),
        (408, i3x.TimeoutError),
        (410, i3x.NotFoundError),
        (413, i3x.BadRequestError),
        (418, i3x.I3XError),
        (422, i3x.BadRequestError),
        (500, i3x.ServerError),
        (501, i3x.NotSupportedError),
        (599, i3x.ServerError),
    ],
)
def test_every_status_has_its_error(
    client: i3x.Client, server: Server, status: int, error: type[i3x.I3XError]
) -> None:
    server.fault("status", status=status, body="")
    with pytest.raises(i3x.I3XError) as caught:
        client.get_namespaces()
    assert type(caught.value) is error
    assert caught.value.status_code == status


def test_a_200_that_says_it_failed_is_an_error(client: i3x.Client, server: Server) -> None:
    detail = '{"success": false, "responseDetail": {"title": "Oops", "status": 500, "detail": "disk full"}}'
    server.fault("body", body=detail)
    for call in (client.get_namespaces, lambda: client.get_value("sensor-001"), client.create_subscription):
        with pytest.raises(i3x.ServerError, match="disk full"):
            call()


def test_a_subscription_that_expired_with_410_is_gone(client: i3x.Client, server: Server) -> None:
    server.fault("status", status=410)
    with pytest.raises(i3x.NotFoundError, match="create a new subscription"):
        client.sync_subscription("s")


def test_a_delete_that_fails_as_a_whole_is_that_of_the_subscription(
    client: i3x.Client, server: Server
) -> None:
    server.fault("bulk_not_found")
    with pytest.raises(i3x.NotFoundError, match="create a new subscription") as caught:
        client.unsubscribe("nothing")
    assert caught.value.element_id == "nothing"
    assert len(received(server, "deleteSubscriptions")) == 1


@pytest.mark.parametrize("parent_id", [None, "", "/"])
def test_the_parent_of_a_root_is_as_the_server_says(
    client: i3x.Client, server: Server, parent_id: str | None
) -> None:
    def edit(document: Any) -> Any:
        document["result"][0]["parentId"] = parent_id
        return document

    server.fault("edit_json", operation="getObjects", edit_with=edit)
    assert client.get_objects(root=True)[0].parent_id == parent_id


@pytest.mark.parametrize(
    ("timestamp", "second"),
    [
        ("2026-01-31T08:00:00Z", 0),
        ("2026-01-31T08:00:01.123456789Z", 1),
        ("2026-01-31T10:00:02+02:00", 2),
        ("2026-01-31t08:00:03z", 3),
    ],
)
def test_a_timestamp_keeps_the_servers_text(
    client: i3x.Client, server: Server, timestamp: str, second: int
) -> None:
    def edit(document: Any) -> Any:
        document["results"][0]["result"]["timestamp"] = timestamp
        return document

    server.fault("edit_json", operation="queryLastKnownValues", edit_with=edit)
    value = client.get_value("sensor-001")
    assert value.timestamp == timestamp
    assert value.datetime is not None
    assert (value.datetime.hour, value.datetime.second) == (8, second)


def test_a_byte_order_mark_is_skipped(client: i3x.Client, server: Server) -> None:
    server.fault("body", body=b'\xef\xbb\xbf{"success": true, "result": []}')
    assert client.get_namespaces() == []


def test_a_bare_result_without_an_envelope_is_read(client: i3x.Client, server: Server) -> None:
    server.fault("body", body='[{"uri": "u", "displayName": "U"}]')
    assert client.get_namespaces() == [i3x.Namespace("u", "U")]
