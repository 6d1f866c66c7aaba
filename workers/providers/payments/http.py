"""HTTP to payment providers, for those whose SDK we do not use.

An answer of 5xx or none at all leaves open whether the provider acted, so it is `Unanswered`.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import httpx

from workers.providers.http import Timeouts, retry_after
from workers.providers.payments.failures import Misconfigured, TryLater, Unanswered

BUSY = (408, 425, 429)


@cache
def trust() -> ssl.SSLContext:
    """Return the certificates that we trust; reading them takes long, so all clients share them."""
    return httpx.create_ssl_context()


class Api:
    """A pool of connections to one provider; threads may share it."""

    def __init__(self, url: str, *, auth: tuple[str, str], timeouts: Timeouts) -> None:
        limit = httpx.Timeout(timeouts.read, connect=timeouts.connect)
        self._client = httpx.Client(base_url=url, auth=auth, timeout=limit, verify=trust())

    def call(
        self, method: str, path: str, *, key: str | None = None, **request: Any
    ) -> httpx.Response:
        """Call once, and return an answer that is not busy, broken or a matter of credentials.

        Raises:
            TryLater, Unanswered, Misconfigured: as in `payments.failures`.
        """
        headers = {"Idempotency-Key": key} if key else {}
        try:
            answer = self._client.request(method, path, headers=headers, **request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryLater(f"The provider was not reached: {type(error).__name__}.") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"The provider did not answer: {type(error).__name__}.") from None
        refuse_by_status(answer.status_code, answer.headers)
        return answer


def refuse_by_status(status: int, headers: Any) -> None:
    """Raise for an answer that says nothing about the call itself."""
    if status in BUSY:
        reason = f"The provider answered {status}."
        raise TryLater(reason, retry_after=retry_after(headers))
    if status >= 500:
        raise Unanswered(f"The provider answered {status}.", retry_after=retry_after(headers))
    if status in (401, 403):
        raise Misconfigured(f"The provider does not accept the key: {status}.")
