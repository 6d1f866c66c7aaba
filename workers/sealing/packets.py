"""The few OpenPGP packets that pgcrypto reads and writes.

Source: RFC 4880, sections 4.2 (headers), 3.2 (multiprecision integers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SESSION_KEY = 1
LITERAL = 11
PUBLIC_SUBKEY = 14
PROTECTED = 18


class BrokenPacket(ValueError):
    """The bytes are not the OpenPGP packets that pgcrypto writes."""


@dataclass(frozen=True)
class Packet:
    """A packet's tag and body."""

    tag: int
    body: bytes

    def encode(self) -> bytes:
        """Return the packet with a header of the new format and a length of four octets."""
        return bytes([0xC0 | self.tag, 0xFF]) + struct.pack(">I", len(self.body)) + self.body


def packets(data: bytes) -> Iterator[Packet]:
    """Return the packets of a message, one after another.

    Raises:
        BrokenPacket: the bytes end too early, or do not begin with a packet.
    """
    reader = _Reader(data)
    while not reader.is_at_end:
        tag = reader.take(1)[0]
        if not tag & 0x80:
            raise BrokenPacket("no packet begins here")
        if tag & 0x40:
            yield Packet(tag & 0x3F, reader.new_body())
        else:
            yield Packet((tag >> 2) & 0x0F, reader.old_body(tag & 0x03))


def integer(value: int) -> bytes:
    """Return a multiprecision integer: its length in bits, then its octets."""
    return struct.pack(">H", value.bit_length()) + value.to_bytes((value.bit_length() + 7) // 8)


def read_integer(data: bytes) -> int:
    """Return the multiprecision integer with which the bytes begin."""
    if len(data) < 2:
        raise BrokenPacket("a number is cut off")
    bits = struct.unpack(">H", data[:2])[0]
    return int.from_bytes(data[2 : 2 + (bits + 7) // 8])


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise BrokenPacket("a packet is cut off")
        self._at += count
        return taken

    def new_body(self) -> bytes:
        """Return a body with lengths of the new format: a long one comes in parts."""
        body = b""
        while True:
            first = self.take(1)[0]
            if first < 192:
                return body + self.take(first)
            if first < 224:
                return body + self.take(((first - 192) << 8) + self.take(1)[0] + 192)
            if first == 255:
                return body + self.take(struct.unpack(">I", self.take(4))[0])
            body += self.take(1 << (first & 0x1F))

    def old_body(self, length_type: int) -> bytes:
        """Return a body with a length of the old format; type 3 reaches to the end."""
        if length_type == 3:
            return self.take(len(self._data) - self._at)
        return self.take(int.from_bytes(self.take(1 << length_type)))
