"""SendGrid's v3 mail/send.

Source: https://docs.sendgrid.com/api-reference/mail-send/mail-send
"""

from __future__ import annotations

import uuid

from tests.harness.simulators.base import Answer, Received
from tests.harness.simulators.http import HttpSimulator, Request

API_KEY = "SG.key"


class SendGridSimulator(HttpSimulator):
    """One account with one key. Bounces come by its event webhook, so no address is dead here."""

    def respond(self, request: Request) -> tuple[Answer, Received | None]:
        body = request.body
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            text = "The provided authorization grant is invalid, expired, or revoked"
            return _error(401, text), None
        if request.path != "/v3/mail/send":
            return _error(404, "not found"), None
        kinds = [content["type"] for content in body["content"]]
        if kinds and kinds[-1].startswith("text/calendar; method="):
            kinds.pop()
        if kinds not in (["text/plain"], ["text/plain", "text/html"]):
            return _error(400, "text/plain must be first, followed by text/html"), None
        if any(";" in attachment["type"] for attachment in body.get("attachments", ())):
            return _error(400, "The attachment type cannot contain ';', or CRLF characters."), None
        (personalization,) = body["personalizations"]
        (person,) = personalization["to"]
        received = Received(request.key, person["email"], body["content"][0]["value"], body)
        return Answer(202, None, {"X-Message-Id": uuid.uuid4().hex[:22]}), received

    def refusal(self) -> Answer:
        return _error(400, "Does not contain a valid address.", "personalizations.0.to.0.email")


def _error(status: int, message: str, field: str | None = None) -> Answer:
    return Answer(status, {"errors": [{"message": message, "field": field, "help": None}]})
