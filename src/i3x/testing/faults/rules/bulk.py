"""Breaks of the bulk envelope: order, one item for each id, what a failed item says, what the whole says.

Which conformance test notices depends on the operation, so these are switched on for one operation at a time. An id
that is not known is the failure that each of those tests provokes.
"""

from __future__ import annotations

from ...answers import Answer, failure
from .base import Reply, Section

BULK = Section()

_UNKNOWN_ID = {
    "queryObjectTypesById": "EXP-08",
    "queryRelationshipTypesById": "EXP-11",
    "listObjectsById": "EXP-18",
    "queryLastKnownValues": "QRY-04",
    "queryHistoricalValues": "QRY-09",
    "updateObjectValues": "UPD-03",
    "registerMonitoredItems": "SUB-05",
    "removeMonitoredItems": "SUB-08",
}
"""Operation -> the test that asks for an id which is not known, beside one that is."""


@BULK.bulk(queryObjectTypesById="EXP-07", registerMonitoredItems="SUB-03")
def results_out_of_order(reply: Reply) -> None:
    """Turns the order of bulk results around, where all are good."""
    if not reply.failed:
        reply.items.reverse()


@BULK.bulk(
    queryObjectTypesById="EXP-07",
    listSubscriptions="SUB-02",
    updateObjectValues="UPD-01",
    updateObjectHistory="UPD-04",
    registerMonitoredItems="SUB-03",
    deleteSubscriptions="SUB-10",
)
def full_success_called_failure(reply: Reply) -> None:
    """Says that the whole failed, although each item is good."""
    reply.document["success"] = False


@BULK.bulk(**_UNKNOWN_ID)
def partial_failure_called_success(reply: Reply) -> None:
    """Says that the whole is good, although an item failed."""
    reply.document["success"] = True


@BULK.bulk(**_UNKNOWN_ID)
def partial_results_out_of_order(reply: Reply) -> None:
    """Turns the order of bulk results around, where an item failed."""
    if reply.failed:
        reply.items.reverse()


@BULK.bulk(**_UNKNOWN_ID)
def unknown_id_fails_whole_call(reply: Reply) -> Answer | None:
    """Answers 404 as a whole for an id that is not known."""
    unknown = [item for item in reply.failed if item["responseDetail"]["status"] == 404]
    return failure(404, unknown[0]["responseDetail"]["detail"]) if unknown else None


@BULK.bulk(**_UNKNOWN_ID)
def unknown_id_succeeds(reply: Reply) -> None:
    """Calls an item good, with nothing in it, for an id that is not known."""
    for item in reply.failed:
        item["success"], item["result"] = True, None
        del item["responseDetail"]
    reply.document["success"] = True


@BULK.bulk(**_UNKNOWN_ID)
def unknown_id_has_another_status(reply: Reply) -> None:
    """Says 500 in the item of an id that is not known, where 404 is due."""
    for item in reply.failed:
        item["responseDetail"] |= {"title": "Internal Server Error", "status": 500}


@BULK.bulk(**_UNKNOWN_ID)
def failed_item_without_detail(reply: Reply) -> None:
    """Does not say what is wrong with an item that failed."""
    for item in reply.failed:
        del item["responseDetail"]
