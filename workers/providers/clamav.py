"""Asks a ClamAV daemon about files, by its INSTREAM command.

Source: clamd(8)
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from workers.providers.failures import TryLater

PIECE = 2**16  # bytes
PATIENCE = 120.0  # seconds


class ClamAV:
    """The daemon at an address: `host:port`, or the path of a socket."""

    def __init__(self, address: str) -> None:
        self._address = address

    def is_clean(self, path: Path) -> bool:
        """Whether the daemon finds nothing in a file.

        Raises:
            TryLater: when it does not answer, or not about the file.
        """
        try:
            with self._connected() as connection, path.open("rb") as file:
                connection.sendall(b"zINSTREAM\0")
                while piece := file.read(PIECE):
                    connection.sendall(struct.pack("!L", len(piece)) + piece)
                connection.sendall(struct.pack("!L", 0))
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError as error:
            raise TryLater(f"ClamAV did not answer: {type(error).__name__}.") from None
        verdict = answer.rstrip(b"\0\n")
        if verdict.endswith(b" FOUND"):
            return False
        if verdict.endswith(b" OK"):
            return True
        raise TryLater(f"ClamAV did not scan the file: {verdict[-100:]!r}.")

    def _connected(self) -> socket.socket:
        if "/" in self._address:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            connection.connect(self._address)
            return connection
        host, _, port = self._address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), PATIENCE)
