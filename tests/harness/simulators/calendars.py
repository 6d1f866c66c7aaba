"""A web server with one calendar, as calendar programs publish them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Literal, Self

from httpx import Headers

from tests.harness.http_server import HttpServer

# What a server sends byte by byte, for as long as somebody listens.
Drips = Literal["headers", "body", "nothing"]
PAUSE = 0.1  # seconds between two bytes


@dataclass
class CalendarServer:
    """Serves `content`, with `status` and `headers`; or drips, and serves nothing."""

    content: bytes = b""
    etag: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drips: Drips | None = None
    tls: ssl.SSLContext | None = None
    asked: list[Headers] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address by number; its name is localhost."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}/calendar.ics"

    @property
    def named_url(self) -> str:
        return self.url.replace("127.0.0.1", "localhost")

    def __enter__(self) -> Self:
        self._closing = threading.Event()
        self._server = HttpServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Headers) -> tuple[int, Mapping[str, str], bytes]:
        """What to send back: nothing new to whoever knows the tag."""
        self.asked.append(asked)
        tags = {"ETag": self.etag} if self.etag else {}
        if self.etag and asked.get("If-None-Match") == self.etag:
            return 304, tags, b""
        return self.status, {**tags, **self.headers}, self.content

    def drip(self, write: Callable[[bytes], object]) -> None:
        """Send without end, too little to be of use and too much to be silence."""
        parts = {
            "headers": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
            "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
            "nothing": (b"", b""),
        }
        first, again = parts[self.drips or "nothing"]
        write(first)
        while not self._closing.wait(PAUSE):
            write(again)


def _handler(server: CalendarServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, content = server.answer(Headers(list(self.headers.items())))
            try:
                if server.drips:
                    server.drip(self.wfile.write)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the client has heard enough
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Be quiet."""

    return Handler
