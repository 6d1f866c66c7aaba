"""The statements that Realtime asks the database, each in a file of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import LiteralString

PATIENCE = 5.0  # seconds that somebody waits for a connection
FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> LiteralString:
    """Return the text of a statement's file, which is as safe as a literal."""
    return (FOLDER / f"{name}.sql").read_text("utf-8")
