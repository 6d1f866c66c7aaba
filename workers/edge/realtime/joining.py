"""Joins a channel: limits, token, policies, row changes, replay, in this order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

from workers.edge.realtime.channel import Channel
from workers.edge.realtime.errors import RealtimeError, not_a_reader
from workers.edge.realtime.interfaces import Message, Notice, RefusedError
from workers.edge.realtime.options import Options
from workers.edge.realtime.parcels import PREFIX, BroadcastParcel
from workers.edge.realtime.serializers import Frame
from workers.edge.realtime.wire import dumps

LONGEST_NAME = 1000

if TYPE_CHECKING:
    from workers.edge.realtime.socket import Socket


async def join(socket: Socket, frame: Frame) -> None:
    """Answer `phx_join`: the reply comes first, then what the channel brings."""
    try:
        channel = await _prepare(socket, frame)
    except RealtimeError as error:
        socket.reply(frame, "error", {"reason": error.reason})
        return
    try:
        channel.topic = socket.service.hub.join(channel.key, channel)
        replayed = await _replayed(channel)
        refusal = await _follow(channel)
        if not channel.is_open:  # the permission was lost meanwhile
            raise not_a_reader(channel.name)
    except RealtimeError as error:
        channel.leave()
        socket.reply(frame, "error", {"reason": error.reason})
        return
    if older := socket.channels.get(frame.topic):
        older.close()
    socket.channels[frame.topic] = channel
    socket.reply(frame, "ok", {"postgres_changes": _numbered(channel)})
    _begin(channel, replayed, refusal)


async def _prepare(socket: Socket, frame: Frame) -> Channel:
    """Return the channel of somebody who may join it.

    Raises:
        RealtimeError: otherwise.
    """
    limits = socket.service.settings.limits
    if not frame.topic.startswith(PREFIX):
        raise RealtimeError("", "unmatched topic")
    name = frame.topic.removeprefix(PREFIX)
    if not name:
        raise RealtimeError("TopicNameRequired", "You must provide a topic name")
    if len(name) > LONGEST_NAME:
        raise RealtimeError("InvalidTopic", f"A topic has at most {LONGEST_NAME} characters")
    if not socket.joins.take():
        raise RealtimeError("ClientJoinRateLimitReached", "Too many joins per second")
    is_new = frame.topic not in socket.channels
    if is_new and len(socket.channels) >= limits.max_channels_per_connection:
        raise RealtimeError("ChannelRateLimitReached", "Too many channels")
    options = Options.of(frame.payload, name)
    caller = socket.caller
    if options.token is not None and not options.token.startswith("sb_"):
        caller = await socket.service.callers.of(options.token, caller.headers)
    channel = Channel(
        socket, name, join_ref=frame.join_ref or frame.ref, options=options, caller=caller
    )
    await channel.authorize()
    return channel


async def _replayed(channel: Channel) -> Sequence[Message]:
    """Return the stored messages that the client asks for.

    Raises:
        RealtimeError: when the database does not answer.
    """
    replay = channel.options.replay
    if replay is None or "broadcast" not in channel.readable:
        return ()
    stored = channel.socket.service.stored
    try:
        return await stored.replay(channel.name, since_ms=replay.since_ms, limit=replay.limit)
    except (psycopg.Error, PoolTimeout):
        message = "Realtime was unable to replay messages"
        raise RealtimeError("UnableToReplayMessages", message) from None


async def _follow(channel: Channel) -> str | None:
    """Subscribe to row changes; return why that is refused, which is no reason not to join."""
    if channel.options.bindings:
        changes = channel.socket.service.changes
        try:
            channel.subscription = await changes.subscribe(
                channel.caller.claims,
                channel.options.bindings,
                channel.follow,
                address=channel.caller.address,
            )
        except RefusedError as refusal:
            return str(refusal)
    return None


def _numbered(channel: Channel) -> Sequence[Mapping[str, Any]]:
    """Return the bindings as sent, each with the id that its changes will name."""
    bindings = channel.options.bindings
    if channel.subscription is not None:
        ids = channel.subscription.ids
    else:
        ids = [zlib.crc32(dumps(binding)) for binding in bindings]
    return [{**binding, "id": id_} for binding, id_ in zip(bindings, ids, strict=True)]


def _begin(channel: Channel, replayed: Sequence[Message], refusal: str | None) -> None:
    """Send what a channel begins with, and then what came meanwhile."""
    version = channel.socket.version
    for message in replayed:
        if frame := BroadcastParcel(message, is_replayed=True).frame(version):
            channel.socket.push(frame)
    channel.replayed = frozenset(message.id for message in replayed if message.id)
    channel.release()
    channel.sync_presence()
    if refusal is not None:
        channel.follow(Notice(is_ok=False, message=refusal))
