"""A real S3 server (rclone), and a proxy before it that fails as servers and networks do."""

from __future__ import annotations

import http.client
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal

from cli.options import ROOT
from cli.stack.ports import HOST, free_port, is_free
from tests.harness.http_server import HttpServer
from tests.harness.programs import running

ACCESS_KEY, SECRET_KEY, BUCKET = "access", "secret of this test", "frontdesk-files"
# What the proxy does with requests that change something: answers 500, or hangs up with half of the
# request passed on, or with half of the answer.
Fault = Literal["none", "500", "half request", "half answer"]
INTERNAL = b"<Error><Code>InternalError</Code><Message>We failed</Message></Error>"


@dataclass
class S3Server:
    """The server behind its proxy. `fault` is what happens to requests from now on."""

    url: str
    folder: Path
    fault: Fault = "none"
    methods: set[str] = field(default_factory=lambda: {"PUT", "POST"})

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration says of it."""
        return {
            "endpoint": self.url,
            "region": "us-east-1",
            "bucket": BUCKET,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
        }

    def keys(self) -> set[str]:
        """The keys that have bytes."""
        bucket = self.folder / BUCKET
        return {str(p.relative_to(bucket)) for p in bucket.rglob("*") if p.is_file()}


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """A server that keeps its bytes in a folder."""
    (folder / BUCKET).mkdir(parents=True)
    port = free_port()
    rclone = shutil.which("rclone") or ROOT / ".venv" / "bin" / "rclone"
    arguments = [rclone, "serve", "s3", "--config", "", "--addr", f"{HOST}:{port}", "--no-cleanup"]
    arguments += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", folder]
    log = folder.with_suffix(".log")
    with running(arguments, ready=lambda _: not is_free(port), log=log):
        found = S3Server("", folder)
        bound = type("Bound", (Proxy,), {"backend": found, "port": port})
        proxy = HttpServer((HOST, 0), bound)
        proxy.daemon_threads = True
        found.url = f"http://{HOST}:{proxy.server_port}"
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield found
        finally:
            proxy.shutdown()
            proxy.server_close()


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on, or fails."""

    protocol_version = "HTTP/1.1"
    backend: S3Server
    port: int

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        fault = self.backend.fault if self.command in self.backend.methods else "none"
        if fault == "500":
            self._reply(500, {"Content-Type": "application/xml"}, INTERNAL)
            return
        backend = http.client.HTTPConnection(HOST, self.port)
        headers = dict(self.headers.items())
        if fault == "half request":
            self._send_half(backend, headers, body)
            self._hang_up()
            return
        backend.request(self.command, self.path, body, headers)
        answer = backend.getresponse()
        content = answer.read()
        backend.close()
        if fault == "half answer":
            self._hang_up()
            return
        self._reply(answer.status, dict(answer.getheaders()), content)

    def do_GET(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def do_DELETE(self) -> None:
        self._pass()

    def do_HEAD(self) -> None:
        self._pass()

    def _send_half(
        self, backend: http.client.HTTPConnection, headers: dict[str, str], body: bytes
    ) -> None:
        backend.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            backend.putheader(name, value)
        backend.endheaders()
        backend.send(body[: len(body) // 2])
        backend.close()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_expect_100(self) -> bool:
        self.send_response_only(100)
        self.end_headers()
        return True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Be quiet."""
