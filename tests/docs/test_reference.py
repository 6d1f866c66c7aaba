"""docs/reference is what the comments in sql/ say now."""

from __future__ import annotations

from cli.options import ROOT
from cli.schema import CHECKOUT
from cli.schema.reference import reference_pages
from tests.harness.catalog import EXPOSED
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

FOLDER = ROOT / "docs" / "reference"


def written() -> dict[str, str]:
    """The pages as they are in the checkout."""
    return {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}


def test_the_reference_is_up_to_date(databases: DatabaseSession) -> None:
    pages = reference_pages(databases.declared, EXPOSED, CHECKOUT)
    stale = {name for name in pages | written() if pages.get(name) != written().get(name)}
    assert stale == set(), "write them again: ./frontdesk gen reference"


def test_a_changed_comment_makes_a_page_stale(databases: DatabaseSession, db: Database) -> None:
    db.connection.execute("drop schema tests cascade")
    before = reference_pages(db.dsn, EXPOSED, CHECKOUT)
    db.connection.execute("comment on view public.currencies is 'Money of the world.'")
    after = reference_pages(db.dsn, EXPOSED, CHECKOUT)
    changed = [text for name, text in after.items() if text != before[name]]
    assert len(changed) == 1
    assert "### currencies\n\nMoney of the world.\n" in changed[0]
