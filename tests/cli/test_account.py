"""As root, the servers' user works also where only root may go."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cli.stack.account import ELSEWHERE, Account, server_account

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="there is only one user to be"),
]


@pytest.fixture
def home(folder: Path) -> Path:
    """A folder that only root enters, as root's home is."""
    place = folder / "home"
    place.mkdir(mode=0o700)
    return place


def test_a_program_that_the_user_cannot_reach_is_copied_with_its_tree(home: Path) -> None:
    account = server_account()
    program = home / "install" / "bin" / "hello"
    program.parent.mkdir(parents=True)
    (program.parent.parent / "greeting").write_text("hello")
    program.write_text('#!/bin/sh\ntest "$(cat "${0%/*}/../greeting")" = hello\n')
    program.chmod(0o755)
    assert not account.can(program)
    copy = account.program(program, tree=home / "install")
    try:
        assert account.can(copy)
        assert account.program(program, tree=home / "install") == copy
    finally:
        shutil.rmtree(copy.parents[2])


def test_a_program_that_the_user_can_run_stays_where_it_is() -> None:
    assert server_account().program(Path("/bin/sh")) == Path("/bin/sh")


def test_data_go_where_the_user_can_work_and_are_found_again(home: Path) -> None:
    account = server_account()
    place = account.folder(home / "db")
    assert ELSEWHERE in place.parents
    assert account.can("/usr/bin/env", "test", "-w", place)
    assert account.folder(home / "db") == place
    account.discard(place)
    assert not place.parent.exists()


def test_data_stay_in_the_state_where_that_works(folder: Path) -> None:
    assert server_account().folder(folder / "db") == folder / "db"


def test_the_caller_needs_no_other_user(home: Path) -> None:
    assert Account().folder(home / "db") == home / "db"
    assert not Account().can("/nowhere/program")
