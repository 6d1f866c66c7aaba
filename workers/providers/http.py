"""HTTP to providers, with time limits and an exception for each kind of failure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from workers.providers.failures import Misconfigured, TryLater, Unanswered

KEY_HEADER = "Idempotency-Key"
BUSY = (408, 425, 429)


@dataclass(frozen=True)
class Timeouts:
    """Seconds to connect, and to wait for each part of an answer."""

    connect: float = 5.0
    read: float = 15.0


class Http:
    """A pool of connections to one provider; threads may share it."""

    def __init__(self, timeouts: Timeouts) -> None:
        limit = httpx.Timeout(timeouts.read, connect=timeouts.connect)
        self._client = httpx.Client(timeout=limit)

    def post(self, url: str, *, headers: Mapping[str, str], **body: Any) -> httpx.Response:
        """Post once, and return an answer that is not busy, broken or a redirection.

        Raises:
            Unanswered: when the request was sent and no answer came.
            TryLater: when it was not sent, or the provider is busy or broken.
            Misconfigured: when the address redirects.
        """
        try:
            answer = self._client.post(url, headers=dict(headers), **body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryLater(f"The provider was not reached: {_name(error)}.") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"The provider did not answer: {_name(error)}.") from None
        if answer.status_code in BUSY or answer.status_code >= 500:
            reason = f"The provider answered {answer.status_code}."
            raise TryLater(reason, retry_after=retry_after(answer.headers))
        if answer.is_redirect:
            raise Misconfigured("The provider's address leads elsewhere.")
        return answer


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer, or an empty one."""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, from `Retry-After` or `X-RateLimit-Reset`."""
    wish = headers.get("Retry-After", "").strip()
    if wish.isdecimal():
        return float(wish)
    if wish:
        try:
            return max(0.0, parsedate_to_datetime(wish).timestamp() - time.time())
        except ValueError:
            return None
    reset = headers.get("X-RateLimit-Reset", "")
    return max(0.0, float(reset) - time.time()) if reset.isdecimal() else None


def _name(error: Exception) -> str:
    return type(error).__name__
