"""Who is present in a topic. Changes that come together are told together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from workers.edge.realtime.wire import dumps

TOGETHER = 0.05  # seconds for which a change waits for others
Meta = dict[str, Any]
Changes = dict[str, tuple[str, Meta]]


class Roster:
    """The presences of one topic: key → reference → what was tracked.

    `tell` sends a `presence_diff`, as JSON, to all who watch.
    """

    __slots__ = ("_joins", "_leaves", "_members", "_tell", "_timer")

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._members: dict[str, dict[str, Meta]] = {}
        self._joins: Changes = {}
        self._leaves: Changes = {}
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody is present, and all have been told so."""
        return not self._members and self._timer is None

    def track(self, key: str, payload: Meta, *, replaces: str | None = None) -> str:
        """Add a presence, in place of an earlier one of the same client; return its reference."""
        ref = secrets.token_urlsafe(12)
        meta = {**payload, "phx_ref": ref}
        if replaces is not None:
            meta["phx_ref_prev"] = replaces
        self._members.setdefault(key, {})[ref] = meta
        self._joins[ref] = (key, meta)
        if replaces is not None:
            self.untrack(key, replaces)
        self._schedule()
        return ref

    def untrack(self, key: str, ref: str) -> None:
        """Remove a presence."""
        metas = self._members[key]
        meta = metas.pop(ref)
        if not metas:
            del self._members[key]
        # Whoever came and went in the same moment was never told of.
        if self._joins.pop(ref, None) is None:
            self._leaves[ref] = (key, meta)
        self._schedule()

    def state(self) -> bytes:
        """Return the `presence_state`, after all others know of it too."""
        self.flush()
        found = {key: {"metas": list(metas.values())} for key, metas in self._members.items()}
        return dumps(found)

    def flush(self) -> None:
        """Tell what has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        joins, leaves = self._joins, self._leaves
        self._joins, self._leaves = {}, {}
        if joins or leaves:
            self._tell(dumps({"joins": _grouped(joins), "leaves": _grouped(leaves)}))

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOGETHER, self.flush)


def _grouped(changes: Changes) -> Mapping[str, Any]:
    found: dict[str, dict[str, list[Meta]]] = {}
    for key, meta in changes.values():
        found.setdefault(key, {"metas": []})["metas"].append(meta)
    return found
