"""Ten thousand random histories of what people do at once end as an independent checker says."""

from __future__ import annotations

import pytest

from tests.harness.database import Database
from tests.property.test_histories import play


@pytest.mark.parametrize("first", range(0, 10_000, 200))
def test_two_hundred_histories_end_well(db: Database, first: int) -> None:
    """Each two hundred have a database of their own, which stays small."""
    play(db, range(first, first + 200))
