"""Signatures of Standard Webhooks 1.0.0, by which a receiver knows who sent a request and when."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def headers(
    event_id: str, timestamp: int, body: bytes, secrets: Sequence[str]
) -> dict[bytes | str, bytes | str]:
    """Return the headers of a request: one signature for each secret that is valid now.

    `timestamp` is the Unix time of this attempt in seconds; `event_id` is that of all attempts.
    """
    signed = b".".join((event_id.encode(), str(timestamp).encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
