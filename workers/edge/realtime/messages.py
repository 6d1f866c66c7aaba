"""What a client sends on a channel that it has joined."""

from __future__ import annotations

from typing import Any

from workers.edge.realtime.channel import Channel
from workers.edge.realtime.errors import RealtimeError
from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.serializers import Broadcast, Frame
from workers.edge.realtime.wire import dumps

KIB = 1024
MOST_TRACKED = 64 * KIB  # it is kept as long as its client is present


async def receive(channel: Channel, frame: Frame) -> None:
    """Do what a message asks; a message of another kind is ignored."""
    socket = channel.socket
    if frame.event == "phx_leave":
        socket.reply(frame, "ok", {})
        channel.close()
    elif not socket.messages.take():
        channel.shut("Too many messages per second")
    elif frame.event == "access_token" and isinstance(frame.payload, dict):
        await channel.renew(frame.payload.get("access_token"))
    elif frame.event == "broadcast" and isinstance(frame.payload, Broadcast):
        await _broadcast(channel, frame, frame.payload)
    elif frame.event == "presence" and isinstance(frame.payload, dict):
        await _presence(channel, frame, frame.payload)


async def _broadcast(channel: Channel, frame: Frame, sent: Broadcast) -> None:
    """Send a message to the others. Whoever may not write is not even told so, as on Supabase."""
    socket = channel.socket
    try:
        if not await channel.may_write("broadcast"):
            return
    except RealtimeError as error:
        channel.refuse(error)
        return
    if _is_too_large(channel, sent.data):
        if channel.options.acks:
            socket.reply(frame, "error", {"reason": "payload_size_exceeded"})
        return
    message = Message(
        topic=channel.name,
        event=sent.event,
        payload=sent.data,
        is_private=channel.options.is_private,
        is_binary=sent.is_binary,
    )
    apart_from = None if channel.options.echoes else channel
    socket.service.hub.broadcast(message, apart_from=apart_from)
    if channel.options.acks:
        socket.reply(frame, "ok", {})


async def _presence(channel: Channel, frame: Frame, payload: dict[str, Any]) -> None:
    """Track or untrack the client."""
    socket, event = channel.socket, str(payload.get("event", "")).lower()
    if not channel.take_presence_call():
        channel.shut("Client presence rate limit exceeded")
    elif event == "untrack":
        _untrack(channel)
        socket.reply(frame, "ok", {})
    elif event != "track":
        socket.reply(frame, "error", {"reason": "Unknown presence event"})
    elif not isinstance(tracked := payload.get("payload", {}), dict):
        socket.reply(frame, "error", {"reason": "Presence track payload must be a map"})
    elif len(dumps(tracked)) > MOST_TRACKED:
        channel.shut("Track message size exceeded")
    else:
        await _track(channel, frame, tracked)


async def _track(channel: Channel, frame: Frame, tracked: dict[str, Any]) -> None:
    """Tell that the client is present. That switches presence on where the join did not."""
    try:
        if not await channel.may_write("presence"):
            channel.socket.reply(frame, "error", {"reason": "Unauthorized"})
            return
    except RealtimeError as error:
        channel.refuse(error)
        return
    if channel.topic is None or not channel.is_open:
        return
    if channel.tracked != tracked:
        channel.presence_ref = channel.topic.roster.track(
            channel.options.presence_key, tracked, replaces=channel.presence_ref
        )
        channel.tracked = tracked
    channel.socket.reply(frame, "ok", {})
    if not channel.watches_presence:
        channel.watches_presence = True
        channel.sync_presence()


def _untrack(channel: Channel) -> None:
    if channel.topic is not None and channel.presence_ref is not None:
        channel.topic.roster.untrack(channel.options.presence_key, channel.presence_ref)
    channel.presence_ref, channel.tracked = None, None


def _is_too_large(channel: Channel, data: bytes) -> bool:
    limits = channel.socket.service.settings.limits
    return len(data) > limits.max_payload_kib * KIB
