"""The changes of the last minutes, for subscribers that come back with a cursor."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workers.edge.realtime.changes.filters import Filter
from workers.edge.realtime.changes.pgoutput import Operation
from workers.edge.realtime.interfaces import API_KEY

LIMIT = 100_000  # changes
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Caller:
    """Whose eyes: a role and claims as JSON, equal for tokens that see the same.

    Only of an API key does the network address count.
    """

    role: str
    claims: str
    address: str = ""

    @classmethod
    def of(cls, claims: Mapping[str, Any], address: str = "") -> Caller:
        """Return who these claims are; when a token was issued and ends makes no other person."""
        lasting = {k: v for k, v in claims.items() if k not in ("iat", "exp", "nbf", "jti")}
        role = str(claims.get("role", ""))
        counting = address if role == API_KEY else ""
        return cls(role, json.dumps(lasting, sort_keys=True), counting)


class Position(NamedTuple):
    """Where a change stands: the end of its transaction in the WAL, and its place in it."""

    lsn: int
    number: int


@dataclass(frozen=True)
class Verdict:
    """Whether somebody could see a row that is gone: its key as JSON, and the filters it fitted."""

    key_json: str
    fitting: frozenset[tuple[Filter, ...]]


@dataclass
class Entry:
    """A change of a row of a table. `verdicts` has the callers and views asked about a lost row."""

    position: Position
    committed_at: datetime
    table_oid: int
    operation: Operation
    key: Key
    verdicts: dict[tuple[Caller, str], Verdict | None] = field(default_factory=dict)


class History:
    """Changes in commit order, since `start`."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._entries: deque[Entry] = deque()
        self._limit = limit
        self.timeline = 0
        self.start = Position(0, 0)
        self.end = Position(0, 0)
        # Up to where the WAL was read, whether or not anything was found.
        self.read_to = 0

    def restart(self, timeline: int, lsn: int) -> None:
        """Forget everything: what is known begins here."""
        self._entries.clear()
        self.timeline = timeline
        self.start = self.end = Position(lsn, 0)
        self.read_to = lsn

    def add(self, entry: Entry) -> None:
        """Add the next change."""
        self._entries.append(entry)
        self.end = entry.position
        self.read_to = entry.position.lsn
        if len(self._entries) > self._limit:
            self.start = self._entries.popleft().position

    def forget(self, before_lsn: int) -> None:
        """Forget what was committed before a position."""
        while self._entries and self._entries[0].position.lsn < before_lsn:
            self.start = self._entries.popleft().position

    def cursor(self, position: Position) -> str:
        """Return a position as clients keep it."""
        return f"{self.timeline}.{position.lsn:x}.{position.number}"

    def since(self, cursor: str) -> list[Entry] | None:
        """Return what came after a cursor; None when that is not known any more."""
        try:
            timeline, lsn, number = cursor.split(".")
            after = Position(int(lsn, 16), int(number))
            is_known = int(timeline) == self.timeline and self.start <= after <= self.end
        except ValueError:
            return None
        if not is_known:
            return None
        return [entry for entry in self._entries if entry.position > after]
