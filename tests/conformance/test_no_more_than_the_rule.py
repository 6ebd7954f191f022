"""What no rule forbids fails no test: it is a remark, or a warning by the document."""

import gzip
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from i3x.conformance import Verdict
from i3x.testing import Server
from tests.client.wire import INFO, Request, answer, serve, success
from tests.conformance.support import QUICK, TOKEN, Found, examine

Document = dict[str, Any]


def examine_with(operation: str, change: Callable[[Document], object], **settings: Any) -> Found:
    """Run the suite against a server whose answers to one operation are edited in place."""

    def edit(document: Any) -> Any:
        change(document)
        return document

    with Server(tick=None, **settings) as server:
        server.fault("tick_with_every_request")
        server.fault("edit_json", operation=operation, edit_with=edit)
        return examine(server.url, QUICK)


def refuse_first(document: Document) -> None:
    """The first of several items fails by itself, as the bulk envelope allows."""
    if len(document.get("results", [])) > 1:
        first = document["results"][0]
        detail = {"title": "Not Found", "status": 404, "detail": "There is nothing to read here"}
        document["results"][0] = {
            "success": False,
            "elementId": first["elementId"],
            "responseDetail": detail,
        }
        document["success"] = False


@pytest.mark.parametrize(
    "operation",
    ["queryObjectTypesById", "listObjectsById", "queryRelatedObjects", "queryLastKnownValues", "queryHistoricalValues"],
)  # fmt: skip
def test_an_item_may_fail_alone(operation: str) -> None:
    assert examine_with(operation, refuse_first).fails == set()


def test_a_lookup_of_what_is_listed_that_fails_is_remarked() -> None:
    found = examine_with("queryObjectTypesById", refuse_first)
    assert "failed with 404" in found.message("EXP-07")


def test_what_does_not_need_the_values_of_the_sample_is_tested_without_them() -> None:
    with Server(tick=None) as server:
        server.fault("quality_unknown")
        found = examine(server.url)
    assert found.fails == {"QRY-01"}
    assert not {"QRY-04", "QRY-05", "QRY-06"} & found.skips.keys()


def test_a_sample_without_values_says_nothing_about_null() -> None:
    def change(document: Document) -> None:
        for item in document.get("results", []):
            if item["success"]:
                item["result"] = None

    found = examine_with("queryLastKnownValues", change)
    assert (found.skips["QRY-02"], found.skips["QRY-03"]) == ("untestable", "untestable")


def test_the_shape_of_what_a_filter_finds_is_the_word_of_the_document() -> None:
    calls: list[int] = []

    def change(document: Document) -> None:
        calls.append(len(document["result"]))
        if len(calls) > 1:  # the first is the whole listing, which EXP-12 looks at
            for item in document["result"]:
                del item["displayName"]

    found = examine_with("getObjects", change)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    warned = [each.test.id for each in found.report.outcomes if each.deviations]
    assert warned == ["EXP-15"], "said once"


def test_the_shape_of_an_edge_back_is_the_word_of_the_document() -> None:
    def change(document: Document) -> None:
        if len(document["results"]) == 1:
            for edge in document["results"][0].get("result") or []:
                del edge["object"]["displayName"]

    found = examine_with("queryRelatedObjects", change)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())


def test_one_object_stands_for_all_that_can_be_written() -> None:
    """Trying others until one can be written would call a server compliant that the standard's suite does not."""
    written: list[str] = []

    def change(document: Document) -> None:
        item = document["results"][0]
        written.append(item["elementId"])
        if item["success"] and item["elementId"] == written[0]:
            refusal = {"title": "Forbidden", "status": 403, "detail": "It is read-only"}
            document["results"][0] = {"success": False, "elementId": written[0], "responseDetail": refusal}
            document["success"] = False

    for operation, failing in (("updateObjectValues", "UPD-01"), ("updateObjectHistory", "UPD-04")):
        written.clear()
        assert examine_with(operation, change).fails == {failing}


@pytest.mark.parametrize("results", [[], [None], "none"])
def test_another_client_may_be_shown_nothing_in_any_way(results: object) -> None:
    lists: list[int] = []

    def change(document: Document) -> None:
        lists.append(1)
        if len(lists) == 2:  # the first is SUB-02, by the client that owns the subscription
            document.update(success=True, results=results)

    found = examine_with("listSubscriptions", change)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())


def test_information_without_its_envelope_is_judged_by_its_shape() -> None:
    def change(document: Document) -> None:
        del document["success"]

    found = examine_with("getInfo", change)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    assert any(each.deviations for each in found.report.outcomes), "the document warns of it"


def test_a_refusal_is_compressed_like_any_answer() -> None:
    with Server(tick=None) as server:
        server.fault("status", operation="getNamespaces", status=503)
        found = examine(server.url)
    assert "EXP-01" in found.fails
    assert "CORE-04" not in found.fails


def test_what_should_be_never_fails() -> None:
    created: list[Document] = []

    def change(document: Document) -> None:
        if "result" in document:
            created.append(document)
        if len(created) > 1:  # the first is SUB-01, the second SUB-12
            del document["result"]["subscriptionId"]

    found = examine_with("createSubscription", change, stream=False)
    assert (found.verdict, found.fails) == (Verdict.COMPATIBLE, set())
    assert "SUB-12" in found.warns


def test_acknowledging_is_about_numbers_alone() -> None:
    """What SUB-06 provokes is right; what comes once it is acknowledged is only counted."""
    acknowledged: list[Document] = []

    def change(document: Document) -> Document:
        if document.get("result") == []:
            acknowledged.append(document)
        if len(acknowledged) > 1:  # the first is there before anything was written
            for batch in document.get("result", []):
                for update in batch["updates"]:
                    update["timestamp"] = "yesterday"
        return document

    with Server(tick=None) as server:
        server.fault("edit_json", operation="syncSubscription", edit_with=change)
        found = examine(server.url)
    assert len(acknowledged) > 1
    assert found.fails == set()
    assert not {"SUB-07", "SUB-13"} & found.skips.keys()


def test_json_after_a_byte_order_mark_is_read_and_remarked() -> None:
    with Server(tick=None) as server:
        listing = httpx.get(f"{server.url}/namespaces").content
        marked = gzip.compress(b"\xef\xbb\xbf" + listing)
        server.fault("body", operation="getNamespaces", body=marked, headers={"content-encoding": "gzip"})
        found = examine(server.url)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    told = {each.test.id: each.deviations for each in found.report.outcomes if each.deviations}
    assert told.keys() == {"CORE-04"}, "said once"
    assert "byte order mark" in told["CORE-04"][0]


def test_a_stream_may_say_goodbye() -> None:
    with Server(tick=None) as server:
        server.fault("event_close")
        found = examine(server.url)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    assert "SUB-14" not in found.skips


# -- where the server is


def refusing_strangers(connection: socket.socket, request: Request) -> None:
    """`/v1/info` is refused without credentials, and below the other address there is something else."""
    if request.target == "/info" or ("authorization" in request.headers and request.target == "/v1/info"):
        connection.sendall(success(INFO))
    else:
        connection.sendall(answer(b"{}", status="401 Unauthorized"))


def test_a_refusal_is_the_address_too() -> None:
    with serve(refusing_strangers) as wire:
        root = wire.url.removesuffix("/v1")
        found = examine(root, replace(QUICK, token=TOKEN))
    assert found.report.base_url == f"{root}/v1"
    assert "CORE-02" in found.fails


def test_with_a_version_it_is_the_address() -> None:
    with Server(tick=None) as server:
        examine(server.url)
        assert server.requests[0].path == "/v1/info"


def hanging_up_on_strangers(connection: socket.socket, request: Request) -> None:
    if "authorization" not in request.headers:
        raise EOFError
    connection.sendall(success(INFO))


def test_a_server_that_hangs_up_on_strangers_is_reached_with_credentials() -> None:
    with serve(hanging_up_on_strangers) as wire:
        found = examine(wire.url, replace(QUICK, token=TOKEN))
    assert found.report.reached
    assert not {"CORE-01", "CORE-02", "CORE-03"} & found.fails
    assert found.skips["CORE-02"] == "blocked"


# -- the document


def test_statuses_and_content_types_that_the_document_does_not_have() -> None:
    body = '{"success": true, "result": [{"uri": "urn:a", "displayName": "A"}]}'
    with Server(tick=None) as server:
        server.fault("status", operation="getNamespaces", status=203, body=body, content_type="text/plain")
        found = examine(server.url)
    assert not {"EXP-01", "EXP-02", "EXP-03"} & found.fails
    told = " ".join(line for each in found.report.outcomes for line in each.deviations)
    assert "GET /namespaces: the status 203" in told
    assert "declared as text/plain" in told


def test_what_was_seen_on_the_way_to_a_skip_is_told() -> None:
    with Server(tick=None) as server:
        server.fault(
            "status", operation="getNamespaces", status=500, body="{}", content_type="application/json"
        )
        found = examine(server.url)
    outcomes = {each.test.id: each for each in found.report.outcomes}
    assert found.skips["CORE-06"] == "untestable"
    assert outcomes["CORE-04"].deviations == (), "the failure itself says what is wrong"
    assert "GET /namespaces" in outcomes["CORE-06"].deviations[0]
