"""The environment in which Supabase Auth's settings come: texts, switches, durations and rates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


@dataclass(frozen=True)
class Rate:
    """A number of events in a number of seconds."""

    size: int
    seconds: int


class Environment:
    """Reads one environment, value by value."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str = "") -> str:
        """Return a value, with or without Supabase's prefix. Empty is the default."""
        value = self._environment.get(f"GOTRUE_{name}") or self._environment.get(name)
        return value if value else default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return whether a value says yes."""
        return self.text(name, str(default)).lower() in ("true", "1", "t", "yes")

    def number(self, name: str, default: int) -> int:
        """Return a whole number."""
        return int(self.text(name, str(default)))

    def seconds(self, name: str, default: str) -> int:
        """Return a duration such as 1m30s in whole seconds. A bare number is in seconds."""
        return _seconds(self.text(name, default))

    def rate(self, name: str, default: str, *, seconds: int) -> Rate | None:
        """Return a rate such as 30 or 30/1h, by default per `seconds`. Empty is no limit."""
        size, _, period = self.text(name, default).partition("/")
        return Rate(int(size), _seconds(period) if period else seconds) if size else None

    def listed(self, name: str, default: str = "") -> tuple[str, ...]:
        """Return what commas separate."""
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())


def _seconds(duration: str) -> int:
    if duration.isdigit():
        return int(duration)
    return int(sum(float(n) * UNITS[unit] for n, unit in DURATION.findall(duration)))
