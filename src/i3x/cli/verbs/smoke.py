"""`smoke`: one line that says whether a deployment works, the same each time that it does."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any

import typer

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.durations import seconds
from i3x.cli.elements import resolved
from i3x.cli.endings import REFUSED, SUCCESS, status_of
from i3x.cli.liveness import comes_to_life
from i3x.cli.progress import progress
from i3x.cli.terminal import complain, emit
from i3x.cli.words import compact

_PATIENCE = 10.0  # seconds
_SAMPLE = 50
"""How many elements are read and watched if none is named."""


def smoke(
    connection: Connection,
    element: Annotated[
        str | None,
        typer.Option(
            "--element",
            metavar="ID",
            help="What to read and to watch, - for what stdin names; by default the first 50.",
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "--count", "-n", min=0, help="How many changes must come; without, a live subscription is enough."
        ),
    ] = 0,
    length: Annotated[
        float | None,
        typer.Option(
            "--for", metavar="TIME", parser=seconds, help="How long to wait for each of them; 10s by default."
        ),
    ] = None,
) -> None:
    """Connect, browse, read, subscribe and clean up: one line of JSON for a deployment check.

    Example: i3x smoke --url http://127.0.0.1:8080/v1 --count 3
    """
    run = _Run(connection.client(), element, count, length or _PATIENCE)
    with progress("checking"):
        run.carry_out()
    emit(f"{compact(run.report)}\n")
    raise typer.Exit(run.status)


class _Run:
    """The steps of a check, each with what those before it found, and the report on them."""

    def __init__(self, client: i3x.Client, element: str | None, count: int, patience: float) -> None:
        self._client = client
        self._element = element
        self._sample: list[str] = []
        self._count = count
        self._patience = patience
        self._open = ExitStack()
        self._changes: Any = None
        self._steps = {
            "connect": client.connect,
            "browse": self._browse,
            "read": self._read,
            "subscribe": self._subscribe,
        }
        self.status = SUCCESS
        self.report: dict[str, Any] = {"ok": False, **dict.fromkeys((*self._steps, "cleanUp"), "not reached")}

    def carry_out(self) -> None:
        """Take the steps up to the first that fails, and clean up in any case."""
        try:
            for name, step in self._steps.items():
                if not self._succeeds(name, step):
                    break
        finally:
            self._succeeds("cleanUp", self._clean_up)
        self.report["ok"] = self.status == SUCCESS

    def _succeeds(self, name: str, step: Any) -> bool:
        try:
            step()
        except i3x.I3XError as error:
            complain(f"{name}: {error}")
            self.report[name] = f"failed: {type(error).__name__}"
            self.status = self.status or status_of(error) or REFUSED
            return False
        self.report[name] = "ok"
        return True

    def _browse(self) -> None:
        self._client.get_namespaces()
        if self._element is None:
            ids = [entry.element_id for entry in self._client.get_objects()]
            if not all(map(str.strip, ids)):
                raise i3x.InvalidServerResponseError("the server lists an object whose element id is empty")
            self._sample = ids[:_SAMPLE]
        else:
            self._sample, unknown = resolved(self._client, [self._element])
            for error in unknown.values():
                raise error

    def _read(self) -> None:
        values = self._client.get_values(self._sample)
        if self._element is not None:
            values.raise_for_errors()
        elif not any(value.quality == "Good" for value in values.values()):
            raise i3x.NotFoundError(
                f"none of the first {_SAMPLE} elements reads Good; name one with --element"
            )

    def _subscribe(self) -> None:
        watch = self._client.watch(self._sample, count=self._count or None, timeout=self._patience)
        self._changes = changes = self._open.enter_context(watch)
        if not comes_to_life(changes.delivery, self._patience):
            waited = i3x.SubscriptionError(f"it did not come to life within {self._patience:g} s")
            raise changes.delivery.trouble or waited
        found = sum(1 for _ in changes) if self._count else 0
        if found < self._count:
            raise i3x.SubscriptionError(
                f"{found} of {self._count} changes came, and no other within {self._patience:g} s; name an element "
                "that changes with --element, or wait longer with --for"
            )

    def _clean_up(self) -> None:
        try:
            with self._open:
                if self._changes is not None:  # leaving the block of a watch raises nothing if it stays
                    self._client.unsubscribe(self._changes.delivery.subscription_id)
        finally:
            self._client.disconnect()
