"""Whoever comes back gets what they missed, or is told that nobody knows it any more."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import psycopg
import pytest

from cli.options import ROOT
from cli.schema import scratch
from cli.schema.loading import install_platform
from tests.harness.database import Database
from tests.harness.row_changes import Login, Town, built, follow, following, on, steps
from workers.edge.realtime import changes, database_broadcast
from workers.edge.realtime.interfaces import Change, Message, RefusedError


@pytest.fixture
def town(db: Database) -> Iterator[Town]:
    yield from built(db)


def test_somebody_who_comes_back_with_a_cursor_gets_what_they_missed(town: Town) -> None:
    """Also from the next server, when the one before was killed."""

    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("invitations"))
            town.invite("Salon", "a@example.com")
            await heard.until(1)
            cursor = cast("Change", heard[-1]).cursor
        missed = [town.invite("Salon", f"{n}@example.com") for n in range(20)]
        town.invite("Other", "b@example.com")
        async with following(town) as feed:
            again, _ = await follow(feed, town.claims("owner"), on("invitations", cursor=cursor))
            later = town.invite("Salon", "z@example.com")
            assert [one for _, one in steps(await again.until(21))] == [*missed, later]
            assert again.notices() == ["Subscribed to PostgreSQL"]
            last = cast("Change", again[-1]).cursor
            once_more, _ = await follow(feed, town.claims("owner"), on("invitations", cursor=last))
            assert once_more.changes() == []

    asyncio.run(play())


def test_a_server_that_is_killed_in_a_burst_loses_and_repeats_nothing(town: Town) -> None:
    command = [sys.executable, "-m", "tests.workers.edge.following", town.db.dsn]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        assert json.loads(server.stdout.readline()) == {"said": "Subscribed to PostgreSQL"}
        for n in range(150):
            town.close_on("Salon", 1, str(n))
            if n == 75:
                server.kill()
        seen = [json.loads(line) for line in server.stdout]
    titles = [each["title"] for each in seen]
    assert titles == [str(n) for n in range(len(titles))]

    async def play() -> None:
        cursor = {"cursor": seen[-1]["cursor"]} if seen else {}
        async with following(town) as feed:
            binding = {"event": "INSERT", "schema": "public", "table": "closures", **cursor}
            heard, _ = await follow(feed, {"role": "service_role"}, binding)
            missed = [each["record"]["title"] for each in await heard.until(150 - len(seen))]
            assert [*titles, *missed] == [str(n) for n in range(150)]
            assert heard.notices() == ["Subscribed to PostgreSQL"]

    if seen:  # else it was killed before it said anything, and there is no cursor
        asyncio.run(play())


def test_somebody_who_missed_deletions_is_told_to_reload(town: Town) -> None:
    """Nobody knows who could see a row that went while no server ran; a server that ran knows."""

    async def play() -> None:
        async with following(town) as feed:
            heard, follower = await follow(feed, town.claims("owner"), on("invitations"))
            town.invite("Salon", "a@example.com")
            await heard.until(1)
            cursor = cast("Change", heard[-1]).cursor
            other, _ = await follow(feed, town.claims("ann"), on("invitations"))
            follower.close()
            town.do("delete from business.invitations")
            await other.until(1)
            again, _ = await follow(feed, town.claims("owner"), on("invitations", cursor=cursor))
            assert [each["type"] for each in await again.until(1)] == ["DELETE"]
            assert again.notices() == ["Subscribed to PostgreSQL"]
        async with following(town) as feed:
            again, _ = await follow(feed, town.claims("owner"), on("invitations", cursor=cursor))
            assert again.notices()[0] == "Rows were deleted meanwhile: reload what you show"

    asyncio.run(play())


@pytest.mark.parametrize("cursor", ["0.1.1", "1.0.1", "1.ffffffffff.1", "nonsense", ""])
def test_a_cursor_that_is_too_old_or_unknown_is_said_to_be(town: Town, cursor: str) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("closures", cursor=cursor))
            expected = ["The cursor is too old: reload what you show", "Subscribed to PostgreSQL"]
            assert heard.notices() == (expected if cursor else expected[1:])

    asyncio.run(play())


def test_a_lost_connection_loses_and_repeats_nothing(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("closures"))
            town.close_on("Salon", 1)
            await heard.until(1)
            town.do(
                "select pg_terminate_backend(active_pid) from pg_replication_slots where active"
            )
            town.close_on("Salon", 2)
            town.close_on("Salon", 3)
            found = await heard.until(3)
            assert [each["record"]["starts_on"][-2:] for each in found] == ["02", "03", "04"]
            assert heard.notices() == ["Subscribed to PostgreSQL"]

    asyncio.run(play())


def test_a_slot_whose_wal_is_gone_is_made_anew_and_followers_are_told(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("closures"))
            town.do("select _realtime.stop_changes()")
            town.do(
                "select pg_terminate_backend(active_pid) from pg_replication_slots where active"
            )
            await heard.until_told("Changes were lost: reload what you show")
            town.close_on("Salon", 1)
            await heard.until(1)

    asyncio.run(play())


def test_a_slot_that_nobody_reads_is_dropped_at_its_limit(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            await follow(feed, town.claims("owner"), on("closures"))

    asyncio.run(play())
    assert town.db.rows("select _realtime.drop_abandoned_slot()") == [(False,)]
    town.do("select pg_switch_wal()")
    town.close_on("Salon", 1)
    assert town.db.rows("select _realtime.drop_abandoned_slot(1)") == [(True,)]
    assert town.db.rows("select from pg_replication_slots where slot_name = _realtime.slot()") == []


def test_without_logical_wal_rows_are_refused_in_words_and_broadcasts_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scratch, "SETTINGS", {**scratch.SETTINGS, "wal_level": "replica"})
    messages: list[Message] = []

    async def play(login: Login) -> None:
        async with (
            changes.running(login) as feed,
            database_broadcast.running(login, messages.append),
            await psycopg.AsyncConnection.connect(login.db_url, autocommit=True) as connection,
        ):
            with pytest.raises(RefusedError, match="its wal_level is replica, not logical"):
                await feed.subscribe({"role": "anon"}, [on("closures")], print)
            while not messages:
                await connection.execute("select realtime.send('{}', 'said', 'room', false)")
                await asyncio.sleep(0.05)

    with scratch.scratch_cluster() as cluster:
        dsn = scratch.create_database(cluster, "plain")
        install_platform(dsn)
        asyncio.run(play(Login(dsn)))
    assert messages[0].topic == "room"


def test_a_slot_that_nobody_reads_keeps_its_limit_and_no_write_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL lets go of the WAL at the limit; the next server makes the slot anew."""
    limited = {**scratch.SETTINGS, "max_slot_wal_keep_size": "1MB"}
    monkeypatch.setattr(scratch, "SETTINGS", limited)
    start = "select is_new from _realtime.start_changes()"
    status = "select wal_status from pg_replication_slots where slot_name = _realtime.slot()"
    with scratch.scratch_cluster() as cluster:
        dsn = scratch.create_database(cluster, "limited")
        install_platform(dsn)
        with psycopg.connect(dsn, autocommit=True) as server:
            assert server.execute(start).fetchall() == [(True,)]
        with psycopg.connect(dsn, autocommit=True) as writer:
            writer.execute("create table written (n integer)")
            for n in range(3):
                writer.execute("insert into written values (%s)", (n,))
                writer.execute("select pg_switch_wal()")
            writer.execute("checkpoint")
            assert writer.execute(status).fetchall() == [("lost",)]
            writer.execute("insert into written values (3)")
        with psycopg.connect(dsn, autocommit=True) as server:
            assert server.execute(start).fetchall() == [(True,)]
            assert server.execute(status).fetchall() == [("reserved",)]
