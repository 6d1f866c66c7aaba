"""SMS by Twilio, with its own SDK over our HTTP.

Source: https://www.twilio.com/docs/messaging/api/message-resource and /docs/api/errors
"""

from __future__ import annotations

import logging
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from workers.providers.failures import DeadAddress, Failure, Misconfigured, Refused, TryLater
from workers.providers.http import KEY_HEADER, Http, Timeouts
from workers.providers.sent import Sent
from workers.providers.sms import Sms

URL = "https://api.twilio.com"
DEAD = (21610, 21614)  # said STOP; not a mobile number
BUSY = (14107, 20429, 21611)  # rates; 21611: the sender's queue is full
# The account, its permissions and its senders.
OPERATOR = (10001, 20003, 20005, 20008, 21408, 21601, 21603, 21606, 21608, 21659, 21701, 21703)


class Twilio:
    """A `Texter`. `sender` is a number, or the SID of a messaging service (MG…)."""

    def __init__(
        self, *, account_sid: str, auth_token: str, sender: str, timeouts: Timeouts, url: str = URL
    ) -> None:
        self._account = (account_sid, auth_token)
        key = "messaging_service_sid" if sender.startswith("MG") else "from_"
        self._sender = {key: sender}
        self._url = url
        self._http = Http(timeouts)

    def send(self, sms: Sms) -> Sent:
        """See `Texter.send`."""
        client = Client(*self._account, http_client=_Transport(self._http, sms.idempotency_key))
        client.api.base_url = self._url
        try:
            message = client.messages.create(to=sms.to, body=sms.text, **self._sender)
        except (TwilioRestException, TwilioServiceException) as error:
            raise _failure(error.status, error.code) from None
        except (TwilioException, ValueError, AttributeError) as error:
            raise Refused(f"Twilio's answer was not understood: {type(error).__name__}.") from None
        return Sent(str(message.sid))


class _Transport(HttpClient):
    """Carries one sending, because the SDK's own client drops Retry-After and the key."""

    def __init__(self, http: Http, key: str) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=False)
        self._http = http
        self._key = key

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - the SDK's own signature
    ) -> Response:
        """Post the request that the SDK prepared; we only send messages."""
        sent: dict[str, Any] = {"data": data, "auth": auth}
        answer = self._http.post(uri, headers={**(headers or {}), KEY_HEADER: self._key}, **sent)
        return Response(answer.status_code, answer.text, answer.headers)


def _failure(status: int, code: int | None) -> Failure:
    reason = f"Twilio answered {status} with error {code}."
    if code in DEAD:
        return DeadAddress(reason)
    if code in BUSY:
        return TryLater(reason)
    if status in (401, 403) or code in OPERATOR:
        return Misconfigured(reason)
    return Refused(reason)
