"""In which order workers get the files: the longest first, so that they end together.

How long a file took is kept in pytest's cache of this checkout. A file that has not run yet comes
first if its kind is slow, then those that start stacks by commands, then Python, then pgTAP, and
within each by its number of tests.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

KEPT = "frontdesk/seconds"
# Suites of others and generated tests. `-m slow` runs them alone, `-m "not slow"` all the others.
SLOW = (
    "tests/auth/test_openapi.py",
    "tests/contract/test_fuzz.py",
    "tests/property/",
    "tests/workers/dramatiq/",
)


class LongestFirst(LoadFileScheduling):
    """Whoever has time gets the longest of the files that wait."""

    def __init__(self, config: pytest.Config, log: Any, seconds: dict[str, float]) -> None:
        super().__init__(config, log)
        self._seconds = seconds

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue.move_to_end(max(self.workqueue, key=self._length), last=False)
        super()._assign_work_unit(node)

    def _length(self, path: str) -> tuple[float, int, int]:
        unknown = float("inf") if path.startswith(SLOW) else 0.0
        kind = path.startswith("tests/cli/") + path.endswith(".py")
        return self._seconds.get(path, unknown), kind, len(self.workqueue[path])


class Order:
    """A plugin of the process that hands out the files."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._seconds: Counter[str] = Counter()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LongestFirst:
        """Hand out whole files: what a file shares is made once."""
        return LongestFirst(config, log, self._kept())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what the parts of a file's tests take."""
        self._seconds[report.nodeid.split("::", 1)[0]] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Keep it for the next time, unless somebody looks at single tests."""
        cache = self._cache()
        if cache and self._config.getoption("numprocesses", None):
            cache.set(KEPT, {**self._kept(), **self._seconds})

    def _kept(self) -> dict[str, float]:
        cache = self._cache()
        kept: dict[str, float] = cache.get(KEPT, {}) if cache else {}
        return kept

    def _cache(self) -> pytest.Cache | None:
        """Pytest's cache; none under `-p no:cacheprovider`."""
        return getattr(self._config, "cache", None)
