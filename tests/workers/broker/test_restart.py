"""A lost database is survived, and said once for each connection that lost it."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import psycopg
import pytest

from cli.schema.scratch import create_database
from cli.stack.ports import free_port
from cli.stack.postgres import Cluster
from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.programs import Programs
from workers.broker import PgmqBroker

Send = Callable[..., Any]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A PostgreSQL that this test may stop; durable, as a real one."""
    cluster = Cluster(tmp_path / "db", free_port(), secrets.token_hex(16))
    cluster.init()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        cluster.remove()


def test_postgresql_restarts_under_load(cluster: Cluster, tmp_path: Path) -> None:
    dsn = create_database(cluster, "queues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(pgmq_sql())
        with Programs(Database(dsn, connection), tmp_path) as programs:
            load = send_all(dsn, 400)
            running = [programs.start(lease=2, poll=0.2) for _ in range(2)]
            wait_until(lambda: len(programs.happened()) >= 50)
            cluster.stop()
            time.sleep(3)
            cluster.start()
            programs.db = Database(dsn, psycopg.connect(dsn, autocommit=True))
            wait_until(lambda: programs.db.rows("select 1 from pgmq.q_work") == [])
            assert programs.db.rows("select 1 from pgmq.q_work_dead") == []
            done = programs.db.rows("select distinct key from happened where what = 'done'")
            assert {key for (key,) in done} == load
            programs.db.connection.close()
        for program in running:
            for purpose in ("fetch", "listen", "settle"):
                said = re.findall(rf"The database is lost \({purpose}\)", program.output)
                assert len(said) <= 1, program.output
            assert "The database is lost (fetch)" in program.output
            assert "The database is back (fetch)" in program.output


def test_connections_cut_by_hand_come_back(db: Database, programs: Programs, send: Send) -> None:
    programs.start(lease=2)
    send("note", "before")
    wait_until(lambda: programs.happened("before") == ["done"])
    for round_ in range(3):
        db.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name like 'broker %'"
        )
        send("note", f"after {round_}")
        wait_until(lambda key=f"after {round_}": programs.happened(key) == ["done"])  # type: ignore[misc]


def test_a_sender_hears_that_the_database_is_gone(cluster: Cluster) -> None:
    dsn = create_database(cluster, "queues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(pgmq_sql())
    broker = PgmqBroker(dsn)
    broker.declare_queue("work")
    message: dramatiq.Message[Any] = dramatiq.Message("work", "note", ("x",), {}, {})
    broker.enqueue(message)
    cluster.stop()
    with pytest.raises(dramatiq.errors.ConnectionClosed):
        broker.enqueue(message)
    cluster.start()
    wait_until(lambda: sends(broker, message))
    broker.close()


def sends(broker: PgmqBroker, message: dramatiq.Message[Any]) -> bool:
    try:
        broker.enqueue(message)
    except dramatiq.errors.ConnectionClosed:
        return False
    return True


def send_all(dsn: str, count: int) -> set[object]:
    broker = PgmqBroker(dsn)
    broker.declare_queue("work")
    keys: set[object] = set()
    for number in range(count):
        broker.enqueue(dramatiq.Message("work", "linger", (f"job {number}", 0.01), {}, {}))
        keys.add(f"job {number}")
    broker.close()
    return keys


def pgmq_sql() -> bytes:
    import pgmq

    return (Path(pgmq.__file__).parent / "sql" / "pgmq.sql").read_bytes()
