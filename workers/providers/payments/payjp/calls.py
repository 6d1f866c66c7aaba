"""Calls of PAY.JP: lists page by page, and its errors as our failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.providers.http import json_of
from workers.providers.payments import repeating
from workers.providers.payments.failures import Absent, Declined, Rejected, Unanswered
from workers.providers.payments.http import Api
from workers.providers.payments.payjp import reading

PAGE = 100
STATES = ("already_captured", "already_refunded", "expired_for_capture")
Body = dict[str, Any]


class Calls:
    """The calls of one account; threads may share it."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def all(self, path: str, query: Body | None = None) -> Iterator[Body]:
        """Yield what a list has, the newest first."""
        offset = 0
        while True:
            page = self.get(path, {**(query or {}), "limit": PAGE, "offset": offset})
            yield from page["data"]
            offset += len(page["data"])
            if not page["has_more"]:
                return

    def get(self, path: str, query: Body | None = None) -> Body:
        """Read an object or a page."""
        return _checked(self._api.call("GET", path, params=query or {}), path)

    def post(self, path: str, form: Body) -> Body:
        """Change something. PAY.JP knows no keys, so look whether it was done before.

        Raises:
            Unanswered: with the time that the lost request may still need to arrive.
        """
        try:
            return _checked(self._api.call("POST", path, data=form), path)
        except Unanswered as failure:
            raise Unanswered(failure.reason, retry_after=repeating.SETTLING) from None

    def delete(self, path: str) -> None:
        """Delete an object."""
        _checked(self._api.call("DELETE", path), path)


def _checked(answer: Any, path: str) -> Body:
    body = json_of(answer)
    if answer.is_success:
        return body
    error = body.get("error", {})
    code = str(error.get("code", "invalid_request"))
    if answer.status_code == 402:
        raise Declined(f"The payment was declined: {code}.", code=reading.decline(code))
    if answer.status_code == 404 or code == "invalid_id":
        raise Absent(path.rsplit("/", 1)[-1])
    if code in STATES:
        raise Rejected(f"PAY.JP refuses it in this state: {code}.", code="wrong_state")
    raise Rejected(f"PAY.JP refuses it: {code}.", code=code)
