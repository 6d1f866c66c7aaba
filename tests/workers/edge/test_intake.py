"""Events of payment providers that arrive together are stored together, and each is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

import psycopg
from psycopg_pool import AsyncConnectionPool

from tests.harness.database import Database
from workers.edge.functions.webhooks.intake import Intake

STORED = "select event_id from money.provider_events order by event_id"
COMMITS = "select count(distinct xmin::text) from money.provider_events"
SENT = "select count(*) from pgmq.q_payments"


def event(event_id: str, **fields: object) -> str:
    given = {"provider": "sandbox", "event_id": event_id, "kind": "payment.captured"}
    return json.dumps({**given, "object_reference": "pay_1", "key": None, **fields})


def stored(dsn: str, *events: str, seconds: float = 60) -> list[BaseException | None]:
    """Store events that arrive at the same moment; return what each call was answered."""

    async def store_all() -> list[BaseException | None]:
        kwargs = {"autocommit": True}
        pool = AsyncConnectionPool(dsn, kwargs=kwargs, min_size=1, timeout=seconds, open=False)
        await pool.open()
        try:
            intake = Intake(pool)
            calls: list[Awaitable[None]] = [intake.store(it, it.encode()) for it in events]
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            await pool.close()

    return asyncio.run(store_all())


def test_a_burst_is_stored_in_few_commits_and_each_event_once(db: Database) -> None:
    burst = [event(f"evt_{number:02}") for number in range(40)]
    assert stored(db.dsn, *burst, *burst[:5]) == [None] * 45
    assert db.rows(STORED) == [(f"evt_{number:02}",) for number in range(40)]
    [(commits,)] = db.rows(COMMITS)
    assert commits == 1
    assert db.rows(SENT) == [(40,)]
    assert stored(db.dsn, *burst) == [None] * 40
    assert db.rows(SENT) == [(40,)], "the same events again send nothing"


def test_an_event_that_cannot_be_stored_holds_up_no_other(db: Database) -> None:
    wrong = event("evt_wrong", key="nul \0")
    first, second, third = stored(db.dsn, event("evt_1"), wrong, event("evt_2"))
    assert (first, third) == (None, None)
    assert isinstance(second, psycopg.DataError)
    assert db.rows(STORED) == [("evt_1",), ("evt_2",)]


def test_without_a_database_every_call_hears_of_it() -> None:
    nowhere = "host=127.0.0.1 port=9 dbname=none"
    answers = stored(nowhere, event("evt_1"), event("evt_2"), seconds=0.1)
    assert [isinstance(it, psycopg.OperationalError) for it in answers] == [True, True]


def test_an_event_of_which_nothing_follows_keeps_no_bytes(db: Database) -> None:
    assert stored(db.dsn, event("evt_1", object_reference=None)) == [None]
    assert db.rows("select state::text, raw from money.provider_events") == [("ignored", b"")]
    assert db.rows(SENT) == [(0,)]
