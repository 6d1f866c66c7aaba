"""A key pair whose public half the database seals with."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from workers.sealing.packets import (
    PUBLIC_SUBKEY,
    SESSION_KEY,
    BrokenPacket,
    Packet,
    integer,
    read_integer,
)

BITS = 3072
RSA = 1
# A key's id depends on its time, which says nothing to us.
CREATED = struct.pack(">I", 1)


@dataclass(frozen=True)
class SecretKey:
    """A private RSA key as OpenPGP names it. `key_id` is 16 hexadecimal digits."""

    private: rsa.RSAPrivateKey

    @classmethod
    def make(cls) -> SecretKey:
        """Make a key at random."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=BITS))

    @classmethod
    def read(cls, pem: str) -> SecretKey:
        """Read a key in PEM form.

        Raises:
            ValueError: it is no private RSA key.
        """
        private = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError("a key for secrets must be an RSA key")
        return cls(private)

    @property
    def pem(self) -> str:
        """The key in PEM form, not encrypted."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def public_packet(self) -> bytes:
        """The public half, as pgcrypto takes it."""
        return Packet(PUBLIC_SUBKEY, self._public_body).encode()

    @property
    def key_id(self) -> str:
        """The id that each sealed value carries.

        Source: RFC 4880, section 12.2.
        """
        body = self._public_body
        prefix = b"\x99" + struct.pack(">H", len(body))
        return hashlib.sha1(prefix + body, usedforsecurity=False).hexdigest()[-16:]

    @property
    def _public_body(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return b"\x04" + CREATED + bytes([RSA]) + integer(numbers.n) + integer(numbers.e)

    def unwrap(self, packet: Packet) -> bytes:
        """Return the session key of a packet that was made for this key.

        Raises:
            BrokenPacket: it was not.
        """
        size = (self.private.key_size + 7) // 8
        wrapped = read_integer(packet.body[10:]).to_bytes(size)
        try:
            return self.private.decrypt(wrapped, padding.PKCS1v15())
        except ValueError as error:
            raise BrokenPacket("the session key cannot be read") from error

    def wrap(self, session_key: bytes) -> Packet:
        """Return the packet that holds a session key for this key."""
        wrapped = self.private.public_key().encrypt(session_key, padding.PKCS1v15())
        head = b"\x03" + bytes.fromhex(self.key_id) + bytes([RSA])
        return Packet(SESSION_KEY, head + integer(int.from_bytes(wrapped)))
