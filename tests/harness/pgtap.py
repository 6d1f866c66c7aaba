"""pgTAP in pytest: each assertion of a `*.test.sql` file is a test, named by its sentence.

A file runs once, through psql. Its fixed plan says how many tests it has; one that was not reached
fails with what psql said. Files that roll back share one clone of the template; the others get
their own.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

import pytest

from cli.stack.programs import postgres_bin
from cli.stack.secrets import without_password
from tests.harness.database import Database
from tests.harness.pgtap_file import Source
from tests.harness.session import session_of

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

    @cached_property
    def source(self) -> Source:
        """What the file says about itself."""
        return Source(self.path.read_text("utf-8"))

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each planned assertion."""
        sentences, planned = self.source.sentences, self.source.planned
        if planned is None:
            raise self.CollectError(f"{self.path} has no fixed plan: `select plan(N);`")
        if len(sentences) != planned:
            raise self.CollectError(
                f"{self.path} plans {planned} assertions and has {len(sentences)} sentences. Each"
                " assertion is a statement of its own, and a literal sentence is its last argument."
            )
        seen: Counter[str] = Counter()
        for number, sentence in enumerate(sentences, start=1):
            seen[sentence] += 1
            again = f" ({seen[sentence]})" if seen[sentence] > 1 else ""
            item = SqlAssertion.from_parent(self, name=f"{sentence}{again}")
            item.number = number
            yield cast("pytest.Item", item)

    @cached_property
    def outcome(self) -> Run:
        """What the file's run returned; the first assertion that asks runs it for all."""
        session = session_of(self.config)
        database: AbstractContextManager[Database] = (
            session.shared_clone() if self.source.rolls_back else session.clone()
        )
        with database as opened:
            return run_file(self.path, opened.dsn)


class SqlAssertion(pytest.Item):
    """One assertion, by its number in the file."""

    number = 0

    def runtest(self) -> None:
        """Look up what the file's run said about this assertion."""
        file = cast("SqlFile", self.parent)
        result = file.outcome.results.get(self.number)
        if result is None:
            raise AssertionFailed(f"Assertion {self.number} did not run.\n{file.outcome.failure}")
        if not result.holds:
            raise AssertionFailed("\n".join([result.sentence, *result.diagnostics]))
        if self.number == file.source.planned:
            _check_plan(file)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """The assertion's own words, without a Python traceback."""
        if isinstance(excinfo.value, AssertionFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How pytest names it: the file and the sentence."""
        return self.path, None, f"{self.path.name}: {self.name}"


def _check_plan(file: SqlFile) -> None:
    """Fail unless exactly what was planned has run, under the names that pytest shows."""
    run, planned = file.outcome, file.source.planned
    if run.failure or len(run.results) != planned:
        ran = f"{len(run.results)} assertions ran, {planned} are planned."
        raise AssertionFailed(f"{ran}\n{run.failure}")
    for number, sentence in enumerate(file.source.sentences, start=1):
        if run.results[number].sentence != sentence:
            said = run.results[number].sentence
            raise AssertionFailed(f"Assertion {number} is named {sentence!r} and says {said!r}.")


def run_file(path: Path, dsn: str) -> Run:
    """Run a file of assertions as the database's administrator."""
    address, environment = without_password(dsn)
    done = subprocess.run(
        [
            *(postgres_bin() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
            *("-d", address, "-f", path),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        env={**environment, "PGOPTIONS": f"-c search_path={SEARCH_PATH}"},
    )
    return Run(parse(done.stdout), done.stderr.strip() if done.returncode else "")


def parse(output: str) -> dict[int, Result]:
    """The results in pgTAP's output; lines that follow one and begin with # belong to it."""
    results: dict[int, Result] = {}
    latest: Result | None = None
    for line in output.splitlines():
        if match := RESULT.fullmatch(line):
            sentence = (match["sentence"] or "").replace("\\#", "#")
            latest = Result(not match["fails"], sentence)
            results[int(match["number"])] = latest
        elif line.startswith("#") and latest is not None:
            latest.diagnostics.append(line)
    return results
