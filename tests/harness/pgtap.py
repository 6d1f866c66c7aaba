"""pgTAP in pytest: each assertion of a `*.test.sql` file is a test.

A file runs once, in a clone of the template, through psql. Its fixed plan says how many tests it
has; one that was not reached fails with what psql said.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from cli.stack.programs import postgres_bin
from tests.harness.session import session_of

PLAN = re.compile(r"^select plan\((\d+)\);", re.MULTILINE | re.IGNORECASE)
RESULT = re.compile(r"(?P<fails>not )?ok (?P<number>\d+)(?: - (?P<sentence>.*))?")
SEARCH_PATH = "public,tap,extensions"


class AssertionFailed(Exception):
    """A pgTAP assertion that failed, or was never reached."""


@dataclass
class Result:
    """One assertion: whether it held, its sentence, and pgTAP's diagnostics."""

    holds: bool
    sentence: str
    diagnostics: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """A file that ran: its assertions by number, and what went wrong beside them."""

    results: dict[int, Result]
    failure: str


class SqlFile(pytest.File):
    """A file of pgTAP assertions."""

    planned = 0
    _run: Run | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each planned assertion."""
        plan = PLAN.search(self.path.read_text("utf-8"))
        if plan is None:
            raise self.CollectError(f"{self.path} has no fixed plan: `select plan(N);`")
        self.planned = int(plan[1])
        for number in range(1, self.planned + 1):
            yield cast("pytest.Item", SqlAssertion.from_parent(self, name=str(number)))

    @property
    def outcome(self) -> Run:
        """What the file's run gave; the first assertion that asks runs it for all."""
        if self._run is None:
            with session_of(self.config).clone() as database:
                self._run = run_file(self.path, database.dsn)
        return self._run


class SqlAssertion(pytest.Item):
    """One assertion, by its number in the file."""

    def runtest(self) -> None:
        """Look up what the file's run said about this assertion."""
        file = cast("SqlFile", self.parent)
        run, number = file.outcome, int(self.name)
        result = run.results.get(number)
        if result is None:
            raise AssertionFailed(f"Assertion {number} did not run.\n{run.failure}")
        if not result.holds:
            raise AssertionFailed("\n".join([result.sentence, *result.diagnostics]))
        if number == file.planned and (run.failure or len(run.results) != number):
            ran = f"{len(run.results)} assertions ran, {number} are planned."
            raise AssertionFailed(f"{ran}\n{run.failure}")

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """The assertion's own words, without a Python traceback."""
        if isinstance(excinfo.value, AssertionFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How pytest names it: the file and the number."""
        return self.path, None, f"{self.path.name} assertion {self.name}"


def run_file(path: Path, dsn: str) -> Run:
    """Run a file of assertions as the database's administrator."""
    done = subprocess.run(
        [
            *(postgres_bin() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
            *("-d", dsn, "-f", path),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PGOPTIONS": f"-c search_path={SEARCH_PATH}"},
    )
    return Run(parse(done.stdout), done.stderr.strip() if done.returncode else "")


def parse(output: str) -> dict[int, Result]:
    """The results in pgTAP's output; lines that follow one and begin with # belong to it."""
    results: dict[int, Result] = {}
    latest: Result | None = None
    for line in output.splitlines():
        if match := RESULT.fullmatch(line):
            latest = Result(not match["fails"], match["sentence"] or "")
            results[int(match["number"])] = latest
        elif line.startswith("#") and latest is not None:
            latest.diagnostics.append(line)
    return results
