"""Twilio's Messages resource.

Source: https://www.twilio.com/docs/messaging/api/message-resource and /docs/api/errors
"""

from __future__ import annotations

import base64
import uuid

from tests.harness.simulators.base import Answer, Received
from tests.harness.simulators.http import HttpSimulator, Request

ACCOUNT_SID, AUTH_TOKEN = "AC" + "1" * 32, "twilio-token"
LONGEST = 1600  # characters of a body


class TwilioSimulator(HttpSimulator):
    """One account with one token."""

    def respond(self, request: Request) -> tuple[Answer, Received | None]:
        wanted = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return _error(401, 20003, "Authenticate"), None
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json":
            return _error(404, 20404, "The requested resource was not found"), None
        body = request.body
        if not ("From" in body or "MessagingServiceSid" in body):
            return _error(400, 21603, "A 'From' phone number is required."), None
        if len(body["Body"]) > LONGEST:
            return _error(400, 21617, "The concatenated message body exceeds 1600 chars."), None
        sid = f"SM{uuid.uuid4().hex}"
        message = {"sid": sid, "status": "queued", "to": body["To"], "body": body["Body"]}
        answer = Answer(201, {**message, "account_sid": ACCOUNT_SID, "error_code": None})
        return answer, Received(request.key, body["To"], body["Body"], body)

    def refusal(self) -> Answer:
        return _error(400, 21211, "The 'To' number is not a valid phone number.")

    def dead_address(self) -> Answer:
        return _error(400, 21610, "Attempt to send to unsubscribed recipient")

    def busy(self, *, seconds: int) -> Answer:
        plain = _error(429, 20429, "Too Many Requests")
        return Answer(429, plain.body, {"Retry-After": str(seconds)})


def _error(status: int, code: int, message: str) -> Answer:
    info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": info, "status": status})
