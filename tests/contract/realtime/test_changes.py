"""Changed rows by clients that nobody here wrote, in both serializers and as a stream."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from realtime import AsyncRealtimeClient, RealtimePostgresChangesListenEvent

from tests.contract.conftest import Town
from tests.contract.realtime.conftest import DEADLINE, Live, Raw, events

TABLE = "service_categories"


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_realtime_js_follows_rows(live: Live, town: Town, vsn: str) -> None:
    done = live.script(
        "changes.mjs",
        vsn=vsn,
        ownerToken=live.stack.token(town.ids["owner"]),
        rivalToken=live.stack.token(town.ids["other_owner"]),
        business=town.ids["salon"],
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"done": True}


def test_realtime_py_follows_rows(live: Live, town: Town) -> None:
    async def story() -> None:
        client = AsyncRealtimeClient(live.url, live.stack.token(town.ids["owner"]))
        got: asyncio.Queue[Any] = asyncio.Queue()
        said: asyncio.Queue[Any] = asyncio.Queue()
        channel = client.channel("rows").on_system(said.put_nowait)
        channel.on_postgres_changes(
            RealtimePostgresChangesListenEvent.Insert,
            got.put_nowait,
            table=TABLE,
            filter=f"business_id=eq.{town.ids['salon']},name=like.Python%",
            select=["name"],
        )
        await channel.subscribe()
        assert (await said.get()).message == "Subscribed to PostgreSQL"
        await asyncio.to_thread(_insert, town, "not followed")
        await asyncio.to_thread(_insert, town, "Python follows")
        data = (await got.get())["data"]
        assert (data["type"], data["table"], data["errors"]) == ("INSERT", TABLE, None)
        assert data["record"]["name"] == "Python follows"
        assert "position" not in data["record"]
        assert got.empty()
        refused = client.channel("nothing")
        refused.on_postgres_changes(
            RealtimePostgresChangesListenEvent.All, got.put_nowait, table="no_such_view"
        )
        states: asyncio.Queue[Any] = asyncio.Queue()
        await refused.subscribe(lambda state, error: states.put_nowait(str(error)))
        assert await states.get() == "None", "the join itself succeeds"
        assert "no_such_view" in await states.get()
        await client.close()

    asyncio.run(asyncio.wait_for(story(), DEADLINE))


def test_a_stream_that_comes_back_has_the_rows_that_it_missed(live: Live, town: Town) -> None:
    bindings = [{"event": "INSERT", "schema": "public", "table": TABLE}]
    given = {
        "access_token": live.stack.token(town.ids["owner"]),
        "postgres_changes": json.dumps(bindings),
    }
    with events(live, **given) as stream:
        assert [next(stream)[1] for _ in range(2)] == ["", "system"]
        _insert(town, "Streamed")
        at, name, data = next(stream)
        assert (name, data["data"]["record"]["name"]) == ("postgres_changes", "Streamed")
    _insert(town, "Missed")
    with events(live, after=at, **given) as stream:
        found = next(stream)
        while found[1] != "postgres_changes":
            found = next(stream)
        assert found[2]["data"]["record"]["name"] == "Missed"
    wrong = {**given, "postgres_changes": '[{"event": "*", "table": "no_such_view"}]'}
    with live.stack.client() as client:
        answer = client.get("/realtime/v1/sse", params=wrong)
    assert answer.status_code == 400
    assert "no_such_view" in answer.json()["error"]


def test_a_new_token_in_time_leaves_no_gap_and_no_double(live: Live, town: Town, raw: Raw) -> None:
    def token(seconds: int) -> str:
        return live.stack.token(town.ids["owner"], exp=int(time.time()) + seconds)

    name = f"Refreshed {time.time_ns()}"
    bindings = [{"event": "INSERT", "schema": "public", "table": TABLE}]
    assert raw.join("rows", token(3600), postgres_changes=bindings)["status"] == "ok"
    assert raw.until("system")["payload"]["status"] == "ok"
    for n in range(20):
        if n % 5 == 2:
            raw.send("rows", "access_token", {"access_token": token(3600 + n)})
        _insert(town, f"{name} {n}")
    got = [raw.until("postgres_changes")["payload"]["data"]["record"]["name"] for _ in range(20)]
    assert got == [f"{name} {n}" for n in range(20)]
    raw.send("rows", "phx_leave", {})
    assert raw.read()["event"] == "phx_reply", "nothing came twice"


def _insert(town: Town, name: str) -> None:
    town.run(
        "insert into catalog.service_categories (business_id, name) values (%s, %s)",
        town.ids["salon"],
        name,
    )
