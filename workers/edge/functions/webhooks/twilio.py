"""Twilio's status callbacks for text messages."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from workers.edge.functions.webhooks.report import Report

# Source: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
STATUSES = {"delivered": "delivered", "undelivered": "bounced", "failed": "failed"}


def reports(key: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Report] | None:
    """Return what a call reports, or None when its signature does not match."""
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    signature = headers.get("x-twilio-signature", "")
    if not RequestValidator(key).validate(url, fields, signature):
        return None
    status = STATUSES.get(fields.get("MessageStatus", ""))
    if status is None or not fields.get("MessageSid"):
        return []
    code = fields.get("ErrorCode")
    reason = f"Twilio's error {code}" if code else None
    return [Report("twilio", fields["MessageSid"], status, reason)]
