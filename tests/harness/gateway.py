"""The gateway alone, before two PostgRESTs that the test plays."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cli.settings.config import Gateway
from cli.stack import gateway, process, programs
from cli.stack.account import server_account
from cli.stack.ports import HOST, free_port
from tests.harness.waiting import wait_until

SHARED_TOKEN = "shared.by_all.signature"
BLOBS = "location = /.blobs {"  # no file is sent


class Answering(BaseHTTPRequestHandler):
    """Says which pool was asked and with which headers; /slow waits until the test lets it go."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Answer 200; /refused is a refusal of the database."""
        upstream = self.server
        assert isinstance(upstream, Upstream)
        upstream.arrived.append(self.path)
        if "/slow" in self.path:
            upstream.may_answer.wait()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"pool": upstream.name, "headers": dict(self.headers)}).encode()
        self.send_response(429 if self.path == "/refused" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", "*")
        if upstream.name == "edge":
            self.send_header("Content-Security-Policy", "default-src 'self'")
            self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class Upstream(ThreadingHTTPServer):
    """One PostgREST of the test, on a port of its own."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.arrived: list[str] = []
        self.may_answer = threading.Event()
        super().__init__((HOST, 0), Answering)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class LoneGateway:
    """nginx with the configuration of a stack."""

    port: int = field(default_factory=free_port)
    rest: Upstream = field(default_factory=lambda: Upstream("rest"))
    reads: Upstream = field(default_factory=lambda: Upstream("reads"))
    edge: Upstream = field(default_factory=lambda: Upstream("edge"))

    def connection(self, of: str = HOST) -> http.client.HTTPConnection:
        """Connect from an address of this machine, 127.0.0.1 to 127.255.255.254."""
        return http.client.HTTPConnection(HOST, self.port, timeout=120, source_address=(of, 0))

    def ask(
        self,
        path: str,
        *,
        of: str = HOST,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        below: str = "/rest/v1",
    ) -> Answer:
        """Send one request to the REST API, from an address, on a connection of its own."""
        connection = self.connection(of)
        connection.request(method, f"{below}{path}", headers=headers or {})
        found = connection.getresponse()
        named = {name.lower(): found.headers.get_all(name) or [] for name in found.headers}
        body = json.loads(found.read() or "{}")
        connection.close()
        joined = {name: ", ".join(values) for name, values in named.items()}
        return Answer(found.status, joined, body)

    def answers(self) -> bool:
        """Whether it accepts connections."""
        try:
            return self.ask("/ready").status == 200
        except OSError:
            return False


@contextmanager
def lone_gateway(folder: Path, limits: Gateway) -> Iterator[LoneGateway]:
    """Run the gateway with these limits."""
    found = LoneGateway()
    account = server_account()
    place = account.folder(folder / "gateway")
    nginx = account.program(programs.nginx())
    conf = gateway.write(
        place,
        account,
        nginx=nginx,
        port=found.port,
        rest_port=found.rest.server_port,
        rest_reads_port=found.reads.server_port,
        edge_port=found.edge.server_port,
        limits=limits,
        opaque_keys={},
        shared_tokens=[SHARED_TOKEN],
        api_key_token="token",
        blobs=BLOBS,
    )
    program = process.Program(
        argv=[nginx, "-p", place, "-e", "stderr", "-c", conf],
        log=folder / "gateway.log",
        cwd=place,
        account=account,
    )
    server = process.start(program)
    try:
        wait_until(found.answers)
        yield found
    finally:
        for upstream in (found.rest, found.reads, found.edge):
            upstream.may_answer.set()
            upstream.shutdown()
        server.terminate()
        server.wait()
        account.discard(place)
