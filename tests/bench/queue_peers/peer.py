"""One queue under measurement: filled, worked off by processes of its own, and asked how fast."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.options import ROOT

HERE = Path(__file__).parent
PATIENCE = 120  # seconds for one run
AHEAD = 100  # messages that everybody may read ahead, where that can be said

Notes = list[list[float]]  # of each job: when it ended and, if it was a ping, how long it was sent


@dataclass(frozen=True)
class Peer:
    """A program of this folder with its Python and its address.

    `jobs` is how many one run has; `fill`, when given, puts them there faster than the program.
    """

    name: str
    python: Path
    script: str
    arguments: tuple[str, ...]
    jobs: int
    fill: Callable[[int, str], None] | None = None

    def rate(self, kind: str, *, processes: int = 1, jobs: int = 0, first: int = 0) -> float:
        """Jobs a second while all processes work; of the first so many only, if that is said."""
        jobs = jobs or self.jobs
        if self.fill:
            self.fill(jobs, kind)
        else:
            self.do("fill", str(jobs), kind)
        with self.working(processes) as notes:
            _wait_until(lambda: sum(map(len, notes())) >= (first or jobs))
            ends = [[note[0] for note in process] for process in notes() if process]
        if first:
            together = sorted(end for each in ends for end in each)[:first]
            return len(together) / (together[-1] - together[0])
        begin, end = max(map(min, ends)), min(map(max, ends))
        return sum(begin <= it <= end for each in ends for it in each) / (end - begin)

    def waits(self, count: int = 300) -> list[float]:
        """How many milliseconds each of so many jobs was on its way to an idle worker, sorted."""
        with self.working(1) as notes:
            self.do("ping", "20")
            time.sleep(1)
            self.do("ping", str(count))
            _wait_until(lambda: sum(map(len, notes())) >= count + 20)
            waits = [note[1] * 1000 for process in notes() for note in process[20:]]
        return sorted(waits)

    def idle_percent(self, seconds: float = 10) -> float:
        """How much of a core a worker takes that has nothing to do."""
        with self.working(1) as _:
            time.sleep(3)
            (worker,) = [
                it for it in psutil.Process().children() if str(HERE / self.script) in it.cmdline()
            ]
            before = worker.cpu_times()
            time.sleep(seconds)
            after = worker.cpu_times()
        return (after.user + after.system - before.user - before.system) / seconds * 100

    def do(self, *verb: str) -> None:
        """Run the program to its end."""
        subprocess.run(self._command(*verb), env=_environment(), check=True, capture_output=True)

    @contextmanager
    def working(self, processes: int) -> Iterator[Callable[[], list[Notes]]]:
        """Worker processes; gives what they have noted so far."""
        with tempfile.TemporaryDirectory() as folder:
            environment = {**_environment(), "METER": folder}
            started = [
                subprocess.Popen(
                    self._command("work"),
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(processes)
            ]
            try:
                yield lambda: [_notes(file) for file in Path(folder).iterdir()]
            finally:
                for process in started:
                    process.kill()
                    process.wait()

    def _command(self, *verb: str) -> list[str]:
        return [str(self.python), str(HERE / self.script), *self.arguments, *verb]


def _notes(file: Path) -> Notes:
    """What a process has noted, without the line that it may be writing."""
    whole, _, _ = file.read_text().rpartition("\n")
    return [[float(word) for word in line.split()] for line in whole.splitlines()]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "dramatiq_queue_prefetch": str(AHEAD)}


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("a queue was not worked off in time")
        time.sleep(0.1)
