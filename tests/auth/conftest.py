"""People who sign up and in on the running stack, over HTTP."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from tests.auth.serving import serving
from tests.harness.stack import RunningStack

PASSWORD = "correct horse 9"


@dataclass
class Person:
    """Somebody at the door, with the session that they got last."""

    stack: RunningStack
    email: str
    http: httpx.Client
    password: str = PASSWORD
    session: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, *, token: str | None = None, **json: Any) -> Any:
        """Call a route; as the signed-in user where there is a session."""
        token = token or self.session.get("access_token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = json if method in ("POST", "PUT") else None
        return self.http.request(method, path, json=body, headers=headers)

    def sign_up(self, **more: Any) -> httpx.Response:
        """Sign up with e-mail and password."""
        return self._keep(
            self.http.post("/signup", json={"email": self.email, "password": self.password, **more})
        )

    def sign_in(self, password: str | None = None) -> httpx.Response:
        """Sign in with the password."""
        wish = {"email": self.email, "password": password or self.password}
        return self._keep(self.http.post("/token?grant_type=password", json=wish))

    def refresh(self, token: str | None = None) -> httpx.Response:
        """Use a refresh token, the latest unless said otherwise; nothing is kept."""
        held = token or self.session["refresh_token"]
        return self.http.post("/token?grant_type=refresh_token", json={"refresh_token": held})

    def rest(self, path: str = "/profiles", token: str | None = None) -> httpx.Response:
        """Ask the REST API as this user."""
        headers = {
            "apikey": self.stack.endpoints.anon_key,
            "Authorization": f"Bearer {token or self.session['access_token']}",
        }
        return httpx.get(f"{self.stack.endpoints.rest_url}{path}", headers=headers)

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success and "access_token" in answer.json():
            self.session = answer.json()
        return answer


@dataclass
class Door:
    """A sign-in service, and the database behind it."""

    stack: RunningStack
    url: str

    def person(self, name: str = "ada") -> Person:
        """Somebody new."""
        http = httpx.Client(base_url=self.url, headers={"apikey": self.stack.endpoints.anon_key})
        return Person(self.stack, f"{name}-{uuid.uuid4().hex[:8]}@example.com", http)

    def phone(self) -> str:
        """A number that nobody has, as it is kept."""
        return f"4917{secrets.randbelow(10**9):09d}"

    def confirmed(self, person: Person) -> None:
        """Sign somebody up, and in with a confirmed address."""
        person.sign_up()
        sent = self.mail(person.email)
        answer = person.ask("POST", "/verify", type="signup", token_hash=sent["token_hash"])
        person.session = answer.json()

    def sent(self, topic: str, to: str) -> list[dict[str, Any]]:
        """What was announced for an address, the oldest first."""
        rows = self.rows(
            "select message #> '{kwargs,payload}' from pgmq.q_auth_tests"
            " where message #>> '{kwargs,topic}' = %s"
            " and message #>> '{kwargs,payload,to}' = %s order by msg_id",
            topic,
            to,
        )
        return [payload for (payload,) in rows]

    def mail(self, to: str, kind: str | None = None) -> dict[str, Any]:
        """The latest mail to an address, of a kind."""
        mails = [mail for mail in self.sent("auth.mail", to) if kind in (None, mail["kind"])]
        assert mails, f"no {kind or ''} mail to {to}"
        return mails[-1]

    def forget_limits(self) -> None:
        """As if a long time had passed since the last message to anybody."""
        self.rows("truncate auth.rate_limits")

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What the database's owner sees."""
        with psycopg.connect(self.stack.endpoints.db_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), arguments or None)
            return cursor.fetchall() if cursor.description else []


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error_code"]


# Announcements are read from a queue of our own, beside those of the workers.
LISTEN = """
insert into private.queues (name, purpose) values ('auth_tests', 'What sign-in announces')
on conflict do nothing;
insert into private.routes (topic, queue, actor) values ('auth.%', 'auth_tests', 'nobody')
on conflict do nothing;
"""


@pytest.fixture(scope="session")
def door(stack: RunningStack) -> Door:
    """The stack's own sign-in, which confirms addresses by itself."""
    found = Door(stack, stack.endpoints.auth_url)
    found.rows(LISTEN)
    return found


@pytest.fixture(scope="session")
def strict(door: Door) -> Iterator[Door]:
    """A service of its own on the same database: addresses have to be confirmed."""
    with serving(
        door,
        GOTRUE_MAILER_AUTOCONFIRM="false",
        GOTRUE_SMS_AUTOCONFIRM="false",
        GOTRUE_URI_ALLOW_LIST="https://app.example/**,app://127.0.0.1/listed",
    ) as found:
        yield found


@pytest.fixture(scope="session")
def careful(door: Door) -> Iterator[Door]:
    """A service that asks again before a password is changed."""
    name = "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION"
    with serving(door, **{name: "true"}) as found:
        yield found
