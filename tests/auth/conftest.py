"""People who sign up and in on the running stack, over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

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
        return httpx.get(f"{self.stack.endpoints.rest_url}{path}", headers=headers, timeout=20)

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
        http = httpx.Client(
            base_url=self.url, headers={"apikey": self.stack.endpoints.anon_key}, timeout=30
        )
        return Person(self.stack, f"{name}-{uuid.uuid4().hex[:8]}@example.com", http)

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What the database's owner sees."""
        with psycopg.connect(self.stack.endpoints.db_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), arguments or None)
            return cursor.fetchall() if cursor.description else []


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error_code"]


@pytest.fixture(scope="session")
def door(stack: RunningStack) -> Iterator[Door]:
    """The stack's own sign-in."""
    yield Door(stack, stack.endpoints.auth_url)
