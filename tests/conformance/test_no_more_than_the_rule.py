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
