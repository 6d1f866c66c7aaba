"""A person gets everything about them as a file, and is erased with their files, over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and their client."""

    stack: RunningStack
    id: str
    email: str

    def client(self) -> httpx.Client:
        """The API as this person, who signed in just now."""
        signed_in = [{"method": "password", "timestamp": int(time.time())}]
        token = self.stack.token(self.id, amr=signed_in)
        return self.stack.client(Authorization=f"Bearer {token}")

    def request(self, client: httpx.Client, kind: str, state: str) -> dict[str, Any]:
        """Wait until their request of a kind has a state."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            rows = client.get("/rest/v1/privacy_requests", params={"kind": f"eq.{kind}"}).json()
            found.update(rows[0])
            return bool(found["state"] == state)

        wait_until(is_there)
        return found


def run(stack: RunningStack, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []


def person(stack: RunningStack) -> Person:
    key, email = str(uuid.uuid4()), f"quast-{uuid.uuid4().hex}@town.example"
    run(
        stack,
        "insert into auth.users (id, aud, role, email, email_confirmed_at, created_at, updated_at)"
        " values (%s, 'authenticated', 'authenticated', %s, now(), now(), now())",
        key,
        email,
    )
    return Person(stack, key, email)


def test_an_export_is_a_file_that_its_person_alone_can_fetch(stack: RunningStack) -> None:
    anna, other = person(stack), person(stack)
    with anna.client() as client:
        street = f"Quaststrasse {uuid.uuid4().hex}"
        address = {"recipient": "Anna", "line1": street, "city": "Berlin", "country": "DE"}
        assert client.post("/rest/v1/addresses", json=address).status_code == 201
        asked = client.post("/rest/v1/rpc/export_person", json={})
        assert (asked.status_code, asked.json()["state"]) == (200, "waiting")
        name = anna.request(client, "export", "done")["object_name"]
        signed = client.post(f"/storage/v1/object/sign/exports/{name}", json={"expiresIn": 60})
        link = f"{stack.endpoints.api_url}/storage/v1{signed.json()['signedURL']}"
    document = httpx.get(link).json()
    assert document["account"]["email"] == anna.email
    assert [row["line1"] for row in document["tables"]["identity.addresses"]] == [street]
    with other.client() as client:
        signed = client.post(f"/storage/v1/object/sign/exports/{name}", json={"expiresIn": 60})
        assert signed.status_code == 400


def test_whoever_is_erased_loses_account_files_and_export(stack: RunningStack) -> None:
    ben = person(stack)
    bucket = f"letters-{ben.id}"
    run(stack, "insert into storage.buckets (id, name) values (%s, %s)", bucket, bucket)
    server = stack.client(stack.endpoints.service_role_key)
    with server, ben.client() as client:
        assert server.post(f"/storage/v1/object/{bucket}/a.txt", content=b"Ben").status_code == 200
        run(stack, "update storage.objects set owner_id = %s where bucket_id = %s", ben.id, bucket)
        assert client.post("/rest/v1/rpc/erase_person", json={}).json()["state"] == "waiting"
        # The week is over.
        run(stack, "update privacy.requests set due_at = now() where user_id = %s", ben.id)
        run(stack, "select private.emit('tick.privacy', '{}')")
        report = ben.request(client, "erasure", "done")["report"]
        assert report["deleted"]["identity.profiles"] == 1
        gone = client.post("/rest/v1/rpc/export_person", json={})
        assert (gone.status_code, gone.json()["details"]) == (401, "not_signed_in")
    assert run(stack, "select 1 from storage.objects where bucket_id = %s", bucket) == []
    ((email, deleted_at),) = run(
        stack, "select email, deleted_at from auth.users where id = %s", ben.id
    )
    assert (email, deleted_at is not None) == (None, True)


@pytest.fixture
def terms(stack: RunningStack) -> Any:
    """Terms that a sign-up must accept, for one test."""
    slug = f"terms-{uuid.uuid4().hex[:8]}"
    ((page_id,),) = run(
        stack, "select public.save_page(%s, 'en', 'Terms', 'Pay.', is_terms => 'true')", slug
    )
    run(stack, "select public.publish_page(%s)", str(page_id))
    run(stack, "select public.require_terms(%s, to_sign_up => 'true')", slug)
    yield slug
    run(stack, "select public.require_terms(%s)", slug)


def test_a_sign_up_accepts_the_terms_that_it_must(stack: RunningStack, terms: str) -> None:
    def sign_up(data: dict[str, Any]) -> httpx.Response:
        who = {"email": f"{uuid.uuid4().hex}@town.example", "password": "Correct-horse-9"}
        with stack.client() as client:
            return client.post("/auth/v1/signup", json={**who, "data": data})

    refused = sign_up({})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "terms_not_accepted")
    stale = sign_up({"accepted_terms": [{"slug": terms, "version": 2}]})
    assert stale.status_code == 409
    done = sign_up({"accepted_terms": [{"slug": terms, "version": 1}], "locale": "de"})
    assert done.status_code == 200, done.text
    user = done.json().get("user", done.json())
    accepted = run(
        stack,
        "select slug, version, locale from catalog.terms_acceptances where user_id = %s",
        user["id"],
    )
    assert accepted == [(terms, 1, "de")]


def test_the_front_page_is_one_call(stack: RunningStack) -> None:
    with stack.client(**{"Accept-Language": "de-AT, en;q=0.5"}) as client:
        page = client.post("/rest/v1/rpc/home", json={}).json()
    assert page["locale"] == "de-at"
    assert set(page) == {"locale", "banners", "featured_businesses", "trending_categories", "pages"}
    assert json.dumps(page)
