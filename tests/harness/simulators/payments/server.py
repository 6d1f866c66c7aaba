"""What the simulated payment providers share: HTTP, faults, books, and events for the webhook."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from httpx import Headers

from tests.harness.http_server import HttpServer

Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request. `body` is its form or its JSON, with nested names as dictionaries."""

    method: str
    path: str
    query: Body
    headers: Headers
    body: Body
    raw: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the next call that matches `at`, a pattern of `METHOD /path`.

    `before` nothing happens at the provider; `after` it happened and the caller does not learn so.
    """

    how: Literal["500", "drop", "hang", "busy"]
    when: Literal["before", "after"] = "after"
    at: str = r"POST .*"


class Refusal(Exception):
    """Raised by a step: this answer, and nothing in the books."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Step = Callable[..., Answer | Body]


class PaymentSimulator(ABC):
    """A provider. `events` is what it would send to our webhook, the oldest first."""

    def __init__(self) -> None:
        self.objects: dict[str, Body] = {}
        self.events: list[Body] = []
        self.calls: list[str] = []
        self.faults: deque[Fault] = deque()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._server: HttpServer | None = None
        self._number = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "it is not open"
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    @abstractmethod
    def steps(self) -> list[tuple[str, Step]]:
        """Patterns of `METHOD /path` and what answers them; groups are arguments."""

    @abstractmethod
    def is_allowed(self, call: Call) -> bool:
        """Whether the credentials are right."""

    @abstractmethod
    def refused(self, status: int, code: str, message: str) -> Answer:
        """A refusal in this provider's format."""

    def answer(self, call: Call) -> Answer:
        """Do what a request asks for; its faults happen around it."""
        with self._lock:
            name = f"{call.method} {call.path}"
            self.calls.append(name)
            fault = self._fault(name)
            if fault and fault.when == "before":
                return self._failed(fault)
            answer = self.perform(call)
            return self._failed(fault) if fault else answer

    def perform(self, call: Call) -> Answer:
        """Answer a request as documented."""
        if not self.is_allowed(call):
            return self.refused(401, "authentication_failed", "Authentication failed.")
        for pattern, step in self.steps:
            if found := re.fullmatch(pattern, f"{call.method} {call.path}"):
                try:
                    made = step(call, *found.groups())
                except Refusal as refusal:
                    return refusal.answer
                return made if isinstance(made, Answer) else Answer(body=made)
        return self.refused(404, "not_found", f"Unrecognized request: {call.path}.")

    def get(self, reference: str, kind: str | None = None) -> Body:
        """Return an object of the books."""
        found = self.objects.get(reference)
        if found is None or (kind and found["object"] != kind):
            raise Refusal(self.refused(*self.absent(reference)))
        return found

    def absent(self, reference: str) -> tuple[int, str, str]:
        """What it says of an object that it does not have."""
        return 404, "resource_missing", f"No such object: {reference}"

    def number(self) -> int:
        """Return another number for an id."""
        self._number += 1
        return self._number

    def of_kind(self, kind: str) -> list[Body]:
        """Return the objects of a kind, the newest first."""
        return [body for body in reversed(self.objects.values()) if body["object"] == kind]

    def _fault(self, name: str) -> Fault | None:
        if self.faults and re.fullmatch(self.faults[0].at, name):
            return self.faults.popleft()
        return None

    def _failed(self, fault: Fault) -> Answer:
        if fault.how == "busy":
            busy = self.refused(429, "rate_limit", "Too many requests.")
            return Answer(429, busy.body, {"Retry-After": "7"})
        if fault.how == "500":
            return self.broken()
        if fault.how == "hang":
            self._lock.release()
            self._closing.wait(60)
            self._lock.acquire()
        raise ConnectionAbortedError

    def broken(self) -> Answer:
        """A failure of its own."""
        return self.refused(500, "server_error", "Something went wrong.")

    def open(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._server = HttpServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening, and end what hangs."""
        self._closing.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def now() -> int:
    """Return the time as providers write it."""
    return int(time.time())


def nested(pairs: list[tuple[str, str]]) -> Body:
    """Return a form whose names nest: `metadata[key]=1` and `expand[0]=a`."""
    found: Body = {}
    for name, value in pairs:
        first, *others = re.findall(r"[^\[\]]+", name)
        at, last = found, first
        for other in others:
            at = at.setdefault(last, {})
            last = other
        at[last] = value
    return found


def _handler(simulator: PaymentSimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
            address = urlsplit(self.path)
            is_json = (self.headers.get("Content-Type") or "").startswith("application/json")
            body = json.loads(raw or b"{}") if is_json else nested(parse_qsl(raw.decode()))
            query = nested(parse_qsl(address.query))
            headers = Headers(list(self.headers.items()))
            try:
                call = Call(self.command, address.path, query, headers, body, raw)
                self._reply(simulator.answer(call))
            except OSError:  # planned, or the client gave up waiting
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815

        def _reply(self, answer: Answer) -> None:
            content = b"" if answer.status == 204 else json.dumps(answer.body).encode()
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
