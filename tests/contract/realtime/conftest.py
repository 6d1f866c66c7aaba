"""Private topics with policies of their own, and clients that nobody here wrote."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from websockets.sync.client import ClientConnection, connect

from cli.options import ROOT
from cli.stack.ports import free_port
from cli.stack.secrets import role_password
from tests.contract.test_clients import node
from tests.harness.programs import Program, running
from tests.harness.stack import RunningStack

DEADLINE = 180.0  # seconds; only ends what hangs
# Users read NAME:read and NAME:write, and write only the second; nobody reads another topic.
POLICIES = """
    create policy "{name}_select" on realtime.messages for select to authenticated
    using ((select realtime.topic()) in ('{name}:read', '{name}:write'));
    create policy "{name}_insert" on realtime.messages for insert to authenticated
    with check ((select realtime.topic()) = '{name}:write');
"""
DROP = """
    drop policy "{name}_select" on realtime.messages;
    drop policy "{name}_insert" on realtime.messages;
"""


@dataclass
class Live:
    """A stack, the name of its private topics, and a user."""

    stack: RunningStack
    name: str = field(default_factory=lambda: f"test{uuid.uuid4().hex[:8]}")
    ada: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def url(self) -> str:
        """The address of Realtime."""
        return f"{self.stack.endpoints.api_url}/realtime/v1"

    @property
    def socket_url(self) -> str:
        """The address of its sockets."""
        return f"{self.url.replace('http', 'ws', 1)}/websocket"

    def token(self, *, seconds: int = 3600) -> str:
        """A token of the user, which expires that soon."""
        return self.stack.token(self.ada, exp=int(time.time()) + seconds)

    def database(self) -> psycopg.Connection:
        """A connection of the database's owner."""
        return psycopg.connect(self.stack.endpoints.db_url, autocommit=True)

    @contextmanager
    def socket(
        self, *, url: str | None = None, key: str | None = None, **headers: str
    ) -> Iterator[Raw]:
        """A raw socket of somebody with a key, the anon key unless said otherwise."""
        address = f"{url or self.socket_url}?apikey={key or self.stack.endpoints.anon_key}"
        with connect(f"{address}&vsn=1.0.0", additional_headers=headers) as connection:
            yield Raw(connection)

    def send(self, topic: str, event: str, payload: object) -> None:
        """Broadcast from the database to a private topic."""
        with self.database() as connection:
            connection.execute(
                "select realtime.send(%s::jsonb, %s, %s)", (json.dumps(payload), event, topic)
            )

    def script(self, name: str, **story: Any) -> subprocess.CompletedProcess[str]:
        """Run a script of this folder with what it needs to know."""
        told = {
            "url": self.stack.endpoints.api_url,
            "key": self.stack.endpoints.anon_key,
            "token": self.token(),
            "refreshed": self.token(seconds=7200),
            "expired": self.token(seconds=-60),
            "name": self.name,
            **story,
        }
        script = Path(__file__).with_name(name)
        return subprocess.run(
            [node(), "--experimental-websocket", script, json.dumps(told)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=DEADLINE,
        )


class Raw:
    """A socket that speaks objects, for what the clients do not do."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._ref = 0

    def send(self, topic: str, event: str, payload: Any, *, join_ref: str | None = None) -> str:
        """Send a message; return its reference."""
        self._ref += 1
        ref = str(self._ref)
        told = {"topic": f"realtime:{topic}", "event": event, "payload": payload}
        self.connection.send(json.dumps({**told, "ref": ref, "join_ref": join_ref}))
        return ref

    def read(self) -> dict[str, Any]:
        """The next message."""
        found: dict[str, Any] = json.loads(self.connection.recv(timeout=DEADLINE))
        return found

    def until(self, event: str) -> dict[str, Any]:
        """The next message of this kind; others are passed over."""
        while (found := self.read())["event"] != event:
            pass
        return found

    def reply(self, topic: str, event: str, payload: Any) -> dict[str, Any]:
        """Send a message and return the payload of its reply."""
        ref = self.send(topic, event, payload)
        while (found := self.until("phx_reply"))["ref"] != ref:
            pass
        answer: dict[str, Any] = found["payload"]
        return answer

    def join(self, topic: str, token: str | None = None, **config: Any) -> dict[str, Any]:
        """Join a topic, and return the reply."""
        given = {"access_token": token} if token else {}
        return self.reply(topic, "phx_join", {"config": config, **given})


@pytest.fixture(scope="module")
def live(stack: RunningStack) -> Iterator[Live]:
    """The shared stack, with policies for this module's topics."""
    found = Live(stack)
    with found.database() as connection:
        connection.execute(POLICIES.format(name=found.name).encode())
        yield found
        connection.execute(DROP.format(name=found.name).encode())


@pytest.fixture
def raw(live: Live) -> Iterator[Raw]:
    """A raw socket of somebody with the anon key."""
    with live.socket() as found:
        yield found


@contextmanager
def edge(live: Live, **limits: float) -> Iterator[str]:
    """An edge of its own on the stack's database, with these limits; the address of Realtime."""
    port, endpoints = free_port(), live.stack.endpoints
    url = f"http://127.0.0.1:{port}"
    password = str(conninfo_to_dict(endpoints.db_url)["password"])

    def login(role: str) -> str:
        secret = role_password(password, role)
        return make_conninfo(endpoints.db_url, user=role, password=secret)

    def answers(_program: Program) -> bool:
        try:
            return httpx.get(f"{url}/health/live").status_code == 200
        except httpx.HTTPError:
            return False

    environment = {
        "FRONTDESK_EDGE_PORT": str(port),
        "FRONTDESK_EDGE_DB_URL": login("edge"),
        "FRONTDESK_API_URL": endpoints.api_url,
        "FRONTDESK_REST_URL": url,
        "FRONTDESK_REALTIME_DB_URL": login("realtime"),
        "FRONTDESK_REALTIME": json.dumps({"limits": limits}),
        "GOTRUE_JWT_SECRET": endpoints.jwt_secret,
        "GOTRUE_API_EXTERNAL_URL": endpoints.auth_url,
    }
    with running([sys.executable, "-m", "workers.edge"], ready=answers, env=environment):
        yield f"{url}/realtime/v1"


@contextmanager
def events(
    live: Live, *, after: str | None = None, **query: str
) -> Iterator[Iterator[tuple[str, str, Any]]]:
    """A stream's events, perhaps those after one: id, name and data. The first is the beginning."""
    given = {"apikey": live.stack.endpoints.anon_key, **query}
    headers = {"Last-Event-ID": after} if after else {}
    with (
        httpx.Client(timeout=DEADLINE) as client,
        client.stream("GET", f"{live.url}/sse", params=given, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> Iterator[tuple[str, str, Any]]:
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    yield (
                        fields.get("id", ""),
                        fields.get("event", ""),
                        json.loads(fields.get("data", "null")),
                    )
                    fields = {}

        yield read()
