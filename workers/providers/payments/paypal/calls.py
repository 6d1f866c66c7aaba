"""Calls of PayPal: the access token, the key of a request, and its errors as our failures.

Source: https://developer.paypal.com/api/rest/responses and /reference/idempotency
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx

from workers.providers.http import Timeouts, json_of
from workers.providers.payments.failures import (
    Absent,
    Declined,
    Misconfigured,
    Rejected,
    TryLater,
    Unanswered,
)
from workers.providers.payments.http import refuse_by_status, trust

KEY_HEADER = "PayPal-Request-Id"
EARLY = 60.0  # seconds before its end at which a token is renewed
DECLINES = {
    "INSTRUMENT_DECLINED": "card_declined",
    "TRANSACTION_REFUSED": "card_declined",
    "PAYER_ACCOUNT_RESTRICTED": "card_declined",
    "PAYER_ACTION_REQUIRED": "authentication_required",
}
WRONG_STATE = (
    "AUTHORIZATION_ALREADY_CAPTURED", "AUTHORIZATION_DENIED", "AUTHORIZATION_EXPIRED",
    "AUTHORIZATION_VOIDED", "CAPTURE_FULLY_REFUNDED", "MAX_CAPTURE_COUNT_EXCEEDED",
    "ORDER_ALREADY_AUTHORIZED", "ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED",
    "PREVIOUSLY_CAPTURED", "PREVIOUSLY_VOIDED", "REFUND_AMOUNT_EXCEEDED",
)  # fmt: skip
Body = dict[str, Any]


class Calls:
    """Connections to PayPal and their token; threads may share them."""

    def __init__(self, url: str, *, login: tuple[str, str], timeouts: Timeouts) -> None:
        limit = httpx.Timeout(timeouts.read, connect=timeouts.connect)
        self._client = httpx.Client(base_url=url, timeout=limit, verify=trust())
        self._login = login
        self._lock = threading.Lock()
        self._token, self._expires_at = "", 0.0

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Body:
        """Fetch an object.

        Raises:
            Absent: when there is none.
        """
        return self._checked("GET", path, params=dict(query or {}))

    def post(self, path: str, body: Body, *, key: str) -> Body:
        """Do something once for this key."""
        headers = {KEY_HEADER: key, "Prefer": "return=representation"}
        return self._checked("POST", path, json=body, headers=headers)

    def delete(self, path: str) -> None:
        """Delete an object.

        Raises:
            Absent: when there is none.
        """
        self._checked("DELETE", path)

    def post_raw(self, path: str, content: bytes) -> Body:
        """Post JSON that is written already."""
        headers = {"Content-Type": "application/json"}
        return self._checked("POST", path, content=content, headers=headers)

    def _checked(self, method: str, path: str, **request: Any) -> Body:
        headers = {"Authorization": f"Bearer {self._access()}", **request.pop("headers", {})}
        answer = self._send(method, path, headers=headers, **request)
        if answer.status_code == 401:
            self._expires_at = 0.0
            raise TryLater("PayPal's access token has ended.", retry_after=0.0)
        refuse_by_status(answer.status_code, answer.headers)
        body = json_of(answer)
        if not answer.is_success:
            _refuse(answer.status_code, body, path)
        return body

    def _access(self) -> str:
        with self._lock:
            if time.monotonic() >= self._expires_at:
                self._renew()
            return self._token

    def _renew(self) -> None:
        """Fetch another token; nothing has happened yet when that fails."""
        form = {"grant_type": "client_credentials"}
        try:
            answer = self._send("POST", "/v1/oauth2/token", data=form, auth=self._login)
        except Unanswered as failure:
            raise TryLater(failure.reason) from None
        if answer.status_code in (400, 401, 403):
            raise Misconfigured("PayPal does not accept the client id and secret.")
        if not answer.is_success:
            raise TryLater(f"PayPal's token service answered {answer.status_code}.")
        body = answer.json()
        self._token = str(body["access_token"])
        self._expires_at = time.monotonic() + float(body["expires_in"]) - EARLY

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryLater(f"PayPal was not reached: {type(error).__name__}.") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"PayPal did not answer: {type(error).__name__}.") from None


def _refuse(status: int, body: Body, path: str) -> NoReturn:
    """Raise what a refusal says; its issue is more precise than its name."""
    details = body.get("details") or [{}]
    code = str(details[0].get("issue") or body.get("name") or status)
    if status == 404:
        raise Absent(path.rsplit("/", 1)[-1])
    if code in DECLINES:
        raise Declined(f"The payment was declined: {code}.", code=DECLINES[code])
    if code in WRONG_STATE:
        raise Rejected(f"PayPal refuses it in this state: {code}.", code="wrong_state")
    raise Rejected(f"PayPal refuses it: {code}.", code=code.lower())
