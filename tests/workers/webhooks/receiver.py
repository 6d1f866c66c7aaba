"""A server that receives webhooks, and answers as its paths say: well, badly or with malice."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from tests.harness.http_server import HttpServer


@dataclass(frozen=True)
class Received:
    """A request: the headers of Standard Webhooks, and the body."""

    id: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, by path. `statuses` are answered; `release` ends what hangs."""

    statuses: dict[str, int] = field(default_factory=dict)
    came: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    release: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        bound = type("Bound", (Handler,), {"receiver": self})
        self._server = HttpServer(("127.0.0.1", 0), bound)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers as the first word of the path says."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_GET(self) -> None:
        self.receiver.came[self.path].append(Received("", {}, b""))
        self._answer(200)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.came[self.path].append(Received(headers["webhook-id"], headers, body))
        with contextlib.suppress(OSError):
            getattr(self, f"_{self.path.split('/')[1]}", self._plain)()

    def _plain(self) -> None:
        self._answer(self.receiver.statuses.get(self.path, 200))

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _hang(self) -> None:
        self.receiver.release.wait()

    def _redirect(self) -> None:
        self._answer(302, Location=f"{self.receiver.url}/inside")

    def _half(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.receiver.release.is_set():
            self.wfile.write(b".")
            time.sleep(0.2)

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10 * 1024**3))
        self.end_headers()
        while not self.receiver.release.is_set():
            self.wfile.write(b"." * 65536)

    def log_message(self, *_arguments: Any) -> None:
        pass
