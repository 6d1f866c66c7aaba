"""What `python -m tests.harness.simulators KIND` runs: a simulator that others may kill.

It prints one line of JSON, `{"url", "control", …}`, and serves until it is ended. Its control
address answers GET with how often each idempotency key was taken, and plans the answers that are
posted to it.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.simulators import KINDS, Answer, FcmSimulator, Simulator


def control(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    """How another process asks and tells the simulator."""

    class Control(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(json.dumps(simulator.keys).encode())

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            simulator.answer_next(*(Answer(**planned) for planned in json.loads(raw)))
            self._reply(b"{}")

        def _reply(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Be quiet."""

    return Control


def main() -> None:
    """Serve one simulator."""
    with KINDS[sys.argv[1]]() as simulator:
        server = ThreadingHTTPServer(("127.0.0.1", 0), control(simulator))
        said = {"url": simulator.url, "control": f"http://127.0.0.1:{server.server_port}"}
        if isinstance(simulator, FcmSimulator):
            said["service_account"] = json.dumps(simulator.service_account())
        print(json.dumps(said), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
