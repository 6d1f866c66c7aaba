"""Messages that pgcrypto seals: a wrapped session key, then the value under that key.

Source: RFC 4880, sections 5.1, 5.9 and 5.13.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from workers.sealing.keys import SecretKey
from workers.sealing.packets import LITERAL, PROTECTED, SESSION_KEY, BrokenPacket, Packet, packets

BLOCK = 16  # bytes of AES
AES = {7: 16, 8: 24, 9: 32}  # OpenPGP's number → bytes of the key
HASHED = 22  # bytes of the packet that proves that nothing was changed


class UnknownKey(LookupError):
    """A value was sealed for a key that is not here."""


def key_id_of(sealed: bytes) -> str:
    """Return the id of the key that opens a value."""
    return _parts(sealed)[0].body[1:9].hex()


def unseal(sealed: bytes, keys: Mapping[str, SecretKey]) -> str:
    """Open a value.

    Raises:
        UnknownKey: its key is not among these.
        BrokenPacket: it was changed, or is no sealed value.
    """
    wrapped, protected = _parts(sealed)
    session_key = _key(wrapped, keys).unwrap(wrapped)
    return _literal(_decrypt(protected.body, session_key)).decode()


def rewrap(sealed: bytes, keys: Mapping[str, SecretKey], new: SecretKey) -> bytes:
    """Return a value for another key. The value itself stays closed.

    Raises:
        UnknownKey: its key is not among these.
    """
    wrapped, protected = _parts(sealed)
    session_key = _key(wrapped, keys).unwrap(wrapped)
    return new.wrap(session_key).encode() + protected.encode()


def _parts(sealed: bytes) -> tuple[Packet, Packet]:
    found = list(packets(sealed))
    if [packet.tag for packet in found] != [SESSION_KEY, PROTECTED]:
        raise BrokenPacket("it is no sealed value")
    return found[0], found[1]


def _key(wrapped: Packet, keys: Mapping[str, SecretKey]) -> SecretKey:
    key_id = wrapped.body[1:9].hex()
    if key_id not in keys:
        raise UnknownKey(f"The key {key_id} for secrets is not here.")
    return keys[key_id]


def _decrypt(body: bytes, session_key: bytes) -> bytes:
    algorithm, key, checksum = session_key[0], session_key[1:-2], session_key[-2:]
    if AES.get(algorithm) != len(key) or sum(key) % 65536 != int.from_bytes(checksum):
        raise BrokenPacket("the session key cannot be read")
    decryptor = Cipher(algorithms.AES(key), CFB(bytes(BLOCK))).decryptor()
    plain = decryptor.update(body[1:]) + decryptor.finalize()
    proof = hashlib.sha1(plain[:-20], usedforsecurity=False).digest()
    if body[:1] != b"\x01" or not hmac.compare_digest(proof, plain[-20:]):
        raise BrokenPacket("it was changed")
    return plain[BLOCK + 2 : -HASHED]


def _literal(data: bytes) -> bytes:
    [packet] = packets(data)
    if packet.tag != LITERAL:
        raise BrokenPacket("it holds no text")
    name_length = packet.body[1]
    return packet.body[2 + name_length + 4 :]
