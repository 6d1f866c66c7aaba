"""Broadcasts of the database arrive once, after their commit, however transactions overlap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from tests.harness.database import Database
from workers.edge.realtime import database_broadcast
from workers.edge.realtime.interfaces import Message

SEND = "select realtime.send(jsonb_build_object('n', %s::integer), 'said', 'room', %s)"


@dataclass(frozen=True)
class Login:
    db_url: str


class Heard(list[Message]):
    """What was delivered; waits for as many messages as are expected."""

    async def until(self, count: int) -> list[bytes]:
        for _ in range(6000):
            if len(self) >= count:
                return [message.payload.partition(b",")[0] for message in self]
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self)} of {count} messages were delivered")


@asynccontextmanager
async def listening(db: Database) -> AsyncIterator[tuple[database_broadcast.Broadcasts, Heard]]:
    """Deliver with the rights of the role realtime, and nothing of what was sent before."""
    heard = Heard()
    login = Login(make_conninfo(db.dsn, options="-c role=realtime"))
    async with database_broadcast.running(login, heard.append) as broadcasts:
        while not heard:  # until it listens
            db.rows(SEND, 0, False)
            await asyncio.sleep(0.05)
        db.rows("select realtime.send('{}', 'ready', 'room', false)")
        while heard[-1].event != "ready":
            await asyncio.sleep(0.01)
        heard.clear()
        yield broadcasts, heard


def test_a_broadcast_arrives_after_its_commit_and_not_before(db: Database) -> None:
    async def play() -> None:
        async with listening(db) as (_, heard):
            with psycopg.connect(db.dsn) as slow, psycopg.connect(db.dsn) as undone:
                slow.execute(SEND, (1, True))
                undone.execute(SEND, (2, True))
                db.rows(SEND, 3, True)
                assert await heard.until(1) == [b'{"n": 3']
                undone.rollback()
                slow.commit()
                assert await heard.until(2) == [b'{"n": 3', b'{"n": 1']
            db.rows(SEND, 4, True)
            assert (await heard.until(3))[2:] == [b'{"n": 4']
            assert all(message.is_private and message.id for message in heard)

    asyncio.run(play())


def test_transactions_that_overlap_are_delivered_once_each(db: Database) -> None:
    async def send(first: int) -> None:
        async with await psycopg.AsyncConnection.connect(db.dsn) as connection:
            for n in range(first, first + 30):
                await connection.execute(SEND, (n, False))
                await asyncio.sleep(0.003)
                await connection.commit()

    async def play() -> None:
        async with listening(db) as (_, heard):
            await asyncio.gather(*(send(100 * i) for i in range(4)))
            payloads = await heard.until(120)
            numbers = [int(payload.rpartition(b" ")[2]) for payload in payloads]
            assert sorted(numbers) == sorted(100 * i + n for i in range(4) for n in range(30))
            for i in range(4):
                assert [n for n in numbers if n // 100 == i] == list(range(100 * i, 100 * i + 30))

    asyncio.run(play())


def test_a_lost_connection_loses_no_broadcast(db: Database) -> None:
    async def play() -> None:
        async with listening(db) as (_, heard):
            db.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where query like '%messages_since%' and pid <> pg_backend_pid()"
            )
            db.rows(SEND, 1, True)
            assert await heard.until(1) == [b'{"n": 1']

    asyncio.run(play())


def test_bytes_arrive_as_bytes(db: Database) -> None:
    async def play() -> None:
        async with listening(db) as (_, heard):
            db.rows("select realtime.send_binary('\\x00ff', 'said', 'room', true)")
            await heard.until(1)
            assert (heard[0].payload, heard[0].is_binary) == (b"\x00\xff", True)

    asyncio.run(play())


def test_the_newest_private_messages_of_a_topic_are_replayed_in_order(db: Database) -> None:
    async def play() -> None:
        async with listening(db) as (broadcasts, heard):
            for n in range(5):
                db.rows(SEND, n, n != 3)
            db.rows("select realtime.send('{}', 'said', 'elsewhere', true)")
            await heard.until(6)
            replayed = await broadcasts.replay("room", since_ms=0, limit=3)
            assert [message.payload[:7] for message in replayed] == [
                b'{"n": 1', b'{"n": 2', b'{"n": 4',
            ]  # fmt: skip
            assert [message.id for message in replayed] == [
                m.id for m in heard if m.topic == "room" and m.is_private
            ][-3:]
            last = replayed[-1].sent_ms or 0
            assert len(await broadcasts.replay("room", since_ms=last + 1, limit=25)) == 0

    asyncio.run(play())
