"""A security key in software: it makes keys for sites and signs what browsers ask for.

Source: W3C Web Authentication, sections 6.1 (authenticator data) and 6.5 (attestation).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
COSE_EC2, ES256, P256 = 2, -7, 1


@dataclass
class SecurityKey:
    """One key of one user. Its counter grows with every signature."""

    origin: str = "http://127.0.0.1:3000"
    counter: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: str = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        self.user_handle = options["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        public = {
            1: COSE_EC2,
            3: ES256,
            -1: P256,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options["challenge"]),
            attestationObject=cbor2.dumps(statement),
            transports=["internal"],
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get` gives."""
        self.counter += 1
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        message = data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.private.sign(message, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle or None,
        )

    def _data(self, site: str, more: int = 0) -> bytes:
        flags = PRESENT | VERIFIED | more
        return (
            hashlib.sha256(site.encode()).digest()
            + bytes([flags])
            + self.counter.to_bytes(4, "big")
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _answer(self, **response: Any) -> dict[str, Any]:
        plain = {
            name: bytes_to_base64url(value) if isinstance(value, bytes) else value
            for name, value in response.items()
        }
        name = bytes_to_base64url(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": plain,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }


def broken(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer with one bit of its signature turned."""
    signature = bytearray(base64url_to_bytes(answer["response"]["signature"]))
    signature[-1] ^= 1
    response = {**answer["response"], "signature": bytes_to_base64url(bytes(signature))}
    return {**answer, "response": response}
