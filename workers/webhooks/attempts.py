"""One attempt at a delivery: a signed request, and what came back within limits."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore

from workers.webhooks.network import NotPublicError, PublicNetwork
from workers.webhooks.signing import headers

DEADLINE = 15.0  # seconds of an attempt. Source: Standard Webhooks 1.0.0 recommends 15 to 30
LARGEST = 16 * 1024  # bytes that are read of an answer, so that a short one leaves its connection
KEPT = 1024  # bytes of an answer that are recorded
IDLE = 10.0  # seconds until an idle connection is closed; the next one checks the address again
POOLS = 500  # origins whose connections are kept


@dataclass(frozen=True)
class Delivery:
    """What is sent, and where."""

    event_id: str
    url: str
    body: str


@dataclass(frozen=True)
class Outcome:
    """What came of it. Without an answer there is an `error` instead of a `status`."""

    duration_ms: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    is_refused: bool = False
    retry_after: int | None = None


class Client:
    """Sends requests. Each origin has connections of its own, so no origin waits for another."""

    def __init__(
        self, private_hosts: Collection[str], tls: ssl.SSLContext, *, deadline: float = DEADLINE
    ) -> None:
        self._private_hosts, self._tls, self._deadline = private_hosts, tls, deadline
        self._network = PublicNetwork(private_hosts)
        self._pools: OrderedDict[str, httpcore.AsyncConnectionPool] = OrderedDict()

    async def attempt(self, delivery: Delivery, secrets: Sequence[str]) -> Outcome:
        """Make one attempt. Redirects are not followed: they are answers like any other."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                status, body, retry_after = await self._ask(delivery, secrets)
        except NotPublicError as error:
            return Outcome(_since(began), error=f"{error}.", is_refused=True)
        except TimeoutError:
            return Outcome(_since(began), error=f"No answer within {self._deadline:g} seconds.")
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError):
            return Outcome(_since(began), error="It did not answer.")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError):
            return Outcome(_since(began), error="It did not answer as a web server.")
        return Outcome(_since(began), status, body, retry_after=retry_after)

    async def _ask(self, delivery: Delivery, secrets: Sequence[str]) -> tuple[int, str, int | None]:
        content = delivery.body.encode()
        sent: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/json",
            "User-Agent": "Frontdesk-Webhooks/1",
            "Accept-Encoding": "identity",
            **headers(delivery.event_id, int(time.time()), content, secrets),
        }
        pool = self._pool(delivery.url)
        async with pool.stream("POST", delivery.url, headers=sent, content=content) as answer:
            body = await _beginning(answer)
            return answer.status, body, _retry_after(answer)

    def _pool(self, url: str) -> httpcore.AsyncConnectionPool:
        """Return the connections of an origin.

        Raises:
            NotPublicError: it is neither https nor one of the private hosts.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in self._private_hosts:
            raise NotPublicError(f"{parts.hostname} is not addressed by https")
        origin = f"{parts.scheme}://{parts.netloc}"
        pool = self._pools.pop(origin, None) or httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            network_backend=self._network,
            keepalive_expiry=IDLE,
            max_connections=None,
        )
        self._pools[origin] = pool
        if len(self._pools) > POOLS:
            self._pools.popitem(last=False)
        return pool

    async def close(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            await pool.aclose()


async def _beginning(answer: httpcore.Response) -> str:
    """Return the first kilobyte of an answer, and read little more."""
    content = bytearray()
    async for part in answer.aiter_stream():
        content += part
        if len(content) > LARGEST:
            break
    return bytes(content[:KEPT]).decode("utf-8", "replace").replace("\x00", "\ufffd")


def _retry_after(answer: httpcore.Response) -> int | None:
    """Return the seconds of Retry-After, where it has some."""
    for name, value in answer.headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return min(int(value), 86_400)
    return None


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
