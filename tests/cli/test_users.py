"""Users, as the operator has them at hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jwt

from tests.harness.stack import RunningStack


def test_a_user_gets_a_profile_and_a_token_that_opens_it(stack: RunningStack) -> None:
    made = stack.cli("users", "create", "Ada@Example.com", "--name", "Ada", "--json")
    assert made.returncode == 0, made.stderr
    (user,) = json.loads(made.stdout)
    assert (user["email"], user["name"]) == ("ada@example.com", "Ada")

    token = stack.cli("users", "token", "ada@example.com").stdout.strip()
    with stack.client(Authorization=f"Bearer {token}") as client:
        (profile,) = client.get("/rest/v1/profiles").json()
    assert profile["id"] == user["id"]

    rows = list(csv.DictReader(io.StringIO(stack.cli("users", "list", "--csv").stdout)))
    assert [row["id"] for row in rows if row["email"] == "ada@example.com"] == [user["id"]]

    again = stack.cli("users", "create", "ADA@example.com")
    assert again.returncode == 1
    assert "already" in again.stderr


def test_a_user_with_a_password_signs_in_with_it(stack: RunningStack) -> None:
    email, password = "walks-in@example.com", "Correct horse 9"
    variable = {"FRONTDESK_USER_PASSWORD": password}
    made = stack.cli("users", "create", email, "--json", env=variable)
    assert made.returncode == 0, made.stderr
    with stack.client() as client:
        path = "/auth/v1/token?grant_type=password"
        session = client.post(path, json={"email": email, "password": password}).json()
        assert session["user"]["email"] == email
    weak = stack.cli("users", "create", "weak@example.com", "--password", "abc")
    assert (weak.returncode, weak.stdout) == (1, "")
    assert "Password should be at least" in weak.stderr
    assert "weak@example.com" not in stack.cli("users", "list").stdout


def test_a_token_runs_out(stack: RunningStack) -> None:
    stack.cli("users", "create", "brief@example.com")
    token = stack.cli("users", "token", "brief@example.com", "--expires-in", "1").stdout.strip()
    old = stack.token("00000000-0000-0000-0000-000000000001", exp=1)
    assert token.count(".") == 2
    with stack.client(Authorization=f"Bearer {old}") as client:
        assert client.get("/rest/v1/profiles").status_code == 401


def test_a_missing_user_has_no_token(stack: RunningStack) -> None:
    for arguments in (("token", "nobody@example.com"), ("create", "no address")):
        done = stack.cli("users", *arguments)
        assert (done.returncode, done.stdout) == (1, "")


def test_the_operator_looks_at_an_account_and_ends_its_sessions(stack: RunningStack) -> None:
    email, password = "access@example.com", "correct horse 9"
    with stack.client() as client:

        def session(path: str = "token?grant_type=password") -> dict[str, Any]:
            answer = client.post(f"/auth/v1/{path}", json={"email": email, "password": password})
            found: dict[str, Any] = answer.json()
            return found

        def status(token: str) -> int:
            bearer = {"Authorization": f"Bearer {token}"}
            return client.get("/rest/v1/profiles", headers=bearer).status_code

        first, second = session("signup"), session()
        shown = json.loads(stack.cli("users", "show", email, "--json").stdout)
        assert (shown["email"], shown["signs_in_with"], shown["open_sessions"]) == (
            email,
            "email",
            2,
        )
        listed = json.loads(stack.cli("users", "sessions", email, "--json").stdout)
        assert len(listed) == 2
        unknown = stack.cli("users", "sessions", email, "--revoke", "x")
        assert "has no session x" in unknown.stderr, "it is checked before anybody is asked"
        refused = stack.cli("users", "sessions", email, "--revoke", listed[0]["id"])
        assert (refused.returncode, status(second["access_token"])) == (1, 200)
        revoked = stack.cli("users", "sessions", email, "--revoke", listed[0]["id"], "--yes")
        assert revoked.returncode == 0, revoked.stderr
        assert [status(s["access_token"]) for s in (first, second)] == [200, 401]
        assert stack.cli("users", "sessions", email, "--revoke", "x", "--yes").returncode == 1

        assert stack.cli("users", "ban", email).returncode == 1
        banned = stack.cli("users", "ban", email, "--hours", "2", "--yes")
        assert banned.returncode == 0, banned.stderr
        assert status(first["access_token"]) == 401
        assert session()["error_code"] == "user_banned"
        assert stack.cli("users", "ban", email, "--hours", "0", "--yes").returncode == 0
        assert "access_token" in session()


def test_a_token_is_valid_as_long_as_the_configuration_says(
    stack: RunningStack, tmp_path: Path
) -> None:
    stack.cli("users", "create", "expiry@example.com")
    config = tmp_path / "config.toml"
    config.write_text("[auth]\njwt_expiry = 77\n")
    made = stack.cli("users", "token", "expiry@example.com", "--config", config)
    claims = jwt.decode(made.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 77
