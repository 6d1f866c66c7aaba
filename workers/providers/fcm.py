"""Push by Firebase Cloud Messaging's HTTP v1 API.

Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx

from workers.providers.failures import DeadAddress, Failure, Misconfigured, Refused
from workers.providers.google_token import GoogleToken
from workers.providers.http import KEY_HEADER, Http, Timeouts, json_of
from workers.providers.push import Push
from workers.providers.sent import Sent

URL = "https://fcm.googleapis.com"
DEAD = ("UNREGISTERED", "SENDER_ID_MISMATCH")


class Fcm:
    """A `Pusher`. `account` is the service account's JSON from Google."""

    def __init__(self, *, account: Mapping[str, Any], timeouts: Timeouts, url: str = URL) -> None:
        self._url = f"{url}/v1/projects/{account['project_id']}/messages:send"
        self._http = Http(timeouts)
        self._token = GoogleToken(account, self._http)

    def send(self, push: Push) -> Sent:
        """See `Pusher.send`."""
        headers = {
            "Authorization": f"Bearer {self._token.get()}",
            KEY_HEADER: push.idempotency_key,
        }
        answer = self._http.post(self._url, headers=headers, json={"message": _message(push)})
        said = json_of(answer)
        if answer.status_code == 200 and "name" in said:
            return Sent(str(said["name"]))
        if answer.status_code == 401:
            self._token.forget()
        raise _failure(answer, said.get("error") or {})


def _message(push: Push) -> dict[str, Any]:
    """Return the message. Its tag makes a device show it once, however often it arrives."""
    tag = hashlib.sha256(push.idempotency_key.encode()).hexdigest()[:32]
    return {
        "token": push.token,
        "notification": {"title": push.title, "body": push.body},
        "data": dict(push.data),
        "android": {"notification": {"tag": tag}},
        "apns": {"headers": {"apns-collapse-id": tag}},
        "webpush": {"notification": {"tag": tag}},
    }


def _failure(answer: httpx.Response, error: dict[str, Any]) -> Failure:
    details = error.get("details") or []
    codes = [detail.get("errorCode") for detail in details]
    fields = [v.get("field") for d in details for v in d.get("fieldViolations") or []]
    code = next((c for c in codes if c), error.get("status"))
    reason = f"FCM answered {answer.status_code} {code}."
    is_bad_token = "message.token" in fields or "registration token" in str(error.get("message"))
    if code in DEAD or (answer.status_code == 400 and is_bad_token):
        return DeadAddress(reason)
    if answer.status_code in (401, 403, 404):
        return Misconfigured(reason)
    return Refused(reason)
