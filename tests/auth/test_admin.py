"""The operator's routes."""

from __future__ import annotations

from typing import Any

import bcrypt
import httpx
import pytest

from tests.auth.conftest import Door, code_of


@pytest.fixture
def operator(door: Door) -> httpx.Client:
    key = door.stack.endpoints.service_role_key
    return httpx.Client(
        base_url=door.url, headers={"apikey": key, "Authorization": f"Bearer {key}"}
    )


def made(operator: httpx.Client, **wish: Any) -> dict[str, Any]:
    answer = operator.post("/admin/users", json=wish)
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()
    return user


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/users"),
        ("POST", "/admin/users"),
        ("GET", "/admin/users/00000000-0000-0000-0000-000000000001"),
        ("PUT", "/admin/users/00000000-0000-0000-0000-000000000001"),
        ("DELETE", "/admin/users/00000000-0000-0000-0000-000000000001"),
        ("GET", "/admin/audit"),
        ("POST", "/admin/generate_link"),
        ("POST", "/invite"),
    ],
)
def test_only_operators_use_the_admin_routes(door: Door, method: str, path: str) -> None:
    ada = door.person()
    ada.sign_up()
    assert code_of(ada.ask(method, path)) == (403, "not_admin")
    anon = ada.ask(method, path, token=door.stack.endpoints.anon_key)
    assert code_of(anon) == (403, "not_admin")
    assert code_of(door.person().ask(method, path)) == (401, "no_authorization")


def test_a_user_made_read_changed_banned_and_deleted(door: Door, operator: httpx.Client) -> None:
    ada = door.person()
    user = made(
        operator,
        email=ada.email.upper(),
        password=ada.password,
        email_confirm=True,
        user_metadata={"full_name": "Ada"},
        app_metadata={"plan": "gold"},
    )
    assert user["email"] == ada.email
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "gold"}
    path = f"/admin/users/{user['id']}"
    assert operator.get(path).json()["id"] == user["id"]
    assert ada.sign_in().status_code == 200
    taken = operator.post("/admin/users", json={"email": ada.email})
    assert code_of(taken) == (422, "email_exists")

    changed = operator.put(path, json={"email": "x" + ada.email, "app_metadata": {"plan": None}})
    assert changed.json()["email"] == "x" + ada.email
    assert "plan" not in changed.json()["app_metadata"]
    ada.email = "x" + ada.email

    banned = operator.put(path, json={"ban_duration": "24h"}).json()
    assert banned["banned_until"] > banned["updated_at"]
    assert code_of(ada.sign_in()) == (400, "user_banned")
    assert ada.rest().status_code == 401
    assert "banned_until" not in operator.put(path, json={"ban_duration": "none"}).json()
    assert ada.sign_in().status_code == 200

    assert operator.delete(path).json() == {}
    assert code_of(operator.get(path)) == (404, "user_not_found")
    assert code_of(ada.sign_in()) == (400, "invalid_credentials")


def test_a_soft_deletion_forgets_who_it_was(door: Door, operator: httpx.Client) -> None:
    ada = door.person()
    ada.sign_up(data={"secret": "hobby"})
    user_id = ada.session["user"]["id"]
    gone = operator.request("DELETE", f"/admin/users/{user_id}", json={"should_soft_delete": True})
    assert gone.json() == {}
    kept = operator.get(f"/admin/users/{user_id}").json()
    assert kept["deleted_at"] and ada.email not in str(kept) and "hobby" not in str(kept)
    assert ada.rest().status_code == 401
    assert ada.sign_up().status_code == 200


def test_users_are_listed_in_pages(door: Door, operator: httpx.Client) -> None:
    newest = [made(operator, email=door.person("page").email)["id"] for _ in range(3)]
    first = operator.get("/admin/users", params={"per_page": 2})
    assert [user["id"] for user in first.json()["users"]] == newest[:0:-1]
    assert int(first.headers["x-total-count"]) >= 3
    assert 'rel="next"' in first.headers["link"] and "page=2" in first.headers["link"]
    second = operator.get("/admin/users", params={"per_page": 2, "page": 2})
    assert second.json()["users"][0]["id"] == newest[0]
    assert code_of(operator.get("/admin/users", params={"page": "x"})) == (
        400,
        "validation_failed",
    )


def test_a_bcrypt_that_was_brought_along_works(door: Door, operator: httpx.Client) -> None:
    ada = door.person()
    digest = bcrypt.hashpw(ada.password.encode(), bcrypt.gensalt(4)).decode()
    made(operator, email=ada.email, password_hash=digest, email_confirm=True)
    assert ada.sign_in().status_code == 200


@pytest.mark.parametrize("kind", ["signup", "invite", "magiclink", "recovery"])
def test_a_generated_link_signs_in(door: Door, operator: httpx.Client, kind: str) -> None:
    ada = door.person()
    if kind == "recovery":
        ada.sign_up()
    wish = {"type": kind, "email": ada.email, "data": {"status": "alpha"}}
    if kind == "signup":
        wish["password"] = ada.password
    link = operator.post("/admin/generate_link", json=wish).json()
    assert link["email"] == ada.email
    assert f"type={link['verification_type']}" in link["action_link"]
    session = ada.http.post(
        "/verify", json={"type": link["verification_type"], "token_hash": link["hashed_token"]}
    )
    assert session.json()["user"]["email"] == ada.email
    assert door.sent("auth.mail", ada.email) == []


def test_an_invitation_is_sent_and_accepted(door: Door, operator: httpx.Client) -> None:
    ada = door.person()
    invited = operator.post("/invite", json={"email": ada.email, "data": {"team": 1}}).json()
    assert invited["invited_at"] and invited["user_metadata"] == {"team": 1}
    assert "email_confirmed_at" not in invited
    sent = door.mail(ada.email, "invite")
    body = {"type": "invite", "email": ada.email, "token": sent["code"]}
    assert ada.http.post("/verify", json=body).json()["user"]["id"] == invited["id"]
    again = operator.post("/invite", json={"email": ada.email})
    assert code_of(again) == (422, "email_exists")


def test_the_audit_says_what_happened_and_no_secret(door: Door, operator: httpx.Client) -> None:
    ada = door.person()
    ada.sign_up()
    ada.sign_in("wrong password")
    ada.refresh()
    entries = operator.get("/admin/audit", params={"per_page": 50}).json()
    mine = [e for e in entries if e["payload"].get("actor_username") == ada.email]
    assert {e["payload"]["action"] for e in mine} >= {"user_signedup", "token_refreshed"}
    assert ada.password not in str(entries)
    assert ada.session["refresh_token"] not in str(entries)
