"""From the bytes of a calendar to its components and the properties that say when somebody is busy.

Real files begin with blank lines or a byte order mark, end lines in three ways, forget an END, and
write names of zones with colons in them. Each component is cut out by itself here, so that a
mistake in one of them is nothing to the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.calendars.unreadable import Unreadable

NO_CALENDAR = "It is not a calendar in iCalendar's form."
# The lookbehind pins a match to the first line break of a run, so long runs cost no more than short
# ones. Source: RFC 5545, 3.1
FOLD = re.compile(rb"(?<![\r\n])[\r\n]+[ \t]")
LINE_BREAKS = re.compile(r"[\r\n]+")
NAME = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?=[;:])")
# Parameters with quotes that hold colons, then the value.
REST = re.compile(r'((?:"[^"]*"|[^":])*):(.*)', re.DOTALL)
ZONE = re.compile(r';\s*TZID\s*=\s*(?:"([^"]*)"|(.*?))\s*(?=;\s*[A-Za-z-]+\s*=|$)', re.IGNORECASE)
FREE_OR_BUSY = re.compile(r';\s*FBTYPE\s*=\s*"?([A-Za-z-]+)', re.IGNORECASE)
RANGE = re.compile(r';\s*RANGE\s*=\s*"?THISANDFUTURE', re.IGNORECASE)
# Values of these never hold a colon, so it is the last one that separates: programs write
# DTSTART;TZID=(UTC+01:00) Berlin:20310402T100000 without quotes.
TIMES = frozenset(("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"))
KEPT = TIMES | frozenset(
    (
        *("UID", "SEQUENCE", "DURATION", "RRULE", "EXRULE", "STATUS", "TRANSP", "FREEBUSY"),
        *("TZID", "TZOFFSETFROM", "TZOFFSETTO", "METHOD", "X-WR-TIMEZONE"),
        "X-MICROSOFT-CDO-BUSYSTATUS",
    )
)
# Components that stand directly in a calendar: where one begins, the one before it has ended.
OUTER = frozenset(
    ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY", "VPOLL")
)


@dataclass(frozen=True)
class Property:
    """One line: its name in capitals, its parameters as written, its value."""

    name: str
    parameters: str
    value: str

    @property
    def zone(self) -> str | None:
        """Return the name of the zone that the value is in."""
        found = ZONE.search(self.parameters)
        return (found[1] or found[2] or "") if found else None

    @property
    def free_or_busy(self) -> str:
        """Return what a period of free/busy time says.

        Source: RFC 5545, 3.2.9.
        """
        found = FREE_OR_BUSY.search(self.parameters)
        return found[1].upper() if found else "BUSY"

    @property
    def is_of_all_later_ones(self) -> bool:
        """Return whether a changed occurrence changes those after it, too."""
        return RANGE.search(self.parameters) is not None


@dataclass
class Component:
    """A calendar, or a part of one; only the properties that we read."""

    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)
    has_ended: bool = False

    def all(self, name: str) -> Iterator[Property]:
        """Return every property of a name."""
        return (line for line in self.properties if line.name == name)

    def first(self, name: str) -> Property | None:
        """Return the first property of a name."""
        return next(self.all(name), None)

    def text(self, name: str) -> str:
        """Return the first value of a name; empty where there is none."""
        found = self.first(name)
        return found.value.strip() if found else ""


def calendars(content: bytes) -> list[Component]:
    """Return the calendars of a file.

    Raises:
        Unreadable: there is none, or the last one has no end: the file is only a part.
    """
    root = Component("")
    stack = [root]
    for line in LINE_BREAKS.split(_unfolded(content)):
        _take(line, stack)
    found = [part for part in root.parts if part.name == "VCALENDAR"]
    if not found or not found[-1].has_ended:
        raise Unreadable(NO_CALENDAR)
    return found


def _unfolded(content: bytes) -> str:
    """Return the text with each property in one line. A fold may stand inside a letter's bytes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", "replace").encode()
    return FOLD.sub(b"", content.removeprefix(b"\xef\xbb\xbf").lstrip()).decode("utf-8", "replace")


def _take(line: str, stack: list[Component]) -> None:
    """Add a line to the component on top of the stack, or open or close one."""
    start = NAME.match(line)
    rest = start and REST.fullmatch(line, start.end())
    if start is None or rest is None:
        return
    name = start[1].upper()
    if name == "BEGIN":
        _begin(rest[2].strip().upper(), stack)
    elif name == "END":
        _end(rest[2].strip().upper(), stack)
    elif name in TIMES:
        parameters, _, value = line[start.end() :].rpartition(":")
        stack[-1].properties.append(Property(name, parameters, value.strip()))
    elif name in KEPT:
        stack[-1].properties.append(Property(name, rest[1], rest[2]))


def _begin(name: str, stack: list[Component]) -> None:
    if name == "VCALENDAR":
        del stack[1:]
    elif name in OUTER:
        del stack[2:]
    opened = Component(name)
    stack[-1].parts.append(opened)
    stack.append(opened)


def _end(name: str, stack: list[Component]) -> None:
    """Close the innermost component of that name, and those that it holds; ignore a stray END."""
    for depth in range(len(stack) - 1, 0, -1):
        if stack[depth].name == name:
            stack[depth].has_ended = True
            del stack[depth:]
            return
