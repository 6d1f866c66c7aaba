"""Files are scanned by a daemon that speaks ClamAV's protocol."""

from __future__ import annotations

import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workers.providers.clamav import ClamAV
from workers.providers.failures import TryLater

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LIMIT = 1_000_000  # bytes; clamd's StreamMaxLength


class Session(socketserver.StreamRequestHandler):
    """One command: INSTREAM in clamd's null-terminated form."""

    def handle(self) -> None:
        command = b"".join(iter(lambda: self.rfile.read(1), b"\0"))
        if command != b"zINSTREAM":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        if len(content) > LIMIT:
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        elif EICAR in content:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0")
        else:
            self.wfile.write(b"stream: OK\0")


@contextmanager
def daemon(*, is_local: bool) -> Iterator[ClamAV]:
    """A daemon on a socket of the file system, or on a port."""
    server: socketserver.BaseServer
    if is_local:
        address = f"{tempfile.mkdtemp()}/clamd.sock"  # its path has 107 characters at most
        server = socketserver.ThreadingUnixStreamServer(address, Session)
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ClamAV(address)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("is_local", [True, False], ids=["socket", "port"])
def test_a_daemon_tells_clean_files_from_infected_ones(is_local: bool, tmp_path: Path) -> None:
    clean, infected = tmp_path / "clean", tmp_path / "infected"
    clean.write_bytes(b"fine" * 100_000)
    infected.write_bytes(b"x" * 70_000 + EICAR)
    with daemon(is_local=is_local) as scanner:
        assert scanner.is_clean(clean)
        assert not scanner.is_clean(infected)


def test_a_file_that_the_daemon_does_not_scan_is_not_clean(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(LIMIT + 1))
    with daemon(is_local=False) as scanner, pytest.raises(TryLater, match="size limit"):
        scanner.is_clean(large)


def test_without_the_daemon_nothing_is_clean(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"fine")
    with pytest.raises(TryLater, match="did not answer"):
        ClamAV(str(tmp_path / "nobody.sock")).is_clean(tmp_path / "file")
