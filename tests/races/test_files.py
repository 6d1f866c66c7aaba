"""People who send files at the same moment share the room, and a gallery keeps its order."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.harness.acting import answer, number, together
from tests.harness.database import Database

OPEN = """
    select public.create_upload(
        'business:' || tests.id('Salon'), 'gallery', 'a.png', '1000', 'image/png'
    )
"""
COMPLETE = "select public.complete_upload(%s)"


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon whose owner is called `customer`, because that one acts."""
    db.connection.execute(
        "select tests.person('customer'), tests.business('Salon', owned_by => 'customer')"
    )
    return db


def test_uploads_at_the_same_time_never_exceed_the_quota(salon: Database) -> None:
    salon.connection.execute("update files.settings set max_bytes_for_business = 5500")
    answers = together(16, lambda _: answer(salon, OPEN))
    assert answers == Counter(ok=5, quota_exceeded=11)
    assert number(salon, "select sum(bytes) from files.uploads") == 5000


def test_uploads_at_the_same_time_never_exceed_the_number_of_a_kind(salon: Database) -> None:
    salon.connection.execute("update files.kinds set max_number = 3")
    assert together(12, lambda _: answer(salon, OPEN)) == Counter(ok=3, limit_reached=9)


def test_files_completed_at_the_same_time_stand_behind_each_other(salon: Database) -> None:
    for _ in range(8):
        assert answer(salon, OPEN) == "ok"
    salon.connection.execute(
        """insert into storage.objects (bucket_id, name, metadata)
        select bucket, object_name, '{"size": 1000, "mimetype": "image/png"}' from files.uploads"""
    )
    uploads = [row[0] for row in salon.rows("select id from files.uploads")]
    answers = together(16, lambda turn: answer(salon, COMPLETE, str(uploads[turn // 2])))
    assert answers == Counter(ok=16)
    rows = salon.rows("select position, is_featured from business.business_media order by 1")
    assert [tuple(row) for row in rows] == [(place, place == 1) for place in range(1, 9)]
