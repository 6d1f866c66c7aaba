"""What the edge answers while its database is away, slow, or asked for what is no text."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from twilio.request_validator import RequestValidator

from cli.stack.ports import free_port
from tests.harness.database import Database
from tests.harness.session import DatabaseSession
from tests.workers.edge.conftest import SECRET, StartEdge

USER, OTHER = str(uuid.uuid4()), str(uuid.uuid4())
PERSON = {"email": "ada@example.com", "password": "correct horse 9"}
CHALLENGE = f"code_challenge={'c' * 43}&code_challenge_method=s256"
# Requests that need the database: method, path, and what a JSON body holds.
ASKED: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/signup", PERSON),
    ("POST", "/signup", {}),
    ("POST", "/token?grant_type=password", PERSON),
    ("POST", "/token?grant_type=pkce", {"auth_code": "x", "code_verifier": "y"}),
    ("POST", "/logout", None),
    ("GET", "/user", None),
    ("PUT", "/user", {"data": {}}),
    ("GET", "/user/sessions", None),
    ("DELETE", f"/user/sessions/{OTHER}", None),
    ("GET", "/reauthenticate", None),
    ("POST", "/recover", PERSON),
    ("POST", "/magiclink", PERSON),
    ("POST", "/otp", PERSON),
    ("POST", "/resend", {**PERSON, "type": "signup"}),
    ("POST", "/verify", {"type": "signup", "token_hash": "x"}),
    ("GET", f"/authorize?provider=github&{CHALLENGE}", None),
    ("GET", "/user/identities/authorize?provider=github", None),
    ("DELETE", f"/user/identities/{OTHER}", None),
    ("POST", "/factors", {"factor_type": "totp"}),
    ("DELETE", f"/factors/{OTHER}", None),
    ("POST", f"/factors/{OTHER}/challenge", {}),
    ("POST", f"/factors/{OTHER}/verify", {"challenge_id": OTHER, "code": "123456"}),
    ("POST", "/invite", PERSON),
    ("POST", "/admin/generate_link", {**PERSON, "type": "magiclink"}),
    ("GET", "/admin/audit", None),
    ("GET", "/admin/users", None),
    ("POST", "/admin/users", PERSON),
    ("GET", f"/admin/users/{OTHER}", None),
    ("DELETE", f"/admin/users/{OTHER}", None),
]


def token(**claims: object) -> str:
    now = int(time.time())
    times = {"iat": now, "exp": now + 3600}
    return jwt.encode({**times, **claims}, SECRET, "HS256")


def bearer(client: httpx.Client) -> dict[str, str]:
    """Of the operator, which every route of sign-in takes."""
    issuer = f"{client.base_url}/auth/v1"
    claims = {"sub": USER, "aud": "authenticated", "role": "service_role", "iss": issuer}
    return {"Authorization": f"Bearer {token(**claims, session_id=OTHER)}"}


@pytest.fixture(scope="module")
def away(start_edge: StartEdge) -> tuple[httpx.Client, int]:
    """An edge whose database does not exist, and the port where it would be."""
    port = free_port()
    return start_edge(f"postgresql://edge:hush@127.0.0.1:{port}/nowhere"), port


def test_without_a_database_every_answer_is_unavailable(away: tuple[httpx.Client, int]) -> None:
    client, port = away
    headers = bearer(client)

    def ask(asked: tuple[str, str, dict[str, Any] | None]) -> httpx.Response:
        method, path, body = asked
        return client.request(method, f"/auth/v1{path}", json=body, headers=headers)

    with ThreadPoolExecutor(len(ASKED)) as threads:
        answers = list(threads.map(ask, ASKED))
    for asked, answer in zip(ASKED, answers, strict=True):
        assert (answer.status_code, answer.json()["error_code"]) == (503, "unavailable"), asked
        assert answer.headers["retry-after"] == "1"
        assert_no_word_of_it(answer, port)


def test_so_it_is_for_functions_and_pages(away: tuple[httpx.Client, int]) -> None:
    client, port = away
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    url = f"{client.base_url}/functions/v1/webhooks/twilio"
    sign = RequestValidator("key of twilio").compute_signature(url, fields)
    asked = [
        client.build_request("GET", f"/functions/v1/calendar/{'a' * 64}.ics"),
        client.build_request("POST", f"/functions/v1/unsubscribe?token={OTHER}"),
        client.build_request("POST", url, data=fields, headers={"X-Twilio-Signature": sign}),
        client.build_request("GET", "/functions/v1/anything", headers=bearer(client)),
        client.build_request("GET", "/storage/v1/object/a/b", headers=bearer(client)),
        client.build_request("GET", "/docs"),
    ]
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(client.send, asked))
    for answer in answers:
        assert answer.status_code == 503, answer.request.url
        assert set(answer.json()) == {"code", "message", "details", "hint"}
        assert answer.json()["details"] == "unavailable"
        assert answer.headers["retry-after"] == "1"
        assert_no_word_of_it(answer, port)


def test_a_link_leads_on_with_the_refusal(away: tuple[httpx.Client, int]) -> None:
    client, port = away
    answer = client.get("/auth/v1/verify?token=x&type=signup")
    assert answer.status_code == 302
    assert "error_code=unavailable" in answer.headers["location"]
    assert str(port) not in answer.headers["location"]


def assert_no_word_of_it(answer: httpx.Response, port: int) -> None:
    for word in ("127.0.0.1", str(port), "nowhere", "hush", "connection", "pool"):
        assert word not in answer.text, word


def test_a_statement_that_takes_too_long_is_a_timeout(
    databases: DatabaseSession, start_edge: StartEdge
) -> None:
    with databases.clone() as db, psycopg.connect(db.dsn) as other:
        client = start_edge(f"{db.dsn}?options=-c%20statement_timeout%3D200")
        other.execute("lock table engagement.marketing_consents, auth.users, auth.sessions")
        answer = client.post(f"/functions/v1/unsubscribe?token={OTHER}")
        assert (answer.status_code, answer.json()["details"]) == (504, "timeout")
        refused = client.get("/functions/v1/anything", headers=bearer(client))
        assert (refused.status_code, refused.json()["details"]) == (504, "timeout")
        signing_in = client.post("/auth/v1/token?grant_type=password", json=PERSON)
        assert (signing_in.status_code, signing_in.json()["error_code"]) == (504, "request_timeout")


@pytest.mark.parametrize("bad", ["%ff", "%c3%28", "%ed%a0%80", "%00"])
@pytest.mark.parametrize(
    "path",
    ["/docs?x={}", "/{}", "/functions/v1/unsubscribe?token={}", "/functions/v1/calendar/{}.ics"],
)
def test_an_address_that_is_no_text_is_refused(
    away: tuple[httpx.Client, int], path: str, bad: str
) -> None:
    client, _ = away
    answer = client.get(path.format(bad))
    assert (answer.status_code, answer.json()["details"]) == (400, "invalid_input")


@pytest.mark.parametrize("path", ["/auth/v1/verify?token={}", "/auth/v1/admin/users/{}"])
def test_sign_in_says_so_in_its_own_words(away: tuple[httpx.Client, int], path: str) -> None:
    client, _ = away
    for bad in ("%ff", "%00"):
        answer = client.get(path.format(bad))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


def test_a_value_that_cannot_be_stored_is_refused(db: Database, start_edge: StartEdge) -> None:
    """The signature is right, so it is the provider's own nonsense."""
    client = start_edge(db.dsn)
    fields = {"MessageSid": "SM\0", "MessageStatus": "delivered"}
    url = f"{client.base_url}/functions/v1/webhooks/twilio"
    sign = RequestValidator("key of twilio").compute_signature(url, fields)
    answer = client.post(url, data=fields, headers={"X-Twilio-Signature": sign})
    assert (answer.status_code, answer.json()["details"]) == (400, "invalid_input")
    assert "SM" not in json.dumps(answer.json())
