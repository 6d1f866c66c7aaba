"""TCP ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket

import psutil

from cli.refusal import Refusal

HOST = "127.0.0.1"
# Below the ports of outgoing connections, one of which could take a port between two starts.
RANGE = range(15_000, 30_000)


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(wanted: int | None = None, *, taken: tuple[int, ...] = ()) -> int:
    """Return the wanted port when it is free, else another free one."""
    if wanted is not None and is_free(wanted):
        return wanted
    while True:
        port = random.choice(RANGE)  # noqa: S311 - not a secret
        if port not in taken and is_free(port):
            return port


def require_free(port: int) -> None:
    """Refuse to start where something else listens."""
    if is_free(port):
        return
    raise Refusal(
        f"Port {port} is taken{_holder(port)}.",
        f"Stop that, or choose another port: ./frontdesk up --port {free_port()}",
    )


def _holder(port: int) -> str:
    """Return who listens there, as far as the system tells."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and port in connection.laddr
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
