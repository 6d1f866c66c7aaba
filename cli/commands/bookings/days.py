"""A day of a business, from the database: half hours, people, hours, and allocations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cli.output import instant

HALF_HOUR = 1800  # seconds
INSTANTS = ("at", "from_at", "to_at", "starts_at", "ends_at")


@dataclass(frozen=True)
class Half:
    """Half an hour: its begin as an instant (seconds since 1970) and on the wall clock."""

    at: int
    clock: str
    offset_minutes: int


@dataclass(frozen=True)
class Taken:
    """An allocation, in seconds since 1970: `from_at` to `to_at` with buffers."""

    resource_id: str
    from_at: int
    to_at: int
    starts_at: int
    ends_at: int
    clock: str
    reference: str | None
    service: str
    customer: str | None
    status: str | None


@dataclass(frozen=True)
class Day:
    """One local date."""

    date: datetime.date
    halves: list[Half]
    people: list[tuple[str, str]]  # id, name
    hours: dict[str, list[tuple[int, int]]]  # by resource: from, to
    taken: list[Taken]

    @classmethod
    def read(cls, date: datetime.date, row: Mapping[str, Any]) -> Day:
        """Read the day from the row of read_day.sql."""
        hours: dict[str, list[tuple[int, int]]] = {}
        for window in row["hours"]:
            hours.setdefault(window["resource_id"], []).append((window["from"], window["to"]))
        return cls(
            date,
            [Half(**half) for half in row["halves"]],
            [(person["id"], person["name"]) for person in row["people"]],
            hours,
            [
                Taken(from_at=item.pop("from"), to_at=item.pop("to"), **item)
                for item in row["taken"]
            ],
        )

    def is_open(self, resource_id: str, half: Half) -> bool:
        """Whether somebody works in any part of a half hour."""
        windows = self.hours.get(resource_id, [])
        return any(low < half.at + HALF_HOUR and half.at < high for low, high in windows)

    def taken_in(self, resource_id: str, half: Half) -> list[Taken]:
        """Return the allocations of somebody in a half hour, buffers included, in order."""
        return [
            item
            for item in self.taken
            if item.resource_id == resource_id
            and item.from_at < half.at + HALF_HOUR
            and half.at < item.to_at
        ]

    def busy(self) -> list[Half]:
        """Return the half hours from the first to the last in which anybody works or is booked."""
        numbers = [
            number
            for number, half in enumerate(self.halves)
            for resource_id, _name in self.people
            if self.is_open(resource_id, half) or self.taken_in(resource_id, half)
        ]
        return self.halves[min(numbers) : max(numbers) + 1] if numbers else []

    def as_dict(self) -> dict[str, Any]:
        """Return the day for JSON, with instants as everywhere in it."""
        day = asdict(self)
        for part in (*day["halves"], *day["taken"]):
            part.update({name: _instant(part[name]) for name in INSTANTS if name in part})
        day["hours"] = {
            resource_id: [[_instant(low), _instant(high)] for low, high in windows]
            for resource_id, windows in self.hours.items()
        }
        return day


def _instant(seconds: int) -> str:
    return instant(datetime.datetime.fromtimestamp(seconds, datetime.UTC))
