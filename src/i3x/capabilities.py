"""The optional features that a server declares, as dicts that have attributes too."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, ClassVar


class _Flags(dict[str, Any]):
    """A dict of capability flags in which every flag of i3X 1.0 is present."""

    flags: ClassVar[tuple[str, ...]] = ()

    def __init__(self, content: Any = ()) -> None:
        super().__init__(content if isinstance(content, Mapping) or content else ())
        for flag in self.flags:
            self[flag] = self.get(flag) is True


class QueryCapabilities(_Flags):
    """What the server can be asked: ``history``."""

    flags = ("history",)

    @property
    def history(self) -> bool:
        """Whether ``get_history`` works."""
        return bool(self["history"])


class UpdateCapabilities(_Flags):
    """What can be written: ``current`` and ``history``."""

    flags = ("current", "history")

    @property
    def current(self) -> bool:
        """Whether ``update_value`` and ``update_values`` work."""
        return bool(self["current"])

    @property
    def history(self) -> bool:
        """Whether ``update_history`` works."""
        return bool(self["history"])


class SubscribeCapabilities(_Flags):
    """How updates can be had beside polling, which every server offers: ``stream``."""

    flags = ("stream",)

    @property
    def stream(self) -> bool:
        """Whether the server streams events."""
        return bool(self["stream"])


class Capabilities(dict[str, Any]):
    """The optional features that a server declares, as a dict that also has attributes.

    ``capabilities.subscribe.stream`` and ``capabilities["subscribe"]["stream"]`` are the same bool. A flag that
    the server leaves out is False; what it adds is kept.
    """

    def __init__(self, content: Any = ()) -> None:
        super().__init__(content if isinstance(content, Mapping) or content else ())
        for name, group in _GROUPS.items():
            sent = self.get(name)
            self[name] = group(sent if isinstance(sent, Mapping) else ())

    @property
    def query(self) -> QueryCapabilities:
        """``query.history``."""
        return typing.cast("QueryCapabilities", self["query"])

    @property
    def update(self) -> UpdateCapabilities:  # type: ignore[override]  # the standard's name, over dict.update
        """``update.current`` and ``update.history``."""
        return typing.cast("UpdateCapabilities", self["update"])

    @property
    def subscribe(self) -> SubscribeCapabilities:
        """``subscribe.stream``."""
        return typing.cast("SubscribeCapabilities", self["subscribe"])


_GROUPS: dict[str, type[_Flags]] = {
    "query": QueryCapabilities,
    "update": UpdateCapabilities,
    "subscribe": SubscribeCapabilities,
}
