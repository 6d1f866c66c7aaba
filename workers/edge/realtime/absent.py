"""What the database half says where the database offers no row changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workers.edge.realtime.interfaces import Change, Claims, Notice, RefusedError, Subscription


class NoChanges:
    """Refuses every binding in words."""

    async def subscribe(
        self,
        claims: Claims,
        bindings: Sequence[Mapping[str, Any]],
        deliver: Callable[[Change | Notice], None],
    ) -> Subscription:
        """Refuse."""
        del claims, bindings, deliver
        raise RefusedError("This database does not publish row changes; follow a private channel.")
