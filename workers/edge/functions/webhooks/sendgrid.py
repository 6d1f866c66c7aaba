"""SendGrid's event webhook for mails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from workers.edge.functions.webhooks.report import Report

# Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
STATUSES = {"delivered": "delivered", "bounce": "bounced", "dropped": "failed"}
LONGEST_REASON = 1000  # characters


def reports(key: str, headers: Mapping[str, str], body: bytes) -> list[Report] | None:
    """Return what a call reports, or None when its signature does not match."""
    signature = headers.get("x-twilio-email-event-webhook-signature", "")
    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    if not _is_signed(key, signature, stamp.encode() + body):
        return None
    try:
        events = json.loads(body)
    except ValueError:
        return []
    return list(_reports(events if isinstance(events, list) else []))


def _reports(events: list[Any]) -> Iterator[Report]:
    for event in events:
        if not isinstance(event, Mapping):
            continue
        status = STATUSES.get(str(event.get("event")))
        message_id = str(event.get("sg_message_id") or "").partition(".")[0]
        if status and message_id:
            reason = str(event["reason"])[:LONGEST_REASON] if event.get("reason") else None
            yield Report("sendgrid", message_id, status, reason)


def _is_signed(key: str, signature: str, signed: bytes) -> bool:
    try:
        public = load_der_public_key(base64.b64decode(key))
        if not isinstance(public, EllipticCurvePublicKey):
            return False
        public.verify(base64.b64decode(signature), signed, ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
