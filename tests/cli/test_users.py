"""Users until sign-in exists."""

from __future__ import annotations

import csv
import io
import json

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


def test_a_token_runs_out(stack: RunningStack) -> None:
    stack.cli("users", "create", "brief@example.com")
    token = stack.cli("users", "token", "brief@example.com", "--expires-in", "1").stdout.strip()
    old = stack.token("00000000-0000-0000-0000-000000000001", exp=1)
    assert token.count(".") == 2
    with stack.client(Authorization=f"Bearer {old}") as client:
        assert client.get("/rest/v1/profiles").status_code == 401


def test_who_does_not_exist_has_no_token(stack: RunningStack) -> None:
    for arguments in (("token", "nobody@example.com"), ("create", "no address")):
        done = stack.cli("users", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
