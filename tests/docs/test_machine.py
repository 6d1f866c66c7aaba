"""The life of a booking is drawn from the table that decides it."""

from __future__ import annotations

from cli.options import ROOT
from tests.harness.database import Database

STEPS = """
    select from_status::text, to_status::text, actors::text[], guard::text, due::text
    from scheduling.booking_transitions
    order by from_status, to_status
"""
SAID = {
    "after_start": "after the start",
    "check_in_open": "once check-in is open",
    "paid": "once it is paid",
    "hold_expires_at": "when the hold ends",
}


def drawn(db: Database) -> str:
    """The machine as docs/scheduling.md shows it."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for was, becomes, actors, guard, due in db.rows(STEPS):
        by = ", ".join(actors) or "the system"  # type: ignore[arg-type]
        if due:
            by = f"by itself, {SAID.get(str(due), 'at the start')}"
        guarded = f", {SAID[str(guard)]}" if guard else ""
        lines.append(f"    {was} --> {becomes}: {by}{guarded}")
    return "\n".join([*lines, "```"])


def test_the_life_of_a_booking_is_drawn_from_its_table(db: Database) -> None:
    assert drawn(db) in (ROOT / "docs" / "scheduling.md").read_text("utf-8"), drawn(db)
