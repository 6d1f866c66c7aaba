"""Days and weeks as tables: half hours down, people or days across."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from cli.commands.bookings.days import HALF_HOUR, Day, Half, Taken

CLOSED, BUFFER, ON = "░", "┊", "│"
STYLES = {"held": "dim", "pending": "yellow", "pending_payment": "yellow"}


def draw_day(day: Day) -> Table:
    """Draw a column for each person; a booking shows its reference, service and customer."""
    table = _table()
    for _resource_id, name in day.people:
        table.add_column(Text(name))
    halves = day.busy()
    for half, clock in zip(halves, _clocks(halves), strict=True):
        table.add_row(clock, *(_cell(day, key, half) for key, _name in day.people))
    return table


def draw_week(days: list[Day]) -> Table:
    """Draw a column for each day; a booking shows who gives it."""
    table = _table()
    rows: dict[tuple[str, int], dict[int, Text]] = {}
    order: dict[tuple[str, int], int] = {}  # by elapsed time, on the longest day
    for number, day in enumerate(days):
        table.add_column(f"{day.date:%a %m-%d}")
        for half, turn in _turns(day.busy()):
            key = half.clock, turn
            rows.setdefault(key, {})[number] = _summary(day, half)
            order[key] = max(order.get(key, 0), half.at - day.halves[0].at)
    for clock, turn in sorted(rows, key=order.__getitem__):
        cells = rows[clock, turn]
        table.add_row(
            f"{clock} again" if turn else clock,
            *(cells.get(number, Text(CLOSED, style="dim")) for number in range(len(days))),
        )
    return table


def _table() -> Table:
    table = Table(box=box.MINIMAL, pad_edge=False)
    table.add_column("", no_wrap=True)
    return table


def _clocks(halves: list[Half]) -> list[str]:
    """Return the wall clock of each half hour, with the offset at the top and where it changes."""
    clocks = []
    for number, half in enumerate(halves):
        is_same = number > 0 and halves[number - 1].offset_minutes == half.offset_minutes
        clocks.append(half.clock if is_same else f"{half.clock} {_offset(half.offset_minutes)}")
    return clocks


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _turns(halves: Iterable[Half]) -> Iterable[tuple[Half, int]]:
    """Yield each half hour with the number of earlier ones at the same wall clock."""
    seen: dict[str, int] = {}
    for half in halves:
        yield half, seen.get(half.clock, 0)
        seen[half.clock] = seen.get(half.clock, 0) + 1


def _cell(day: Day, resource_id: str, half: Half) -> Text:
    taken = day.taken_in(resource_id, half)
    starting = [item for item in taken if _row(item, half) == 0]
    if shown := starting or [item for item in taken if _row(item, half) is not None]:
        return Text("\n").join(
            Text(_line(item, half), style=STYLES.get(item.status or "", "")) for item in shown
        )
    if taken:
        return Text(BUFFER, style="dim")
    return Text("" if day.is_open(resource_id, half) else CLOSED, style="dim")


def _row(item: Taken, half: Half) -> int | None:
    """Return the row of an item in a half hour, from 0, or none when only a buffer is in it."""
    if half.at >= item.ends_at or half.at + HALF_HOUR <= item.starts_at:
        return None
    return -((item.starts_at - half.at) // HALF_HOUR)


def _line(item: Taken, half: Half) -> str:
    row = _row(item, half)
    if row:
        return (item.customer or ON) if row == 1 else ON
    begins = "" if item.starts_at == half.at else f"{item.clock} "
    what = begins + " ".join(part for part in (item.reference, item.service) if part)
    has_a_second_row = item.ends_at > half.at + HALF_HOUR
    return what if has_a_second_row or not item.customer else f"{what}, {item.customer}"


def _summary(day: Day, half: Half) -> Text:
    """Return who begins something in a half hour, and who continues."""
    parts = []
    for resource_id, name in day.people:
        for item in day.taken_in(resource_id, half):
            row = _row(item, half)
            if row is not None:
                what = (item.reference or item.service) if row == 0 else ON
                parts.append(f"{name.split()[0]} {what}")
    is_open = any(day.is_open(key, half) for key, _name in day.people)
    return Text("\n".join(parts)) if parts else Text("" if is_open else CLOSED, style="dim")
