"""Which tokens are believed, by REST, functions, files and sign-in."""

from __future__ import annotations

import json
import time
import uuid

import httpx
import jwt
import psycopg
import pytest

from tests.auth.conftest import Door, code_of
from tests.auth.serving import serving

NOW = int(time.time())
# What takes a token and answers in the API's own form, and Storage, which answers in its own.
PATHS = ("/rest/v1/profiles", "/functions/v1/anything")
STORAGE = "/storage/v1/object/authenticated/a/b"


def opened(door: Door, token: str) -> list[bool]:
    """Where a token is believed; where it is not, the answer says so in one form."""
    headers = {"apikey": door.stack.endpoints.anon_key, "Authorization": f"Bearer {token}"}
    found = []
    for path in PATHS:
        answer = httpx.get(f"{door.stack.endpoints.api_url}{path}", headers=headers)
        found.append(answer.status_code != 401)
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer"), path
            assert set(answer.json()) == {"code", "message", "details", "hint"}, path
            if not path.startswith("/rest"):
                assert answer.json()["details"] == "not_signed_in"
    answer = httpx.get(f"{door.stack.endpoints.api_url}{STORAGE}", headers=headers)
    said = (answer.status_code, answer.json()["statusCode"], answer.json()["code"])
    assert said in ((400, "403", "AccessDenied"), (400, "404", "NoSuchKey"))
    return [*found, said[1] == "404"]


# What a hook says that refuses.
REFUSES = """'{"error": {"http_code": 403, "message": "No."}}'::jsonb"""


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "somebody"},
        {"iss": "https://issuer.example"},
        {"exp": NOW - 60},
        {"iat": NOW + 3600, "exp": NOW + 7200},
        {"nbf": NOW + 3600},
        {"session_id": str(uuid.uuid4())},
        {"session_id": "no identifier"},
        {"sub": "no identifier"},
    ],
)
def test_a_token_that_says_something_wrong_opens_nothing(
    door: Door, change: dict[str, object]
) -> None:
    ada = door.person()
    ada.sign_up()
    claims = jwt.decode(ada.session["access_token"], options={"verify_signature": False})
    secret = door.stack.endpoints.jwt_secret
    right = jwt.encode(claims, secret, "HS256")
    assert opened(door, right) == [True] * 3
    assert ada.ask("GET", "/user", token=right).status_code == 200
    wrong = jwt.encode({**claims, **change}, secret, "HS256")
    assert opened(door, wrong) == [False] * 3
    assert ada.ask("GET", "/user", token=wrong).status_code == 403


@pytest.mark.parametrize(("key", "algorithm"), [(None, "none"), ("x" * 64, "HS256")])
def test_a_token_that_somebody_else_signed_opens_nothing(
    door: Door, key: str | None, algorithm: str
) -> None:
    ada = door.person()
    ada.sign_up()
    claims = jwt.decode(ada.session["access_token"], options={"verify_signature": False})
    forged = jwt.encode(claims, key, algorithm)
    assert opened(door, forged) == [False] * 3
    assert opened(door, "no token") == [False] * 3
    assert code_of(ada.ask("GET", "/user", token=forged)) == (403, "bad_jwt")
    assert code_of(ada.ask("GET", "/user", token="no token")) == (403, "bad_jwt")


@pytest.mark.parametrize("role", ["nobody_at_all", "postgres", "edge", 5, "Authenticated"])
def test_a_role_that_a_token_cannot_have_is_no_role(door: Door, role: object) -> None:
    ada = door.person()
    ada.sign_up()
    token = door.stack.token(ada.session["user"]["id"], role=role)
    assert opened(door, token) == [False] * 3
    answer = ada.rest("/currencies?limit=1", token=token)
    assert (answer.status_code, answer.json()["details"]) == (401, "not_signed_in")


def test_no_token_is_asked_for(door: Door) -> None:
    assert code_of(door.person().ask("GET", "/user")) == (401, "no_authorization")


def test_a_token_without_a_session_is_the_operators_and_passes(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    token = door.stack.cli("users", "token", ada.email).stdout.strip()
    assert opened(door, token) == [True] * 3


def test_keys_and_nobody_at_all_get_as_far_as_the_answer(door: Door) -> None:
    keys = door.stack.endpoints
    for headers in (
        {},
        {"apikey": keys.anon_key},
        {"apikey": keys.anon_key, "Authorization": f"Bearer {keys.anon_key}"},
        {"Authorization": f"Bearer {keys.service_role_key}"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
    ):
        answer = httpx.get(f"{keys.api_url}/functions/v1/anything", headers=headers)
        assert answer.status_code == 501


def test_a_session_that_ended_opens_nothing_anywhere(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    token = ada.session["access_token"]
    assert opened(door, token) == [True] * 3
    assert ada.ask("POST", "/logout").status_code == 204
    assert opened(door, token) == [False] * 3


def test_without_the_pre_request_check_a_token_is_nobody(door: Door) -> None:
    """A PostgREST that names the schema of set_config passes by: who asks it is nobody."""
    ada = door.person()
    ada.sign_up()
    claims = jwt.decode(ada.session["access_token"], options={"verify_signature": False})

    def whoever(*admitting: str) -> object:
        with psycopg.connect(door.stack.endpoints.db_url) as connection:
            connection.execute("set session authorization authenticator")
            connection.execute(
                "select pg_catalog.set_config('request.jwt.claims', %s, true),"
                " pg_catalog.set_config('app.settings.auth_issuer', %s, true),"
                " pg_catalog.set_config('role', 'authenticated', true)",
                (json.dumps(claims), claims["iss"]),
            )
            for statement in admitting:
                connection.execute(statement.encode())
            row = connection.execute("select auth.uid()::text, count(*) from public.profiles")
            return row.fetchone()

    assert whoever() == (None, 0)
    assert whoever("select auth.check_request()") == (claims["sub"], 1), "its db-pre-request"


def test_a_deleted_user_has_no_session_left(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    door.rows("delete from auth.users where email = %s", ada.email)
    assert ada.rest().status_code == 401
    assert code_of(ada.ask("GET", "/user")) == (403, "user_not_found")


def test_the_hook_adds_the_platform_role_to_the_token(door: Door) -> None:
    ada = door.person()
    ada.sign_up()

    def claims() -> dict[str, object]:
        token = ada.refresh().json()["access_token"]
        found: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
        return found

    assert "platform_role" not in claims()
    done = door.stack.cli("users", "role", ada.email, "support")
    assert done.returncode == 0, done.stderr
    assert claims()["platform_role"] == "support"


def test_a_hook_of_ones_own_may_refuse_and_must_leave_what_has_to_be_there(door: Door) -> None:
    door.rows("create schema hooks")
    name = "GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN"
    for answer, refusal in (
        ("jsonb_build_object('claims', (event -> 'claims') - 'sub')", (500, "unexpected_failure")),
        (REFUSES, (403, "unexpected_failure")),
        ("jsonb_set(event, '{claims,shop}', '7')", None),
    ):
        door.rows(
            "create or replace function hooks.claims(event jsonb) returns jsonb language sql"
            f" as $$ select {answer} $$"
        )
        told = {f"{name}_ENABLED": "true", f"{name}_URI": "pg-functions://postgres/hooks/claims"}
        with serving(door, **told) as service:
            ada = service.person()
            signed_up = ada.sign_up()
            if refusal:
                assert code_of(signed_up) == refusal
            else:
                token = signed_up.json()["access_token"]
                found = jwt.decode(token, options={"verify_signature": False})
                assert found["shop"] == 7
    door.rows("drop schema hooks cascade")
