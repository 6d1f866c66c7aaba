"""The edge as a program, on whatever database a test has for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from cli.stack.ports import free_port
from tests.harness.programs import Program, running

SECRET = "a secret of at least 32 characters, for tests"
StartEdge = Callable[[str], httpx.Client]


@pytest.fixture(scope="module")
def start_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartEdge]:
    """Starts edges on a database's address; returns a client of each."""
    with ExitStack() as opened:
        yield lambda db_url: opened.enter_context(_edge(opened, db_url, tmp_path_factory))


def _edge(opened: ExitStack, db_url: str, folders: pytest.TempPathFactory) -> httpx.Client:
    port, nobody = free_port(), f"http://127.0.0.1:{free_port()}"
    url = f"http://127.0.0.1:{port}"
    environment = {
        "FRONTDESK_EDGE_PORT": str(port),
        "FRONTDESK_EDGE_DB_URL": db_url,
        "FRONTDESK_API_URL": url,
        "FRONTDESK_REST_URL": nobody,
        "FRONTDESK_REST_ADMIN_URL": nobody,
        "FRONTDESK_SCHEMAS": "public,analytics",
        "FRONTDESK_WEBHOOKS": '{"twilio": "key of twilio"}',
        "GOTRUE_JWT_SECRET": SECRET,
        "GOTRUE_API_EXTERNAL_URL": f"{url}/auth/v1",
        "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "true",
        "GOTRUE_EXTERNAL_PHONE_ENABLED": "true",
        "GOTRUE_SMS_PROVIDER": "workers",
        "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true",
        "GOTRUE_EXTERNAL_GITHUB_ENABLED": "true",
        "GOTRUE_EXTERNAL_GITHUB_CLIENT_ID": "client",
    }

    def answers(_program: Program) -> bool:
        try:
            return httpx.get(f"{url}/health/live").status_code == 200
        except httpx.HTTPError:
            return False

    log: Path = folders.mktemp("edge") / "log"
    arguments = [sys.executable, "-m", "workers.edge"]
    opened.enter_context(running(arguments, ready=answers, log=log, env=environment))
    return httpx.Client(base_url=url, timeout=60)
