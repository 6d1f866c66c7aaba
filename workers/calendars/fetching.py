"""Fetches a calendar from its address if it has changed, within limits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from workers.calendars.addresses import PublicNetwork
from workers.calendars.limits import limit
from workers.calendars.unreadable import OutOfTime, Unreadable

LARGEST = 5 * 1024 * 1024  # bytes
REDIRECTS = 5
PATIENCE = 10.0  # seconds for each read and write
DEADLINE = 20.0  # seconds for everything, redirects included
REDIRECT = (301, 302, 303, 307, 308)
TAG = re.compile(r"[ -~]{1,500}")


@dataclass(frozen=True)
class Version:
    """The server's own names of a version, for conditional requests; null where it sends none."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A calendar as it came."""

    content: bytes
    version: Version


class Fetcher:
    """Reads addresses on the public internet, and on `private_hosts`."""

    def __init__(self, private_hosts: Collection[str]) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=PublicNetwork(private_hosts)
        )

    def fetch(self, url: str, known: Version) -> Fetched | None:
        """Return the calendar at an address, or null when it is still the known version.

        Only for the main thread, whose alarm clock it uses.

        Raises:
            Unreadable: with the reason.
        """
        host = _host(url)
        try:
            with limit(DEADLINE, clock="wall"):
                for _ in range(REDIRECTS + 1):
                    host = _host(url)
                    answer = self._answer(url, known, host)
                    if not isinstance(answer, str):
                        return answer
                    url = answer
        except OutOfTime:
            raise Unreadable(f"{host} took longer than {DEADLINE:.0f} seconds.") from None
        raise Unreadable("The address leads from one to the next without end.")

    def _answer(self, url: str, known: Version, host: str) -> Fetched | str | None:
        """Return the calendar, null when it has not changed, or the address of a redirect.

        Raises:
            Unreadable: with the reason.
        """
        try:
            answer = self._ask(url, known)
            return urljoin(url, answer) if isinstance(answer, str) else answer
        except (httpcore.NetworkError, httpcore.TimeoutException):
            raise Unreadable(f"{host} did not answer.") from None
        except (httpcore.ProtocolError, ValueError):
            raise Unreadable(f"{host} did not answer as a web server.") from None

    def _ask(self, url: str, known: Version) -> Fetched | str | None:
        """Send one request."""
        host = _host(url)
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        with self._pool.stream(
            "GET", url, headers=_headers(known), extensions={"timeout": timeouts}
        ) as answer:
            headers = _texts(answer)
            if answer.status == 304:
                return None
            if answer.status in REDIRECT and headers.get("location"):
                return headers["location"]
            if answer.status != 200:
                raise Unreadable(f"{host} answered {answer.status}.")
            if headers.get("content-encoding", "identity") != "identity":
                raise Unreadable(f"{host} sent it compressed.")
            return Fetched(_body(answer), _version(headers))


def _host(url: str) -> str:
    """Return the host of an address that may be read.

    Raises:
        Unreadable: it is not an http or https address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username is not None:
        raise Unreadable("The address leads to something that is not on the web.")
    return host


def _headers(known: Version) -> dict[bytes | str, bytes | str]:
    headers: dict[bytes | str, bytes | str] = {
        "User-Agent": "Frontdesk",
        "Accept": "text/calendar, */*;q=0.1",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _texts(answer: httpcore.Response) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in answer.headers}


def _body(answer: httpcore.Response) -> bytes:
    content = bytearray()
    for part in answer.iter_stream():
        content += part
        if len(content) > LARGEST:
            raise Unreadable(f"The calendar is larger than {LARGEST // 1024**2} MiB.")
    return bytes(content)


def _version(headers: Mapping[str, str]) -> Version:
    tags = (headers.get("etag", ""), headers.get("last-modified", ""))
    return Version(*(tag if TAG.fullmatch(tag) else None for tag in tags))
