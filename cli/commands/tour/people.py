"""The people of the tour: each calls the API with a token of their own."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.commands.users.accounts import PlatformRole, ensure
from cli.commands.users.tokens import token_for
from cli.refusal import Refusal
from cli.stack.state import Endpoints

ADMIN = "tour-admin@example.com"

PATIENCE_SECONDS = 60.0  # in which the workers must do their part, on a busy machine too


@dataclass(frozen=True)
class Step:
    """What somebody did, and the outcome."""

    who: str
    did: str
    outcome: str


@dataclass
class Person:
    """Somebody who calls the API with a token of their own."""

    name: str
    http: httpx.Client

    def rpc(self, function: str, **arguments: object) -> Any:
        """Call a function; a refusal of the API ends the tour."""
        return _answer(self.http.post(f"rpc/{function}", json=arguments))

    def refused(self, function: str, **arguments: object) -> dict[str, Any]:
        """Call a function that must refuse, and return the refusal."""
        response = self.http.post(f"rpc/{function}", json=arguments)
        if response.is_success:
            raise Refusal(f"{function} should have refused.", "Please report this.")
        return dict(response.json())

    def add(self, view: str, rows: object) -> list[dict[str, Any]]:
        """Insert rows into a view and return them."""
        return list(
            _answer(self.http.post(view, json=rows, headers={"Prefer": "return=representation"}))
        )

    def change(self, path: str, values: object) -> None:
        """Change the rows of a view that PostgREST's query string names."""
        response = self.http.patch(path, json=values)
        if not response.is_success:
            _answer(response)

    def sends(self, sign_path: str, content: bytes, content_type: str) -> bool:
        """Send a file to a signed address; false where Storage is not served."""
        root = self.http.base_url.join("/")
        signed = self.http.post(root.join(sign_path))
        if signed.status_code == 501:
            return False
        address = root.join(f"/storage/v1{_answer(signed)['url']}")
        _answer(httpx.put(address, content=content, headers={"Content-Type": content_type}))
        return True

    def function(self, name: str, **arguments: object) -> Any:
        """Call a function of the edge; None where it does not offer that provider."""
        url = self.http.base_url.join(f"/functions/v1/{name}")
        response = self.http.post(url, json=arguments)
        return None if response.status_code == 422 else _answer(response)

    def read(self, path: str) -> list[dict[str, Any]]:
        """Read rows, by PostgREST's query string."""
        return list(_answer(self.http.get(path)))

    def wait_for(
        self, path: str, is_there: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]] | None:
        """Read until what the workers do is there; None when it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there(rows := self.read(path)):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        return rows


@dataclass
class Story:
    """The people of the tour, and the facts that they gather."""

    admin: Person
    owner: Person
    customer: Person
    rival: Person
    anyone: Person
    email: str
    facts: dict[str, Any] = field(default_factory=dict)


def gather(endpoints: Endpoints) -> Story:
    """Create new people for every tour; the platform's admin stays the same."""
    tag = uuid.uuid4().hex[:8]
    email = f"tour-customer-{tag}@example.com"
    ensure(endpoints, ADMIN, "Tour Admin", platform_role=PlatformRole.admin)
    for address, name in (
        (f"tour-owner-{tag}@example.com", "Olga Owner"),
        (email, "Carl Customer"),
        (f"tour-rival-{tag}@example.com", "Rita Rival"),
    ):
        ensure(endpoints, address, name)
    return Story(
        admin=_person(endpoints, ADMIN),
        owner=_person(endpoints, f"tour-owner-{tag}@example.com"),
        customer=_person(endpoints, email),
        rival=_person(endpoints, f"tour-rival-{tag}@example.com"),
        anyone=_person(endpoints, None),
        email=email,
    )


def _person(endpoints: Endpoints, email: str | None) -> Person:
    headers = {"apikey": endpoints.anon_key}
    if email:
        headers["Authorization"] = f"Bearer {token_for(endpoints, email)}"
    return Person(
        email or "anyone",
        httpx.Client(base_url=endpoints.rest_url, headers=headers, timeout=PATIENCE_SECONDS),
    )


def _answer(response: httpx.Response) -> Any:
    if not response.is_success:
        raise Refusal(
            f"{response.request.method} {response.request.url.path} was answered with"
            f" {response.status_code}: {response.text}",
            "Look at `./frontdesk status` and the logs in its state folder.",
        )
    return response.json()
