"""What providers tell later about messages that they took: delivered, or bounced.

Each call is verified over its raw bytes, as its provider signs; without the key of a provider there
is nothing at its path. Telling the same twice changes nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from starlette.requests import Request
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from workers.edge import answers

PATH = "/functions/v1/webhooks"
NOTE = "select engagement.note_delivery(%s, %s, %s::engagement.delivery_status, %s)"
# Source: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
TWILIO = {"delivered": "delivered", "undelivered": "bounced", "failed": "failed"}
# Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
SENDGRID = {"delivered": "delivered", "bounce": "bounced", "dropped": "failed"}


@dataclass(frozen=True)
class Keys:
    """What calls are verified with; `public_url` is how providers reach us."""

    public_url: str
    twilio: str = ""
    sendgrid: str = ""

    @classmethod
    def of(cls, text: str | None, api_url: str) -> Keys:
        """Read FRONTDESK_WEBHOOKS (JSON)."""
        given = json.loads(text or "{}")
        return cls(**{**given, "public_url": given.get("public_url") or api_url})


@dataclass(frozen=True)
class Report:
    """What became of one message."""

    provider: str
    provider_id: str
    status: str
    reason: str | None


async def receive(request: Request) -> Response:
    """Verify, note, and answer with nothing."""
    keys: Keys = request.app.state.webhook_keys
    provider, body = request.path_params["provider"], await request.body()
    if provider == "twilio" and keys.twilio:
        reports = _of_twilio(request, keys, body)
    elif provider == "sendgrid" and keys.sendgrid:
        reports = _of_sendgrid(request, keys, body)
    else:
        return await answers.not_found(request, LookupError(provider))
    if reports is None:
        return answers.refusal(
            401,
            "The signature does not fit.",
            details="invalid_signature",
            hint="Check the provider's key and the public URL in the configuration.",
        )
    async with request.app.state.pool.connection() as connection:
        for report in reports:
            await connection.execute(
                NOTE, (report.provider, report.provider_id, report.status, report.reason)
            )
    return Response(status_code=204)


def _of_twilio(request: Request, keys: Keys, body: bytes) -> list[Report] | None:
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    signature = request.headers.get("x-twilio-signature", "")
    url = f"{keys.public_url}{PATH}/twilio"
    if not RequestValidator(keys.twilio).validate(url, fields, signature):
        return None
    status = TWILIO.get(fields.get("MessageStatus", ""))
    if status is None or not fields.get("MessageSid"):
        return []
    code = fields.get("ErrorCode")
    reason = f"Twilio's error {code}" if code else None
    return [Report("twilio", fields["MessageSid"], status, reason)]


def _of_sendgrid(request: Request, keys: Keys, body: bytes) -> list[Report] | None:
    signature = request.headers.get("x-twilio-email-event-webhook-signature", "")
    stamp = request.headers.get("x-twilio-email-event-webhook-timestamp", "")
    if not _is_signed(keys.sendgrid, signature, stamp.encode() + body):
        return None
    try:
        events = json.loads(body)
    except ValueError:
        return []
    return list(_sendgrid_reports(events if isinstance(events, list) else []))


def _sendgrid_reports(events: list[Any]) -> Iterator[Report]:
    for event in events:
        if not isinstance(event, Mapping):
            continue
        status = SENDGRID.get(str(event.get("event")))
        message_id = str(event.get("sg_message_id") or "").partition(".")[0]
        if status and message_id:
            reason = str(event["reason"])[:1000] if event.get("reason") else None
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
