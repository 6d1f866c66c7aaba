"""The edge is killed in a burst of changes: clients come back, and know what they missed."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import Any

from realtime import (
    AsyncRealtimeChannel,
    AsyncRealtimeClient,
    RealtimePostgresChangesListenEvent,
    RealtimeSubscribeStates,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.contract.conftest import Town
from tests.contract.realtime.conftest import DEADLINE, Live
from tests.harness.waiting import wait_until

TABLE = "service_categories"
ROWS = 60
INSERT = "insert into catalog.service_categories (business_id, name) values (%s, %s)"


class Burst:
    """Rows that are written one after another, in a thread of its own."""

    def __init__(self, live: Live, business_id: str) -> None:
        self._live, self._business_id = live, business_id
        self._name = f"Burst {time.time_ns()}"
        self.names = [f"{self._name} {n:03}" for n in range(ROWS)]
        self._killed = threading.Event()

    def filter(self) -> dict[str, str]:
        """A binding that fits its rows and no others."""
        return {
            "event": "INSERT",
            "schema": "public",
            "table": TABLE,
            "filter": f"name=like.{self._name}%",
        }

    def write(self) -> None:
        """Write them all, the second half after the edge was killed."""
        with self._live.database() as connection:
            for n, name in enumerate(self.names):
                if n == ROWS // 2:
                    self._killed.wait(DEADLINE)
                connection.execute(INSERT, (self._business_id, name))

    def kill_the_edge(self) -> None:
        """Kill it, and wait until the supervisor has started another."""
        pid = self._live.stack.pid("edge")
        assert pid
        os.kill(pid, signal.SIGKILL)
        self._killed.set()
        wait_until(lambda: self._live.stack.pid("edge") != pid)


def test_with_a_cursor_nothing_is_missed(live: Live, town: Town) -> None:
    burst, token = Burst(live, town.ids["salon"]), live.stack.token(town.ids["owner"])
    got: list[str] = []
    cursor = ""
    with live.socket() as raw:
        raw.join("rows", token, postgres_changes=[burst.filter()])
        assert raw.until("system")["payload"]["status"] == "ok"
        writing = threading.Thread(target=burst.write)
        writing.start()
        try:
            while True:
                payload = raw.until("postgres_changes")["payload"]
                got.append(payload["data"]["record"]["name"])
                cursor = payload["cursor"]
                if len(got) == 3:
                    burst.kill_the_edge()
        except ConnectionClosed:
            writing.join()
    assert len(got) < ROWS, "it was killed before the end"
    wait_until(lambda: answers(live))
    with live.socket() as raw:
        raw.join("rows", token, postgres_changes=[{**burst.filter(), "cursor": cursor}])
        while len(got) < ROWS:
            found = raw.read()
            assert found["event"] != "system", "it is told that it follows after what it missed"
            if found["event"] == "postgres_changes":
                got.append(found["payload"]["data"]["record"]["name"])
        assert raw.until("system")["payload"]["message"] == "Subscribed to PostgreSQL"
    assert got == burst.names


def test_an_unmodified_client_connects_by_itself_and_is_told(live: Live, town: Town) -> None:
    burst = Burst(live, town.ids["salon"])

    async def story() -> None:
        states: asyncio.Queue[RealtimeSubscribeStates] = asyncio.Queue()
        got: asyncio.Queue[str] = asyncio.Queue()
        said: asyncio.Queue[str] = asyncio.Queue()
        rows: asyncio.Queue[Any] = asyncio.Queue()
        client = AsyncRealtimeClient(
            live.url, live.stack.token(town.ids["owner"]), max_retries=30, initial_backoff=0.1
        )
        config: Any = {"broadcast": {}, "presence": {"key": ""}, "private": True}
        topic = f"business:{town.ids['salon']}"
        channel: AsyncRealtimeChannel = client.channel(topic, {"config": config})
        channel.on_broadcast("back", lambda payload: got.put_nowait(payload["event"]))
        channel.on_system(lambda told: said.put_nowait(told.message))
        channel.on_postgres_changes(
            RealtimePostgresChangesListenEvent.Insert,
            rows.put_nowait,
            table=TABLE,
            filter=burst.filter()["filter"],
        )
        await channel.subscribe(lambda state, _error: states.put_nowait(state))
        assert await states.get() == RealtimeSubscribeStates.SUBSCRIBED
        assert await said.get() == "Subscribed to PostgreSQL"
        writing = asyncio.create_task(asyncio.to_thread(burst.write))
        await rows.get()
        await asyncio.to_thread(burst.kill_the_edge)
        assert await states.get() == RealtimeSubscribeStates.CHANNEL_ERROR
        assert await states.get() == RealtimeSubscribeStates.SUBSCRIBED
        assert await said.get() == "Subscribed to PostgreSQL", "so it may read the view again"
        await writing
        live.send(topic, "back", {"n": 1})
        assert await got.get() == "back"
        await client.close()

    asyncio.run(asyncio.wait_for(story(), DEADLINE))


def answers(live: Live) -> bool:
    """Whether the next edge takes sockets."""
    try:
        with live.socket():
            return True
    except (InvalidStatus, OSError):
        return False
