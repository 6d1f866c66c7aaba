"""In a database that has pgmq and nothing of Frontdesk, the broker makes what it needs itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import dramatiq
import psycopg
import pytest

from cli import schema
from cli.schema.scratch import create_database, drop_database
from tests.harness.database import Database, opened
from tests.harness.session import DatabaseSession
from workers.broker import PgmqBroker


@pytest.fixture
def bare(databases: DatabaseSession) -> Iterator[Database]:
    """A database with pgmq only."""
    source = resources.files("pgmq") / "sql" / "pgmq.sql"
    dsn = create_database(databases.cluster, "bare")
    with opened(dsn) as database, resources.as_file(source) as path:
        schema.run_file(database.connection, path)
        yield database
    drop_database(databases.cluster, "bare")


def test_the_first_message_makes_the_queue_and_wakes_the_workers(bare: Database) -> None:
    with psycopg.connect(bare.dsn, autocommit=True) as listener:
        listener.execute('listen "pgmq.q_work.INSERT"')
        send(bare, "work")
        assert len(list(listener.notifies(timeout=120, stop_after=1))) == 1
    assert bare.rows("select message ->> 'actor_name' from pgmq.q_work") == [("note",)]
    assert bare.rows("select queue_name from pgmq.meta order by 1") == [("work",), ("work_dead",)]


def test_several_processes_may_make_queues_at_once(bare: Database) -> None:
    names = [f"queue_{number}" for number in range(6)] * 2
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: send(bare, name), names))
    assert bare.rows("select count(*) from pgmq.meta") == [(12,)]


def send(database: Database, queue: str) -> None:
    broker = PgmqBroker(database.dsn)
    broker.declare_queue(queue)
    broker.enqueue(dramatiq.Message(queue, "note", (), {}, {}))
    broker.close()
