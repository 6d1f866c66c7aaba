"""Two salons, and channels that follow their rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.conninfo import make_conninfo

from tests.harness.database import Database
from workers.edge.realtime import changes
from workers.edge.realtime.changes.followers import Follower
from workers.edge.realtime.interfaces import Change, Notice


class Heard(list[Change | Notice]):
    """What one channel was told."""

    def changes(self) -> list[dict[str, Any]]:
        return [json.loads(each.data) for each in self if isinstance(each, Change)]

    def notices(self) -> list[str]:
        return [each.message for each in self if isinstance(each, Notice)]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """Wait for as many changes."""
        for _ in range(6000):
            if len(found := self.changes()) >= count:
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self.changes())} of {count} changes came: {self}")

    async def until_told(self, message: str) -> None:
        for _ in range(6000):
            if message in self.notices():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{message!r} was not said: {self}")


@dataclass(frozen=True)
class Login:
    db_url: str


@dataclass
class Town:
    """Two salons with their owners."""

    db: Database
    ids: dict[str, str]

    def claims(self, name: str) -> dict[str, Any]:
        return {"role": "authenticated", "sub": self.ids[name], "iat": 1, "exp": 2}

    def do(self, query: str, *arguments: object) -> None:
        self.db.connection.execute(query.encode(), arguments or None)

    def close_on(self, salon: str, day: int, title: str = "closed") -> str:
        rows = self.db.rows(
            "insert into business.closures (business_id, starts_on, ends_on, title)"
            " values (%s, date '2031-01-01' + %s, date '2031-01-01' + %s, %s) returning id::text",
            self.ids[salon], day, day, title,
        )  # fmt: skip
        return str(rows[0][0])

    def invite(self, salon: str, email: str) -> str:
        """Invite somebody: rows that only the owners see."""
        rows = self.db.rows(
            "insert into business.invitations (business_id, email, role, token_hash, expires_at,"
            " invited_by) values (%s, %s, 'staff', sha256(convert_to(%s, 'UTF8')),"
            " now() + interval '1 day', %s) returning id::text",
            self.ids[salon], email, email, self.ids["owner" if salon == "Salon" else "rival"],
        )  # fmt: skip
        return str(rows[0][0])


def built(db: Database) -> Iterator[Town]:
    """The two salons in a database, whose slot ends with the test."""
    for query in (
        "select tests.person(called) from unnest('{owner,ann,rival}'::text[]) as called",
        "select tests.business('Salon', 'owner'), tests.business('Other', 'rival')",
        "select tests.member('ann', 'Salon', 'owner')",
    ):
        db.rows(query)
    rows = db.rows("select name, id::text from tests.names")
    yield Town(db, {str(name): str(key) for name, key in rows})
    # Slots belong to the cluster, and a database with one cannot be dropped.
    for _ in range(1000):
        db.rows("select _realtime.stop_changes()")
        if not db.rows("select from pg_replication_slots where database = current_database()"):
            return


@asynccontextmanager
async def following(town: Town) -> AsyncIterator[changes.Feed]:
    async with changes.running(
        Login(make_conninfo(town.db.dsn, options="-c role=realtime"))
    ) as feed:
        yield feed


async def follow(
    feed: changes.Feed, claims: Mapping[str, Any], *bindings: Mapping[str, Any]
) -> tuple[Heard, Follower]:
    """Subscribe, and wait until it follows."""
    heard = Heard()
    follower = await feed.subscribe(claims, bindings, heard.append)
    await heard.until_told("Subscribed to PostgreSQL")
    return heard, follower


def on(table: str, **rest: Any) -> dict[str, Any]:
    return {"event": "*", "schema": "public", "table": table, **rest}


def steps(found: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """The kinds of changes, and the ids of their rows."""
    return [(each["type"], (each.get("record") or each["old_record"])["id"]) for each in found]
