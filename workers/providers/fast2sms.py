"""SMS to Indian numbers by Fast2SMS's quick route.

Source: https://docs.fast2sms.com and its list of error codes
"""

from __future__ import annotations

from workers.providers.failures import Failure, Misconfigured, Refused, TryLater
from workers.providers.http import KEY_HEADER, Http, Timeouts, json_of
from workers.providers.sent import Sent
from workers.providers.sms import Sms

URL = "https://www.fast2sms.com"
COUNTRY = "+91"
SAME_NUMBER = 995  # a second message in a row to the same number counts as spam
# Sender, route, key, address, account, balance, template, KYC.
OPERATOR = (401, 403, 406, 408, 409, 412, 413, 414, 415, 416, 500, 990, 996, 998, 999)


class Fast2Sms:
    """A `Texter`."""

    def __init__(self, *, api_key: str, timeouts: Timeouts, url: str = URL) -> None:
        self._headers = {"authorization": api_key}
        self._url = f"{url}/dev/bulkV2"
        self._http = Http(timeouts)

    def send(self, sms: Sms) -> Sent:
        """See `Texter.send`."""
        if not sms.to.startswith(COUNTRY) or len(sms.to) != 13:
            raise Refused("Fast2SMS sends to Indian numbers only.")
        body = {
            "route": "q",
            "message": sms.text,
            "language": "english" if sms.text.isascii() else "unicode",
            "flash": "0",
            "numbers": sms.to.removeprefix(COUNTRY),
        }
        headers = {**self._headers, KEY_HEADER: sms.idempotency_key}
        answer = self._http.post(self._url, headers=headers, data=body)
        said = json_of(answer)
        if answer.status_code == 200 and said.get("return") is True:
            return Sent(str(said.get("request_id")))
        raise _failure(answer.status_code, said.get("status_code"))


def _failure(status: int, code: object) -> Failure:
    reason = f"Fast2SMS answered {status} with error {code}."
    if code == SAME_NUMBER:
        return TryLater(reason)
    if status in (401, 403) or code in OPERATOR:
        return Misconfigured(reason)
    return Refused(reason)
