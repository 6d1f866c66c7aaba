"""`frontdesk logs`: the last lines of a part, and those to come."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.harness.stack import LAUNCHER, run_cli


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state with the logs of two parts."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "postgres.log").write_text("".join(f"line {number}\n" for number in range(50)))
    (logs / "postgres.old.log").write_text("ancient\n")
    (logs / "edge.log").write_text("hello \x1b[31m\n")
    return tmp_path


def test_the_last_lines_are_shown_by_part(state: Path) -> None:
    done = run_cli("logs", "-n", "2", "--state", state)
    assert done.stdout == "edge | hello �[31m\npostgres | line 48\npostgres | line 49\n"
    done = run_cli("logs", "postgres", "--state", state)
    assert done.stdout.splitlines() == [f"line {number}" for number in range(30, 50)]


def test_a_part_that_is_not_there_is_answered_with_the_nearest(state: Path) -> None:
    done = run_cli("logs", "postgrs", "--state", state)
    assert done.returncode == 1
    assert "Did you mean postgres?" in done.stderr
    done = run_cli("logs", "--state", state / "none")
    assert "up" in done.stderr and done.returncode == 1


@pytest.fixture
def following(state: Path) -> Iterator[IO[str]]:
    """The output of `logs -f edge`, which is ended afterwards."""
    command = [LAUNCHER, "logs", "-f", "-n", "1", "edge", "--state", state]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout
    process.terminate()
    process.wait()


def test_new_lines_are_followed_into_a_new_file(state: Path, following: IO[str]) -> None:
    log = state / "logs" / "edge.log"
    assert following.readline().startswith("hello")
    with log.open("a") as file:
        file.write("more\n")
    assert following.readline() == "more\n"
    log.rename(state / "logs" / "edge.old.log")
    log.write_text("afresh\n")
    assert following.readline() == "afresh\n"
