"""Folders for states that every user may enter, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack import ending
from cli.stack.state import State


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a space in its name; stacks in it are stopped and deleted."""
    place = Path(tempfile.mkdtemp(prefix="front desk "))
    place.chmod(0o755)
    yield place
    for record in list(place.rglob("running.json")):
        state = State(record.parent)
        ending.end(state)
        ending.remove(state)
    shutil.rmtree(place, ignore_errors=True)
