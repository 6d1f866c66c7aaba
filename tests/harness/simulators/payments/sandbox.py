"""The sandbox behind a door where faults happen, with the webhook that it sends its events to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount

from cli.stack.ports import free_port
from tests.harness.http_server import HttpServer
from tests.harness.simulators.payments.server import Answer, Body, Call, PaymentSimulator, Step
from tests.harness.waiting import wait_until
from workers.providers.payments.http import trust
from workers.sandbox import app as sandbox
from workers.sandbox.settings import Settings

KEY, WEBHOOK_SECRET = "sandbox-key", "sandbox-webhooks"


class SandboxSimulator(PaymentSimulator):
    """`received` is what came to the webhook. Events are sent at once, and slow things soon."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.received: list[tuple[dict[str, str], bytes]] = []
        # How many of the next events our webhook answers with 503.
        self.refusing = 0
        self._folder = folder
        self._inner = f"http://127.0.0.1:{free_port()}"
        self._client = httpx.Client(base_url=self._inner, timeout=60, verify=trust())
        self._webhook = HttpServer(("127.0.0.1", 0), _webhook(self))
        self._webhook.daemon_threads = True

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return []

    def is_allowed(self, call: Call) -> bool:
        return True

    def refused(self, status: int, code: str, message: str) -> Answer:
        return Answer(status, {"error": {"code": code, "message": message, "payment": None}})

    def perform(self, call: Call) -> Answer:
        """Pass the request on to the application."""
        answer = self._client.request(
            call.method,
            call.path,
            params=call.query,
            headers=call.headers,
            content=call.raw,
        )
        return Answer(answer.status_code, answer.json())

    def all(self, path: str) -> list[Body]:
        """Return what the sandbox lists at a path."""
        found: list[Body] = self._client.get(path, auth=(KEY, "")).json()["data"]
        return found

    def post(self, path: str, **asked: str) -> None:
        """Do something at the sandbox that no adapter does."""
        self._client.post(path, auth=(KEY, ""), json=asked).raise_for_status()

    def press(self, url: str, **form: str) -> str:
        """Press a button on one of its pages, and return where that leads."""
        answer = self._client.post(url, data=form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def from_inside(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """Make blocking calls all at once, in the threads of the sandbox's own program."""

        async def made() -> list[Any]:
            return await asyncio.gather(*(run_in_threadpool(call) for call in calls))

        return asyncio.run_coroutine_threadsafe(made(), self._loop).result()

    def settled(self) -> list[tuple[dict[str, str], bytes]]:
        """Return what came to the webhook, once all that was announced has come."""
        wait_until(lambda: all(event["is_sent"] for event in self.all("/events")))
        return list(self.received)

    def open(self) -> Self:
        super().open()
        settings = Settings(
            folder=self._folder,
            key=KEY,
            webhook_secret=WEBHOOK_SECRET,
            url=self._inner,
            webhook_url=f"http://127.0.0.1:{self._webhook.server_port}",
            delay_seconds=0,
            slow_seconds=0,
        )
        threading.Thread(target=self._webhook.serve_forever, args=(0.02,), daemon=True).start()
        self._program = uvicorn.Server(
            uvicorn.Config(
                self._app(settings),
                port=int(self._inner.rsplit(":")[-1]),
                log_level="error",
                timeout_keep_alive=600,
            )
        )
        threading.Thread(target=self._program.run, daemon=True).start()
        wait_until(lambda: self._program.started)
        return self

    def _app(self, settings: Settings) -> Starlette:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
            self._loop = asyncio.get_running_loop()
            async with sandbox.running(settings) as desk:
                yield {"sandbox": desk}

        return Starlette(routes=[Mount("/", app=sandbox.make())], lifespan=lifespan)

    def close(self) -> None:
        super().close()
        self._program.should_exit = True
        self._webhook.shutdown()
        self._webhook.server_close()


def _webhook(simulator: SandboxSimulator) -> type[BaseHTTPRequestHandler]:
    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            is_refused = simulator.refusing > 0
            simulator.refusing -= is_refused
            if not is_refused:
                simulator.received.append((dict(self.headers.items()), raw))
            self.send_response(503 if is_refused else 204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Be quiet."""

    return Webhook


def event_of(raw: bytes) -> Body:
    """Return the event in a webhook's bytes."""
    body: Body = json.loads(raw)
    return body
