"""Both clients offer the same: names, arguments and documentation."""

import inspect
import re
import typing

import pyarrow
import pytest

import i3x
from i3x.delivery.consumer import AsyncConsumer, Consumer
from i3x.delivery.view import Delivery
from i3x.delivery.watch import AsyncWatch, Watch
from i3x.frames import HistoryExport
from i3x.frames.reading import Layout
from i3x.history.asynchronous import AsyncHistoryIterator
from i3x.history.blocking import HistoryIterator
from i3x.navigate.asynchronous import AsyncTraversal
from i3x.navigate.blocking import Traversal

NAMES = sorted(name for name in dir(i3x.AsyncClient) if not name.startswith("_"))


def test_both_have_the_same_names() -> None:
    assert sorted(name for name in dir(i3x.Client) if not name.startswith("_")) == NAMES


@pytest.mark.parametrize("name", [*NAMES, "__init__"])
def test_both_take_the_same_arguments(name: str) -> None:
    blocking, asynchronous = getattr(i3x.Client, name), getattr(i3x.AsyncClient, name)
    if isinstance(blocking, property):
        assert isinstance(asynchronous, property)
        return
    ours, theirs = inspect.signature(blocking), inspect.signature(asynchronous)
    assert str(ours) == re.sub(r"\bAsync(?=[A-Z])", "", str(theirs))


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_documented(name: str) -> None:
    for client in (i3x.Client, i3x.AsyncClient):
        text = inspect.getdoc(getattr(client, name))
        assert text
        assert text[0].isupper() or text.startswith("``")
        assert len(text.splitlines()[0]) < 120


def test_the_blocking_documentation_does_not_speak_of_a_loop() -> None:
    texts = [inspect.getdoc(i3x.Client), *(inspect.getdoc(getattr(i3x.Client, name)) for name in NAMES)]
    assert not [text for text in texts if "await " in (text or "") or "AsyncClient" in (text or "")]


LOADED_LATER = {
    each.__name__: each
    for each in (
        AsyncConsumer, AsyncHistoryIterator, AsyncTraversal, AsyncWatch,
        Consumer, Delivery, HistoryExport, HistoryIterator, Traversal, Watch,
        i3x.AddressSpace, i3x.AsyncAddressSpace,
    )
} | {"Layout": Layout, "pyarrow": pyarrow}  # fmt: skip
"""What the clients import only when it is needed, and name in their annotations all the same."""


@pytest.mark.parametrize("name", NAMES)
def test_annotations_can_be_resolved(name: str) -> None:
    for client in (i3x.Client, i3x.AsyncClient):
        member = getattr(client, name)
        function = member.fget if isinstance(member, property) else member
        assert "return" in typing.get_type_hints(function, localns=LOADED_LATER)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if name.startswith(("get_", "query_", "list_", "update_", "register_", "unregister_", "sync_"))
        or name in ("create_subscription", "unsubscribe", "delete_subscriptions", "address_space", "traverse")
    ],
)
def test_every_operation_takes_a_timeout(name: str) -> None:
    parameter = inspect.signature(getattr(i3x.Client, name)).parameters["timeout"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.default is None


PAIRS = [(i3x.AddressSpace, i3x.AsyncAddressSpace), (Traversal, AsyncTraversal)]


@pytest.mark.parametrize(("blocking", "asynchronous"), PAIRS)
def test_what_both_return_offers_the_same(blocking: type, asynchronous: type) -> None:
    names = [name for name in dir(blocking) if not name.startswith("_")]
    assert names == [name for name in dir(asynchronous) if not name.startswith("_")]
    for name in names:
        ours, theirs = getattr(blocking, name), getattr(asynchronous, name)
        assert inspect.getdoc(ours) == inspect.getdoc(theirs)
        if callable(ours) and name != "read":
            assert inspect.signature(ours) == inspect.signature(theirs)
