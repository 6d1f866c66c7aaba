"""docs/rehearsals.md has results of rehearsals that exist, and only whole rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.commands import rehearse
from cli.refusal import Refusal

ROW = re.compile(
    r"\| (\w+) \| \d{4}-\d\d-\d\d \| [0-9a-f]{7,}\+? \| (?:passed|failed) \| [\d.]+ \|"
)


def rows(page: Path) -> list[str]:
    """What the table has below its heading."""
    return page.read_text("utf-8").split("| --- |\n")[1].splitlines()


def test_every_kept_result_is_of_a_rehearsal_that_exists() -> None:
    for row in rows(rehearse.RECORD):
        kept = ROW.fullmatch(row)
        assert kept, row
        assert kept[1] in rehearse.names(), row


def test_every_rehearsal_says_what_it_shows() -> None:
    for name, said in rehearse.names().items():
        assert said.endswith("."), name


def test_a_result_is_one_more_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "rehearsals.md"
    page.write_text(rehearse.RECORD.read_text("utf-8"), "utf-8")
    before = rows(page)
    monkeypatch.setattr(rehearse, "RECORD", page)
    rehearse._keep("kills", "0123abc+", "failed", 2.25)
    *kept, added = rows(page)
    assert kept == before
    assert ROW.fullmatch(added)


def test_a_rehearsal_that_does_not_exist_is_refused_with_the_next_step() -> None:
    with pytest.raises(Refusal, match="There is no rehearsal nothing") as refusal:
        rehearse.rehearse("nothing")
    assert "./frontdesk rehearse" in refusal.value.next_step
