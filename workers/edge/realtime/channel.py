"""One channel of one socket, from its join to its end."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from workers.edge.realtime.caller import Caller, expired
from workers.edge.realtime.errors import RealtimeError, no_reader_now, not_a_reader
from workers.edge.realtime.hub import Key, Topic
from workers.edge.realtime.interfaces import Change, Notice, Subscription
from workers.edge.realtime.limits import Window
from workers.edge.realtime.options import Options
from workers.edge.realtime.parcels import PREFIX, BroadcastParcel, Parcel
from workers.edge.realtime.policies import EXTENSIONS, Extension
from workers.edge.realtime.wire import dumps, loads

if TYPE_CHECKING:
    from workers.edge.realtime.socket import Socket

PRESENCE_WINDOW = 30.0  # seconds


class Channel:
    """Sends what a topic brings to its socket, as long as the caller may read it.

    What arrives before the reply to the join is held, so that the reply comes first.
    """

    __slots__ = (
        "_held",
        "_timer",
        "_writable",
        "caller",
        "is_open",
        "join_ref",
        "name",
        "options",
        "presence_calls",
        "presence_ref",
        "readable",
        "replayed",
        "socket",
        "subscription",
        "topic",
        "tracked",
        "watches_presence",
    )

    def __init__(
        self, socket: Socket, name: str, *, join_ref: str | None, options: Options, caller: Caller
    ) -> None:
        self.socket, self.name, self.join_ref = socket, name, join_ref
        self.options, self.caller = options, caller
        self.is_open = True
        self.topic: Topic | None = None
        self.readable: frozenset[Extension] = frozenset(EXTENSIONS)
        self.watches_presence = options.has_presence
        self.presence_calls: Window | None = None
        self.presence_ref: str | None = None
        self.tracked: dict[str, Any] | None = None
        self.replayed: frozenset[str] = frozenset()
        self.subscription: Subscription | None = None
        self._writable: dict[Extension, bool] = {}
        self._held: list[bytes] | None = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def key(self) -> Key:
        """Return the topic that it listens to."""
        return self.options.is_private, self.name

    async def authorize(self) -> None:
        """Ask what the caller may read of a private channel.

        Raises:
            RealtimeError: when that is nothing, or the database does not answer.
        """
        if self.options.is_private:
            policies = self.socket.service.policies
            self.readable = await policies.readable(self.caller, self.name)
            if not self.readable:
                raise not_a_reader(self.name)

    async def may_write(self, extension: Extension) -> bool:
        """Whether the caller may write; asked once for each token, and when it is checked again."""
        if not self.options.is_private:
            return True
        if extension not in self._writable:
            policies = self.socket.service.policies
            self._writable[extension] = await policies.may_write(self.caller, self.name, extension)
        return self._writable[extension]

    def release(self) -> None:
        """Send what was held, from now on at once, and look after the token."""
        held, self._held = self._held or (), None
        for frame in held:
            self.socket.push(frame)
        self._look_again(self.socket.service.settings.limits.recheck_seconds)

    def send(self, event: str, payload: bytes) -> None:
        """Send an event that only this channel gets."""
        frame = Parcel(self.name, event, payload).frame(self.socket.version)
        if frame is not None:
            self.push(frame)

    def push(self, frame: bytes) -> None:
        """Send a frame, or hold it until the join is answered."""
        if not self.is_open:
            return
        if self._held is None:
            self.socket.push(frame)
        else:
            self._held.append(frame)

    def say(self, *, is_ok: bool, message: str, extension: str = "system") -> None:
        """Send a `system` message."""
        told = {
            "channel": self.name,
            "extension": extension,
            "message": message,
            "status": "ok" if is_ok else "error",
        }
        self.send("system", dumps(told))

    def deliver(self, parcel: BroadcastParcel) -> None:
        """Send a broadcast, unless it was replayed before."""
        if "broadcast" in self.readable and parcel.message.id not in self.replayed:
            frame = parcel.frame(self.socket.version)
            if frame is not None:
                self.push(frame)

    def tell_presence(self, parcel: Parcel) -> None:
        """Send a `presence_diff`."""
        if self.watches_presence and "presence" in self.readable:
            frame = parcel.frame(self.socket.version)
            if frame is not None:
                self.push(frame)

    def sync_presence(self) -> None:
        """Send who is present."""
        if self.watches_presence and "presence" in self.readable and self.topic is not None:
            self.send("presence_state", self.topic.roster.state())

    def follow(self, found: Change | Notice) -> None:
        """Send a changed row, or what the feed says."""
        if isinstance(found, Notice) and found.is_last:
            self.shut(found.message)
        elif isinstance(found, Notice):
            self.say(is_ok=found.is_ok, message=found.message, extension="postgres_changes")
        elif self.options.is_old:
            self.send(loads(found.data)["type"], found.data)
        else:
            ids = ",".join(map(str, found.ids))
            head = f'{{"ids":[{ids}],"cursor":'.encode() + dumps(found.cursor)
            self.send("postgres_changes", head + b',"data":' + found.data + b"}")

    async def renew(self, token: Any) -> None:
        """Go on with a new token, or end when it is not valid or reads less."""
        if not isinstance(token, str) or token.startswith("sb_") or token == self.caller.token:
            return
        await self._check(token)

    def shut(self, message: str, *, may_rejoin: bool = False) -> None:
        """Say why, and end; after `phx_error` a client joins again by itself."""
        self._held = None
        self.say(is_ok=False, message=message)
        self.close("phx_error" if may_rejoin else "phx_close")

    def refuse(self, error: RealtimeError) -> None:
        """Say why, and end; a client rejoins by itself what is refused only now."""
        self.shut(error.message, may_rejoin=error.is_passing)

    def close(self, event: str = "phx_close") -> None:
        """End, and tell the client so."""
        if self.is_open:
            self.socket.tell(self, event)
            self.leave()

    def leave(self) -> None:
        """End without a word: the client knows, or its connection is gone."""
        self.is_open = False
        if self._timer is not None:
            self._timer.cancel()
        if self.subscription is not None:
            self.subscription.close()
        if self.presence_ref is not None and self.topic is not None:
            self.topic.roster.untrack(self.options.presence_key, self.presence_ref)
            self.presence_ref = None
        self.socket.service.hub.leave(self.key, self)
        topic_name = PREFIX + self.name
        if self.socket.channels.get(topic_name) is self:
            del self.socket.channels[topic_name]

    def take_presence_call(self) -> bool:
        """Whether the client may track or untrack once more now."""
        if self.presence_calls is None:
            calls = self.socket.service.settings.limits.max_presence_calls
            self.presence_calls = Window(calls, PRESENCE_WINDOW)
        return self.presence_calls.take()

    async def _check(self, token: str) -> None:
        """Judge a token and what it may read."""
        before = self.readable
        try:
            callers = self.socket.service.callers
            self.caller = await callers.of(token, self.caller.headers)
            await self.authorize()
            if before - self.readable:
                raise no_reader_now(self.name)
        except RealtimeError as error:
            self.refuse(error)
            return
        if not self.is_open:  # the client left meanwhile
            return
        self._writable.clear()
        if self.subscription is not None:
            self.subscription.renew(self.caller.claims)
        self._look_again(self.socket.service.settings.limits.recheck_seconds)

    def _look_again(self, seconds: float) -> None:
        """Check the token again after some seconds, or when it expires."""
        if self._timer is not None:
            self._timer.cancel()
        left = max(0.0, self.caller.expires_at - time.time())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(seconds, left), self._when_due)

    def _when_due(self) -> None:
        if self.caller.expires_at <= time.time():
            self.refuse(expired(self.caller.expires_at))
        else:
            self.socket.do(self._check_again())

    async def _check_again(self) -> None:
        if self.is_open:
            await self._check(self.caller.token)
