"""Connections to public addresses alone, each checked as it is opened."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

from workers.public_addresses import is_public

RESOLVERS = 16  # threads: a name server that hangs holds one until the attempt's deadline


class NotPublicError(Exception):
    """A host has no address on the public internet."""


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to the hosts in `private_hosts` at any address.

    A name is resolved once for each connection, and the connection goes to the address that was
    checked, so a name that changes its mind in between leads nowhere else. Numbers in any notation
    are addresses to the resolver as well, so they are checked in the same place.
    """

    def __init__(self, private_hosts: Collection[str]) -> None:
        self._private_hosts = private_hosts
        self._backend = httpcore.AnyIOBackend()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-resolver")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first public address of the host that answers.

        Raises:
            NotPublicError: it has none.
            httpcore.ConnectError: it does not exist, or does not answer.
        """
        for address in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise httpcore.ConnectError(f"{host} did not answer")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._resolvers, _resolve, host, port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"There is no host {host}") from None
        if host in self._private_hosts:
            return found
        public = [address for address in found if is_public(address)]
        if not public:
            raise NotPublicError(f"{host} is not on the public internet")
        return public


def _resolve(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))
