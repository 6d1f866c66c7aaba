"""Fast2SMS's bulkV2. Source: https://docs.fast2sms.com and its list of error codes."""

from __future__ import annotations

import uuid

from tests.harness.simulators.base import Answer, Received
from tests.harness.simulators.http import HttpSimulator, Request

API_KEY = "fast2sms-key"


class Fast2SmsSimulator(HttpSimulator):
    """One wallet with one key."""

    def respond(self, request: Request) -> tuple[Answer, Received | None]:
        body = request.body
        if request.headers.get("authorization") != API_KEY:
            return _error(401, 412, "Invalid Authentication, Check Authorization Key"), None
        if request.path != "/dev/bulkV2" or body.get("route") != "q":
            return _error(400, 408, "Invalid Route"), None
        if not body["message"].isascii() and body["language"] != "unicode":
            return _error(400, 417, "Use english letters or change language to unicode"), None
        if len(body["numbers"]) != 10:
            return _error(400, 411, "Invalid Numbers"), None
        answer = {
            "return": True,
            "request_id": uuid.uuid4().hex[:15],
            "message": ["SMS sent successfully."],
        }
        return Answer(200, answer), Received(
            request.key, f"+91{body['numbers']}", body["message"], body
        )

    def refusal(self) -> Answer:
        return _error(400, 411, "Invalid Numbers")


def _error(status: int, code: int, message: str) -> Answer:
    return Answer(status, {"return": False, "status_code": code, "message": message})
