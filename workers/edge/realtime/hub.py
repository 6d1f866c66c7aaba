"""Who listens to which topic, in this process.

A private topic and a public one of the same name are two topics.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

import structlog

from workers.edge.realtime.caller import Caller
from workers.edge.realtime.errors import RealtimeError, no_reader_now
from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.parcels import BroadcastParcel, Parcel
from workers.edge.realtime.policies import Policies
from workers.edge.realtime.presence import Roster

WAITING = 10_000  # stored messages that may wait until their readers are known
Key = tuple[bool, str]  # whether it is private, and its name

logger = structlog.get_logger("realtime")


class Subscriber(Protocol):
    """Somebody who listens to a topic."""

    @property
    def caller(self) -> Caller:
        """As whom they listen."""

    def deliver(self, parcel: BroadcastParcel) -> None:
        """Send a broadcast, or close the connection that cannot follow."""

    def tell_presence(self, parcel: Parcel) -> None:
        """Send a `presence_diff` to a subscriber that watches presence."""

    def shut(self, message: str, *, may_rejoin: bool = False) -> None:
        """Say why, and end the subscription; a client that may rejoin does so by itself."""

    def refuse(self, error: RealtimeError) -> None:
        """End the subscription with a refusal."""


class Topic:
    """The subscribers of a topic, and who is present."""

    __slots__ = ("roster", "subscribers")

    def __init__(self, name: str) -> None:
        self.subscribers: dict[Subscriber, None] = {}

        def tell(diff: bytes) -> None:
            parcel = Parcel(name, "presence_diff", diff)
            for subscriber in list(self.subscribers):
                subscriber.tell_presence(parcel)

        self.roster = Roster(tell)


class Hub:
    """All topics that somebody listens to."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._topics: dict[Key, Topic] = {}
        self._stored: asyncio.Queue[Message] = asyncio.Queue(WAITING)

    def join(self, key: Key, subscriber: Subscriber) -> Topic:
        """Let somebody listen to a topic."""
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = Topic(key[1])
        topic.subscribers[subscriber] = None
        return topic

    def leave(self, key: Key, subscriber: Subscriber) -> None:
        """Let somebody listen no more."""
        topic = self._topics.get(key)
        if topic is None:
            return
        topic.subscribers.pop(subscriber, None)
        if not topic.subscribers:
            topic.roster.flush()
            del self._topics[key]

    def broadcast(self, message: Message, *, apart_from: Subscriber | None = None) -> None:
        """Send a client's message to all who listen, now."""
        topic = self._topics.get((message.is_private, message.topic))
        if topic is not None:
            parcel = BroadcastParcel(message)
            for subscriber in list(topic.subscribers):
                if subscriber is not apart_from:
                    subscriber.deliver(parcel)

    def deliver_stored(self, message: Message) -> None:
        """Send a message of the database: a private one to those who may read it at this moment."""
        topic = self._topics.get((message.is_private, message.topic))
        if topic is None:
            return
        if not message.is_private:
            self.broadcast(message)
        elif self._stored.full():
            self._lose(message.topic, "there were too many at once")
        else:
            self._stored.put_nowait(message)

    async def run(self) -> None:
        """Deliver the private messages of the database until cancelled, in their order.

        Those that wait together are one question for each topic and caller.
        """
        while True:
            messages = [await self._stored.get()]
            while not self._stored.empty():
                messages.append(self._stored.get_nowait())
            by_topic: defaultdict[str, list[Message]] = defaultdict(list)
            for message in messages:
                by_topic[message.topic].append(message)
            for name, of_topic in by_topic.items():
                try:
                    await self._deliver_private(name, of_topic)
                except Exception as error:
                    # The other topics go on; the words of an error may quote a message.
                    logger.error("not_delivered", error=type(error).__name__)
                    self._lose(name, "the server failed")

    def _lose(self, name: str, why: str) -> None:
        """Let the subscribers of a private topic know that they missed messages."""
        topic = self._topics.get((True, name))
        for subscriber in list(topic.subscribers) if topic else ():
            subscriber.shut(f"Messages were lost: {why}", may_rejoin=True)

    async def _deliver_private(self, name: str, messages: Iterable[Message]) -> None:
        topic = self._topics.get((True, name))
        if topic is None:
            return
        subscribers = list(topic.subscribers)
        callers = list(dict.fromkeys(one.caller for one in subscribers))
        try:
            found = await self._policies.readers(callers, name)
        except RealtimeError as error:
            logger.warning("readers_unknown", reason=error.code)
            self._lose(name, error.message)
            return
        readable = dict(zip(callers, found, strict=True))
        parcels = [BroadcastParcel(message) for message in messages]
        for subscriber in subscribers:
            # Whoever came, or changed their token, since the question has just been judged.
            seen = readable.get(subscriber.caller, frozenset(("broadcast",)))
            if isinstance(seen, RealtimeError):
                subscriber.refuse(seen)
            elif not seen:
                subscriber.refuse(no_reader_now(name))
            elif "broadcast" in seen:
                for parcel in parcels:
                    subscriber.deliver(parcel)
