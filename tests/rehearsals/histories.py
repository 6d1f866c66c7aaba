"""Ten thousand random histories of what people do at once end as an independent checker says."""

from __future__ import annotations

from tests.harness.database import Database
from tests.property.test_histories import play


def test_ten_thousand_histories_end_well(db: Database) -> None:
    play(db, 10_000)
