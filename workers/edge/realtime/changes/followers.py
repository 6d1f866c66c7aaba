"""Who follows which rows, and what must be asked about a batch of changes for them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from workers.edge.realtime.changes.bindings import Binding
from workers.edge.realtime.changes.catalog import View
from workers.edge.realtime.changes.history import Caller
from workers.edge.realtime.changes.rows import Filters, Select
from workers.edge.realtime.interfaces import Change, Claims, Notice

LINGER = 120.0  # seconds for which deleted rows are remembered for somebody who left


@dataclass(eq=False)
class Follower:
    """The subscription of one channel."""

    caller: Caller
    bindings: tuple[Binding, ...]
    deliver: Callable[[Change | Notice], None]
    on_close: Callable[[Follower], None]
    address: str = ""
    is_closed: bool = False

    @property
    def ids(self) -> Sequence[int]:
        """One number a binding; equal bindings share one."""
        return [binding.id for binding in self.bindings]

    @property
    def cursor(self) -> str | None:
        """The last cursor that the client knows."""
        return next((binding.cursor for binding in self.bindings if binding.cursor), None)

    def renew(self, claims: Claims) -> None:
        """Read as these claims from the next batch on."""
        self.caller = Caller.of(claims, self.address)

    def close(self) -> None:
        """Deliver nothing more."""
        if not self.is_closed:
            self.is_closed = True
            self.on_close(self)


@dataclass(frozen=True)
class Group:
    """Followers who are told the same in a batch: they follow the same as the same caller.

    The caller is who they were when the batch began; a new token counts from the next one.
    """

    caller: Caller
    bindings: tuple[Binding, ...]
    members: tuple[Follower, ...]

    def deliver(self, found: Change | Notice) -> None:
        """Tell each of them."""
        for member in self.members:
            if not member.is_closed:
                member.deliver(found)


def grouped(followers: Iterable[Follower]) -> list[Group]:
    """Return followers by what they are told."""
    found: dict[tuple[Caller, tuple[Binding, ...]], list[Follower]] = defaultdict(list)
    for follower in followers:
        found[follower.caller, follower.bindings].append(follower)
    return [Group(caller, alike, tuple(members)) for (caller, alike), members in found.items()]


@dataclass
class Interest:
    """What a caller wants to know of a view: selections and filters, by kind of change."""

    selects: dict[Select, None] = field(default_factory=dict)
    filters: dict[Filters, None] = field(default_factory=dict)
    operations: set[str] = field(default_factory=set)

    def add(self, binding: Binding) -> None:
        """Add what a binding wants."""
        self.selects[binding.select] = None
        self.filters[binding.filters] = None
        self.operations |= {
            operation for operation in ("INSERT", "UPDATE", "DELETE") if binding.fits(operation)
        }


def follows(binding: Binding, view: View) -> bool:
    """Whether a binding is about a view."""
    return binding.schema in ("public", "*") and binding.table in (view.name, "*")


class Followers:
    """The live subscriptions, and for a while those who left."""

    def __init__(self) -> None:
        self.live: dict[Follower, None] = {}
        self._left: dict[Caller, tuple[float, tuple[Binding, ...]]] = {}

    def add(self, follower: Follower) -> None:
        """Deliver to them from now on."""
        self.live[follower] = None

    def remove(self, follower: Follower) -> None:
        """Deliver nothing more; deleted rows are judged for them a little longer."""
        self.live.pop(follower, None)
        self._left[follower.caller] = (time.monotonic() + LINGER, follower.bindings)

    def tell(self, notice: Notice) -> None:
        """Tell all of them something."""
        for follower in list(self.live):
            follower.deliver(notice)

    def interests(
        self, views: Iterable[View], live: Iterable[Group]
    ) -> dict[tuple[Caller, View], Interest]:
        """Return what each caller wants to know of these views."""
        found: dict[tuple[Caller, View], Interest] = defaultdict(Interest)
        views = list(views)
        for group in live:
            for binding in group.bindings:
                for view in views:
                    if follows(binding, view):
                        found[group.caller, view].add(binding)
        return found

    def of_gone_rows(
        self, views: Iterable[View], live: Iterable[Group]
    ) -> dict[tuple[Caller, View], Interest]:
        """Return what each caller wants to know of rows that are gone, also those who left."""
        now = time.monotonic()
        self._left = {c: left for c, left in self._left.items() if left[0] > now}
        views = list(views)
        found = self.interests(views, live)
        for caller, (_, bindings) in self._left.items():
            for binding in bindings:
                for view in views:
                    if follows(binding, view):
                        found.setdefault((caller, view), Interest()).add(binding)
        return found
