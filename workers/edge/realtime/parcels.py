"""What is sent to many: encoded once for each serializer, whoever receives it."""

from __future__ import annotations

from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.serializers import Version, encode, encode_broadcast
from workers.edge.realtime.wire import dumps

PREFIX = "realtime:"


class Parcel:
    """An event of a topic, whose payload is JSON."""

    __slots__ = ("_frames", "event", "payload", "topic")

    def __init__(self, topic: str, event: str, payload: bytes) -> None:
        self.topic, self.event, self.payload = topic, event, payload
        self._frames: dict[Version, bytes | None] = {}

    def frame(self, version: Version) -> bytes | None:
        """Return the frame for a serializer; none where it cannot carry the payload."""
        if version not in self._frames:
            self._frames[version] = self._encode(version)
        return self._frames[version]

    def _encode(self, version: Version) -> bytes | None:
        return encode(version, PREFIX + self.topic, self.event, self.payload)


class BroadcastParcel(Parcel):
    """A broadcast; `meta` names a stored message, and says whether it is replayed."""

    __slots__ = ("message", "meta")

    def __init__(self, message: Message, *, is_replayed: bool = False) -> None:
        super().__init__(message.topic, "broadcast", message.payload)
        self.message = message
        told = {"replayed": True, "id": message.id} if is_replayed else {"id": message.id}
        self.meta = dumps(told) if message.id else None

    def _encode(self, version: Version) -> bytes | None:
        return encode_broadcast(version, PREFIX + self.topic, self.message, self.meta)
