"""The server keeps the API document, whatever schemathesis thinks of sending: the errata mended, over a socket.

The event stream never ends by itself; it is tested in `test_server_streams`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, GenerationMode

from codegen.document import load_corrected
from i3x.testing import Server
from tests.conftest import examples

TOKEN = "secret"


def narrowed(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with the rules of the standard that it has no words for: what breaks them is refused."""
    schemas = document["components"]["schemas"]
    qualities = ["Good", "GoodNoData", "Bad", "Uncertain"]
    schemas["VQT"]["properties"]["quality"] = {"enum": qualities}
    schemas["VQT"]["properties"]["timestamp"] = {"type": "string", "format": "date-time"}
    schemas["VQTInput"]["properties"]["quality"] = {"enum": [*qualities, None]}
    schemas["VQTInput"]["properties"]["timestamp"] = {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]
    }
    register = schemas["RegisterMonitoredItemsRequest"]["properties"]
    register["maxDepth"] = {"type": ["integer", "null"], "minimum": 0}
    for asked in schemas.values():
        if "clientId" in asked.get("required", ()):
            asked["properties"]["clientId"] = {"type": "string", "minLength": 1}
    sync = schemas["SyncRequest"]["properties"]
    sync["lastSequenceNumber"] = {"type": ["integer", "null"], "minimum": -1, "maximum": 2**64 - 1}
    # That the start may not be after the end cannot be said, but a start before all ends can.
    history = schemas["GetObjectHistoryRequest"]["properties"]
    history["startTime"] = {"const": "0999-01-01T00:00:00Z"}
    history["endTime"] = {"type": "string", "format": "date-time", "pattern": "^[1-9]"}
    return document


schema = schemathesis.openapi.from_dict(narrowed(load_corrected()))
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with Server(token=TOKEN, tick=None) as server:
        yield server


@schema.exclude(operation_id="streamSubscription").parametrize()
@examples(0.5)
def test_an_operation_keeps_the_document(served: Server, case: Case[Any]) -> None:
    case.call_and_validate(base_url=served.url, headers={"Authorization": f"Bearer {TOKEN}"})
