"""Clients that nobody here wrote, unmodified: each method with success and with its error."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from realtime import AsyncRealtimeChannel, AsyncRealtimeClient, RealtimeSubscribeStates
from realtime.exceptions import RealtimeHTTPError
from realtime.types import RealtimeAcknowledgementStatus

from tests.contract.realtime.conftest import DEADLINE, Live

PRIVATE: dict[str, Any] = {"broadcast": {"self": True}, "presence": {"key": "ada"}, "private": True}
Inbox = asyncio.Queue[Any]


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_realtime_js_does_all_that_it_can(live: Live, vsn: str) -> None:
    for n in (1, 2, 3):
        live.send(f"{live.name}:read", f"stored-{vsn}", {"n": n})
    done = live.script("realtime.mjs", vsn=vsn)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"done": True}


async def subscribed(
    channel: AsyncRealtimeChannel, expected: RealtimeSubscribeStates
) -> tuple[Inbox, str]:
    """Subscribe; return the later states, and the words of the first one's error."""
    states: Inbox = asyncio.Queue()
    await channel.subscribe(lambda state, error: states.put_nowait((state, str(error))))
    state, error = await states.get()
    assert state == expected, error
    return states, error


def test_realtime_py_does_all_that_it_can(live: Live) -> None:
    async def story() -> None:
        async with asyncio.timeout(DEADLINE):
            await _broadcasts(live)
            await _pushes(live)
            await _replay(live)
            await _presence(live)
            await _tokens(live)

    asyncio.run(story())


async def _broadcasts(live: Live) -> None:
    client, other = (AsyncRealtimeClient(live.url, live.token()) for _ in range(2))
    got: Inbox = asyncio.Queue()
    topic = f"{live.name}:write"
    listener = other.channel(topic, {"config": PRIVATE}).on_broadcast("news", got.put_nowait)  # type: ignore[typeddict-item]
    await subscribed(listener, RealtimeSubscribeStates.SUBSCRIBED)
    sender = client.channel(topic, {"config": PRIVATE})  # type: ignore[typeddict-item]
    await subscribed(sender, RealtimeSubscribeStates.SUBSCRIBED)
    await sender.send_broadcast("news", {"n": 1})
    assert (await got.get())["payload"] == {"n": 1}
    await sender.http_send("news", {"n": 2})
    assert (await got.get())["payload"] == {"n": 2}
    await sender.http_send("news", b"bytes")
    await sender.http_send("news", {"n": 3})
    assert (await got.get())["payload"] == {"n": 3}, "bytes have no form in this serializer"
    reader = client.channel(f"{live.name}:read", {"config": PRIVATE})  # type: ignore[typeddict-item]
    with pytest.raises(RealtimeHTTPError, match="permissions to write") as refusal:
        await reader.http_send("news", {})
    assert refusal.value.status == 403
    nobody = other.channel(f"{live.name}:none", {"config": PRIVATE})  # type: ignore[typeddict-item]
    _, error = await subscribed(nobody, RealtimeSubscribeStates.CHANNEL_ERROR)
    assert "Unauthorized: You do not have permissions to read" in error
    await client.remove_channel(sender)
    await client.remove_all_channels()
    await other.remove_all_channels()
    assert not client.is_connected
    assert not other.get_channels()


async def _pushes(live: Live) -> None:
    """What is pushed is answered, with success or an error; nothing is pushed before a join."""
    client = AsyncRealtimeClient(live.url, live.token())
    acked: dict[str, Any] = {**PRIVATE, "broadcast": {"ack": True}}
    channel = client.channel(f"{live.name}:write", {"config": acked})  # type: ignore[typeddict-item]
    with pytest.raises(Exception, match="before joining"):
        await channel.send_broadcast("news", {})
    states, _ = await subscribed(channel, RealtimeSubscribeStates.SUBSCRIBED)
    assert channel.is_joined
    answers: Inbox = asyncio.Queue()

    async def answer(pushed: AsyncRealtimeChannel, event: str, payload: Any) -> tuple[str, Any]:
        push = await pushed.push(event, payload)
        for status in RealtimeAcknowledgementStatus:
            push.receive(status, lambda told, status=status: answers.put_nowait((status, told)))
        found: tuple[str, Any] = await answers.get()
        return found

    sent = {"type": "broadcast", "event": "news", "payload": {}}
    track = {"type": "presence", "event": "track", "payload": {}}
    ok, error = RealtimeAcknowledgementStatus.Ok, RealtimeAcknowledgementStatus.Error
    assert (await answer(channel, "broadcast", sent))[0] == ok
    large = {**sent, "payload": "x" * 3_200_000}
    assert await answer(channel, "broadcast", large) == (error, {"reason": "payload_size_exceeded"})
    assert (await answer(channel, "presence", track))[0] == ok
    reader = client.channel(f"{live.name}:read", {"config": acked})  # type: ignore[typeddict-item]
    await subscribed(reader, RealtimeSubscribeStates.SUBSCRIBED)
    assert await answer(reader, "presence", track) == (error, {"reason": "Unauthorized"})
    await channel.unsubscribe()
    assert (await states.get())[0] == RealtimeSubscribeStates.CLOSED
    assert channel.is_closed
    await client.close()


async def _replay(live: Live) -> None:
    """Stored messages come to somebody who joins a private channel later, and to nobody else."""
    client = AsyncRealtimeClient(live.url, live.token())
    event, got = f"python-{time.time_ns()}", asyncio.Queue[Any]()
    for n in (1, 2):
        await asyncio.to_thread(live.send, f"{live.name}:read", event, {"n": n})
    replay = {"replay": {"since": int(time.time() * 1000) - 60_000, "limit": 1}}
    config: dict[str, Any] = {**PRIVATE, "broadcast": replay}
    channel = client.channel(f"{live.name}:read", {"config": config})  # type: ignore[typeddict-item]
    channel.on_broadcast(event, got.put_nowait)
    await subscribed(channel, RealtimeSubscribeStates.SUBSCRIBED)
    found = await got.get()
    assert (found["payload"]["n"], found["meta"]["replayed"]) == (2, True)
    public = client.channel("room", {"config": {**config, "private": False}})  # type: ignore[typeddict-item]
    _, error = await subscribed(public, RealtimeSubscribeStates.CHANNEL_ERROR)
    assert "Replay is not allowed for public channels" in error
    await client.close()


async def _presence(live: Live) -> None:
    client, other = (AsyncRealtimeClient(live.url, live.token()) for _ in range(2))
    joins: Inbox = asyncio.Queue()
    leaves: Inbox = asyncio.Queue()
    topic = f"{live.name}:write"
    watcher = other.channel(topic, {"config": {**PRIVATE, "presence": {"key": "bob"}}})  # type: ignore[typeddict-item]
    synced: Inbox = asyncio.Queue()
    watcher.on_presence_sync(lambda: synced.put_nowait(list(watcher.presence_state())))
    watcher.on_presence_join(lambda key, _now, new: joins.put_nowait((key, new)))
    watcher.on_presence_leave(lambda key, _now, left: leaves.put_nowait((key, left)))
    await subscribed(watcher, RealtimeSubscribeStates.SUBSCRIBED)
    assert await synced.get() == []
    here = client.channel(topic, {"config": PRIVATE})  # type: ignore[typeddict-item]
    await subscribed(here, RealtimeSubscribeStates.SUBSCRIBED)
    await here.track({"mood": "fine"})
    key, new = await joins.get()
    assert (key, new[0]["mood"]) == ("ada", "fine")
    assert await synced.get() == ["ada"]
    await here.untrack()
    key, left = await leaves.get()
    assert (key, left[0]["mood"]) == ("ada", "fine")
    await here.track({"mood": "gone"})
    await joins.get()
    await client.close()
    assert (await leaves.get())[0] == "ada", "a closed socket has left"
    await other.close()


async def _tokens(live: Live) -> None:
    client = AsyncRealtimeClient(live.url, live.token(), auto_reconnect=False)
    got: Inbox = asyncio.Queue()
    channel = client.channel(f"{live.name}:write", {"config": PRIVATE})  # type: ignore[typeddict-item]
    channel.on_broadcast("*", got.put_nowait)
    states, _ = await subscribed(channel, RealtimeSubscribeStates.SUBSCRIBED)
    await client.set_auth(live.token(seconds=7200))
    await channel.send_broadcast("news", {"n": 1})
    assert (await got.get())["payload"] == {"n": 1}
    await client.set_auth(live.token(seconds=-60))
    state, error = await states.get()
    assert state == RealtimeSubscribeStates.CHANNEL_ERROR
    assert "Token has expired" in error
    await client.close()
    stranger = AsyncRealtimeClient(live.url, "no key", auto_reconnect=False)
    with pytest.raises(Exception, match="401"):
        await stranger.connect()
