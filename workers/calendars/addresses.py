"""Only public addresses may be read, so that nobody reads our own network through us.

The check is made on the address of each connection. A redirect into our network fails it, and so
does a name that has a public address first and a private one later.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable
from typing import Any

import httpcore

from workers.calendars.unreadable import Unreadable
from workers.public_addresses import is_public


class PublicNetwork(httpcore.SyncBackend):
    """Connects to public addresses, and to the hosts in `private_hosts` at any address."""

    def __init__(self, private_hosts: Collection[str]) -> None:
        self._private_hosts = private_hosts

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            Unreadable: the host does not exist, is not public, or does not answer.
        """
        for address in self._addresses(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise Unreadable(f"{host} did not answer.")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreadable(f"There is no host {host}.") from None
        addresses = [str(entry[4][0]) for entry in found]
        if host not in self._private_hosts:
            addresses = [text for text in addresses if is_public(text)]
        if not addresses:
            raise Unreadable(f"{host} is not on the public internet.")
        return addresses
