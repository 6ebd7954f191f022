"""What a user sees of a delivery while it runs."""

from __future__ import annotations

from collections.abc import Mapping

from i3x.delivery.engine import Engine
from i3x.delivery.states import Status
from i3x.errors import I3XError


class Delivery:
    """A live view of how a subscription is delivered; each property is as of now.

    The one exception is ``status`` where the view comes with ``on_status``: that is the one it became.
    """

    def __init__(self, engine: Engine, became: Status | None = None) -> None:
        self._engine = engine
        self._became = became

    @property
    def status(self) -> Status:
        """``connecting``, ``live``, ``polling``, ``recovering``, ``stopped`` or ``failed``; a str."""
        return self._engine.status if self._became is None else self._became

    @property
    def subscription_id(self) -> str:
        """The subscription on the server; another one than at first, if the server has lost that."""
        return self._engine.subscription_id

    @property
    def first_subscription_id(self) -> str:
        """The id that ``subscribe()`` returned, which stays the name of the delivery and of its gaps."""
        return self._engine.first_subscription_id

    @property
    def changes(self) -> int:
        """How many live changes were delivered."""
        return self._engine.changes

    @property
    def replayed(self) -> int:
        """How many changes were delivered from history, to fill gaps."""
        return self._engine.replayed

    @property
    def dropped(self) -> int:
        """How many exact repeats were left out around reconnects."""
        return self._engine.dropped

    @property
    def gaps(self) -> int:
        """How many gaps were reported."""
        return self._engine.gaps

    @property
    def reconnects(self) -> int:
        """How many times the stream was opened again."""
        return self._engine.reconnects

    @property
    def errors(self) -> Mapping[str, I3XError]:
        """The elements that the server does not let be monitored, and why."""
        return dict(self._engine.errors)

    @property
    def failure(self) -> I3XError | None:
        """Why the delivery has failed; None unless ``status`` is ``failed``."""
        return self._engine.failure

    @property
    def trouble(self) -> I3XError | None:
        """What keeps it from delivering just now, though it goes on trying or has failed; None if nothing does."""
        return self._engine.trouble

    def __repr__(self) -> str:
        return (
            f"<i3x.Delivery {self.subscription_id} {self.status} changes={self.changes} "
            f"replayed={self.replayed} gaps={self.gaps} reconnects={self.reconnects}>"
        )
