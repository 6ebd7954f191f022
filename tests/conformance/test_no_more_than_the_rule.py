"""What no rule forbids fails no test: it is a remark, or a warning by the document."""

from collections.abc import Callable
from typing import Any

import pytest

from i3x.conformance import Verdict
from i3x.testing import Server
from tests.conformance.support import QUICK, Found, examine

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
