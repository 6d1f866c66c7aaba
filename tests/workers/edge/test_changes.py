"""Row changes reach those who may see the row: once, in commit order, after the commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import psycopg
import pytest

from tests.harness.database import Database
from tests.harness.row_changes import Town, built, follow, following, on, steps
from workers.edge.realtime.changes import delivering
from workers.edge.realtime.changes.catalog import Connection, View
from workers.edge.realtime.changes.history import Entry, Position
from workers.edge.realtime.changes.rows import Answer, Question
from workers.edge.realtime.changes.wire import written
from workers.edge.realtime.interfaces import Change, Notice, RefusedError


@pytest.fixture
def town(db: Database) -> Iterator[Town]:
    yield from built(db)


def test_a_change_reaches_whoever_may_see_the_row_and_nobody_else(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            owner, _ = await follow(feed, town.claims("owner"), on("invitations"))
            rival, _ = await follow(feed, town.claims("rival"), on("invitations"))
            mine, theirs = town.invite("Salon", "a@example.com"), town.invite("Other", "b@x.de")
            await owner.until(1), await rival.until(1)
            town.do("update business.invitations set revoked_at = now()")
            await owner.until(2), await rival.until(2)
            town.do("delete from business.invitations")
            assert steps(await owner.until(3)) == [
                ("INSERT", mine), ("UPDATE", mine), ("DELETE", mine),
            ]  # fmt: skip
            assert steps(await rival.until(3)) == [
                ("INSERT", theirs), ("UPDATE", theirs), ("DELETE", theirs),
            ]  # fmt: skip
            inserted, updated, deleted = owner.changes()
            assert inserted["record"]["email"] == "a@example.com"
            assert "token_hash" not in inserted["record"]
            assert "old_record" not in inserted
            assert updated["old_record"] == {"id": mine}
            assert "record" not in deleted
            assert deleted["old_record"] == {"id": mine}
            assert {"name": "id", "type": "uuid"} in inserted["columns"]
            assert inserted["errors"] is None

    asyncio.run(play())


def test_a_member_who_was_removed_hears_nothing_more(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            owner, _ = await follow(feed, town.claims("owner"), on("invitations"))
            ann, _ = await follow(feed, town.claims("ann"), on("invitations"))
            first = town.invite("Salon", "a@example.com")
            assert steps(await ann.until(1)) == [("INSERT", first)]
            town.do("delete from business.business_members where user_id = %s", town.ids["ann"])
            second = town.invite("Salon", "b@example.com")
            assert steps(await owner.until(2))[1:] == [("INSERT", second)]
            town.do("delete from business.invitations")
            await owner.until(4)
            assert len(ann.changes()) == 1

    asyncio.run(play())


def test_a_row_is_read_once_for_equal_claims(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many follow, and whenever their tokens were issued."""
    asked: list[int] = []
    read = delivering.read

    async def counted(
        connection: Connection, questions: Sequence[Question]
    ) -> dict[Question, Answer | Notice]:
        asked.append(len(questions))
        return await read(connection, questions)

    monkeypatch.setattr(delivering, "read", counted)

    async def play() -> None:
        async with following(town) as feed:
            owner = town.claims("owner")
            crowd = [
                (await follow(feed, {**owner, "iat": n, "exp": n + 9}, on("invitations")))[0]
                for n in range(5)
            ]
            await follow(feed, town.claims("rival"), on("invitations"))
            town.invite("Salon", "a@example.com")
            for heard in crowd:
                await heard.until(1)

    asyncio.run(play())
    assert max(asked) == 2


def test_a_new_token_is_asked_for_from_the_next_change_on(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, follower = await follow(feed, town.claims("owner"), on("invitations"))
            town.invite("Salon", "a@example.com")
            await heard.until(1)
            follower.renew(town.claims("rival"))
            town.invite("Salon", "b@example.com")
            theirs = town.invite("Other", "c@example.com")
            assert steps(await heard.until(2))[1:] == [("INSERT", theirs)]
            follower.close()
            town.invite("Other", "d@example.com")
            other, _ = await follow(feed, town.claims("rival"), on("invitations"))
            town.invite("Other", "e@example.com")
            await other.until(1)
            assert len(heard.changes()) == 2

    asyncio.run(play())


def test_parallel_transactions_arrive_once_in_commit_order(town: Town) -> None:
    """The order is that of the commits: a row's number never goes back."""
    day = town.close_on("Salon", 1, "0")

    async def count(writer: int) -> None:
        async with await psycopg.AsyncConnection.connect(town.db.dsn) as connection:
            for _ in range(15):
                await connection.execute(
                    "insert into business.closures (business_id, starts_on, ends_on, title)"
                    " values (%s, '2031-02-01', '2031-02-01', %s)", (town.ids["Salon"], writer),
                )  # fmt: skip
                await connection.execute(
                    "update business.closures set title = (title::integer + 1)::text where id = %s",
                    (day,),
                )
                await asyncio.sleep(0.002)
                await connection.commit()

    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("closures"))
            await asyncio.gather(*(count(writer) for writer in range(4)))
            found = await heard.until(120)
            updates = [each for each in found if each["type"] == "UPDATE"]
            inserts = [each["record"]["id"] for each in found if each["type"] == "INSERT"]
            assert (len(updates), len(inserts), len(set(inserts))) == (60, 60, 60)
            titles = [int(each["record"]["title"]) for each in updates]
            assert titles == sorted(titles)
            assert titles[-1] == 60
            cursors = [each.cursor for each in heard if isinstance(each, Change)]
            places = [tuple(int(x, 16) for x in cursor.split(".")[1:]) for cursor in cursors]
            assert places == sorted(set(places))

    asyncio.run(play())


def test_nothing_is_said_before_the_commit_and_nothing_of_what_rolls_back(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(feed, town.claims("owner"), on("closures"))
            with psycopg.connect(town.db.dsn) as slow, psycopg.connect(town.db.dsn) as undone:
                query = (
                    "insert into business.closures (business_id, starts_on, ends_on, title)"
                    " values (%s, '2031-02-01', '2031-02-01', %s)"
                )
                slow.execute(query, (town.ids["Salon"], "slow"))
                undone.execute(query, (town.ids["Salon"], "undone"))
                town.close_on("Salon", 1, "quick")
                await heard.until(1)
                undone.rollback()
                slow.commit()
                found = await heard.until(2)
            assert [each["record"]["title"] for each in found] == ["quick", "slow"]

    asyncio.run(play())


def test_columns_are_thinned_by_select_and_the_key_stays(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            heard, _ = await follow(
                feed, town.claims("owner"), on("closures", select=["title"]), on("closures")
            )
            town.close_on("Salon", 1)
            thin, whole = sorted(await heard.until(2), key=lambda each: len(each["record"]))
            assert set(thin["record"]) == {"id", "title"}
            assert {column["name"] for column in thin["columns"]} == {"id", "title"}
            assert set(whole["record"]) > {"id", "title", "business_id"}

    asyncio.run(play())


def test_a_record_that_is_too_large_loses_its_large_values() -> None:
    view = View("things", 1, 2, ("id",), ("integer",))
    entry = Entry(
        Position(1, 1), datetime(2026, 11, 30, 2, 47, 7, 123456, UTC), 2, "INSERT", ("1",)
    )
    record = json.dumps({"id": 1, "small": "x" * 60, "large": "x" * 1_100_000})
    found = json.loads(written(entry, view, [], record=record, key='{"id": 1}'))
    assert found["record"] == {"id": 1, "small": "x" * 60}
    assert found["errors"] == ["Error 413: Payload Too Large"]
    assert found["commit_timestamp"] == "2026-11-30T02:47:07.123Z"


REFUSALS = {
    "a view that does not exist": (on("nothing"), "Please check Realtime is enabled"),
    "another schema": ({"schema": "business", "table": "closures"}, "Please check Realtime"),
    "a column that does not exist": (on("closures", filter="x=eq.1"), "column for filter x"),
    "a column to select that does not exist": (on("closures", select=["x"]), "column for select x"),
    "a value of another type": (
        on("closures", filter="id=eq.1"),
        'ERROR 22P02 (invalid_text_representation) invalid input syntax for type uuid: "1"',
    ),
    "a pattern for another type": (
        on("closures", filter="id=like.1"),
        "operator like requires a text-compatible column type, got uuid",
    ),
    "a wrong pattern": (
        on("closures", filter="title=match.("),
        "invalid regular expression for match filter: invalid regular expression: parentheses ()",
    ),
    "a word that `is` does not know": (
        on("closures", filter="title=is.nothing"),
        "invalid value for is filter: must be null, true, false, or unknown",
    ),
    "a truth of no boolean": (
        on("closures", filter="title=is.true"), "is true filter requires a boolean column",
    ),
    "too many values": (
        on("closures", filter=f"title=in.({','.join(['a'] * 101)})"),
        "too many values for `in` filter. Maximum 100",
    ),
}  # fmt: skip


def test_what_cannot_be_followed_is_refused_in_supabases_words(town: Town) -> None:
    async def play() -> None:
        async with following(town) as feed:
            for name, (binding, words) in REFUSALS.items():
                with pytest.raises(RefusedError) as refused:
                    await feed.subscribe(town.claims("owner"), [binding], print)
                assert words in str(refused.value), name
            for claims in ({"role": "postgres"}, {"role": "nobody"}, {}):
                with pytest.raises(RefusedError, match="Error 401: Unauthorized"):
                    await feed.subscribe(claims, [on("closures")], print)
            with pytest.raises(RefusedError, match="Error 401: Unauthorized"):
                await feed.subscribe({"role": "anon"}, [on("invitations")], print)

    asyncio.run(play())
