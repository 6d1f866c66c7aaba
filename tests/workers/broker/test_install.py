"""`python -m workers.broker install` makes what results and rate limits need, again and again."""

from __future__ import annotations

import subprocess
import sys

from cli.options import ROOT
from tests.harness.database import Database


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers.broker", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_installing_twice_changes_nothing(db: Database) -> None:
    assert run("install", db.dsn).returncode == 0
    db.rows("insert into dramatiq.results values ('k', '', now()) returning key")
    assert run("install", db.dsn).returncode == 0
    assert db.rows("select key from dramatiq.results") == [("k",)]
    assert db.rows("select key from dramatiq.rate_limits") == []


def test_without_a_database_it_says_how() -> None:
    done = run("install")
    assert done.returncode == 2
    assert "usage: python -m workers.broker install CONNINFO" in done.stderr
