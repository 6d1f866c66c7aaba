"""A provider that speaks HTTP."""

from __future__ import annotations

import json
import socket
import threading
from abc import abstractmethod
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from httpx import Headers

from tests.harness.http_server import HttpServer
from tests.harness.simulators.base import Answer, Received, Simulator

KEY_HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Request:
    """A POST. `body` is the JSON object or the form that came."""

    path: str
    headers: Headers
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """The sender's idempotency key."""
        return self.headers[KEY_HEADER]


class HttpSimulator(Simulator):
    """Answers every POST by `respond`, unless something else was planned."""

    def __init__(self) -> None:
        super().__init__()
        self._server: HttpServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None, "it is not open"
        return f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def respond(self, request: Request) -> tuple[Answer, Received | None]:
        """The documented answer, and the message if it is taken."""

    def before(self, request: Request) -> Answer | None:
        """Requests that no plan meets, such as the one for a token."""
        return None

    def open(self) -> None:
        self._server = HttpServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        super().close()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, request: Request) -> Answer:
        """What to send back to this request."""
        if aside := self.before(request):
            return aside
        planned = self.called()
        answer, received = self.respond(request)
        if received and (planned is None or planned.is_taken):
            self.take(received)
        return planned or answer


def _handler(simulator: HttpSimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            is_json = self.headers.get("Content-Type") == "application/json"
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            body = json.loads(raw) if is_json else form
            answer = simulator.answer(Request(self.path, Headers(list(self.headers.items())), body))
            if answer.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            try:
                self._reply(answer)
            except OSError:  # the client gave up waiting
                self.close_connection = True

        def _reply(self, answer: Answer) -> None:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Be quiet."""

    return Handler
