"""Signing up and in with a password."""

from __future__ import annotations

import time

import bcrypt
import jwt
import pytest

from tests.auth.conftest import Door, Person, code_of
from tests.auth.serving import serving
from tests.harness.waiting import wait_until

NOBODY = {"email": "nobody-at-all@example.com", "password": "whatever it is"}


def test_a_sign_up_opens_the_api_at_once(door: Door) -> None:
    ada = door.person()
    answer = ada.sign_up(data={"full_name": "Ada L"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "bearer"
    assert answer.json()["user"]["email"] == ada.email
    (profile,) = ada.rest().json()
    assert (profile["email"], profile["full_name"]) == (ada.email, "Ada L")


def test_the_access_token_says_what_supabase_says(door: Door) -> None:
    ada = door.person()
    session = ada.sign_up(data={"theme": "dark"}).json()
    claims = jwt.decode(
        session["access_token"],
        door.stack.endpoints.jwt_secret,
        algorithms=["HS256"],
        audience="authenticated",
        issuer=door.stack.endpoints.auth_url,
    )
    assert claims["sub"] == session["user"]["id"]
    assert claims["role"] == "authenticated"
    assert claims["aal"] == "aal1"
    assert [entry["method"] for entry in claims["amr"]] == ["password"]
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["user_metadata"] == {"theme": "dark"}
    assert (claims["email"], claims["phone"], claims["is_anonymous"]) == (ada.email, "", False)
    assert claims["exp"] - claims["iat"] == session["expires_in"] == 3600
    assert session["expires_at"] == claims["exp"]
    assert door.rows("select 1 from auth.sessions where id::text = %s", claims["session_id"])


def test_the_password_is_kept_as_bcrypt_that_only_the_edge_reads(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    ((kept,),) = door.rows("select encrypted_password from auth.users where email = %s", ada.email)
    assert bcrypt.checkpw(ada.password.encode(), kept.encode())
    readers = door.rows(
        "select name from unnest(%s::text[]) as name"
        " where has_table_privilege(name, 'auth.users', 'select')"
        " or has_any_column_privilege(name, 'auth.users', 'select')",
        ["anon", "authenticated", "service_role", "analyst", "edge", "worker"],
    )
    assert readers == []


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"password": "abc"}, (422, "weak_password")),
        ({"password": "x" * 73}, (400, "validation_failed")),
        ({"password": None}, (400, "validation_failed")),
        ({"email": "no address"}, (400, "validation_failed")),
        ({"email": 5}, (400, "bad_json")),
        ({"data": "text"}, (400, "bad_json")),
        ({"email": "a\x00@example.com"}, (400, "bad_json")),
        ({"phone": "+491701234567"}, (400, "validation_failed")),
    ],
)
def test_a_sign_up_that_cannot_be_is_refused(
    door: Door, wish: dict[str, object], refusal: tuple[int, str]
) -> None:
    assert code_of(door.person().sign_up(**wish)) == refusal


def test_an_existing_user_is_named_where_addresses_are_not_confirmed(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    assert code_of(ada.sign_up()) == (422, "user_already_exists")


def test_both_forms_of_a_refusal(door: Door) -> None:
    ada = door.person()
    old = ada.http.post("/token?grant_type=password", json=NOBODY)
    assert old.json() == {
        "code": 400,
        "error_code": "invalid_credentials",
        "msg": "Invalid login credentials",
    }
    new = ada.http.post(
        "/token?grant_type=password",
        json=NOBODY,
        headers={"X-Supabase-Api-Version": "2024-01-01"},
    )
    assert new.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert new.headers["x-supabase-api-version"] == "2024-01-01"


def test_a_wrong_password_and_no_account_are_the_same_and_take_as_long(door: Door) -> None:
    def took(person: Person) -> float:
        door.forget_limits()
        start = time.perf_counter()
        assert code_of(person.sign_in("wrong password")) == (400, "invalid_credentials")
        return time.perf_counter() - start

    known, unknown = door.person("known"), door.person("unknown")
    known.sign_up()
    took(known)
    pairs: list[tuple[float, float]] = []

    def are_alike() -> bool:
        pairs.append((took(known), took(unknown)))
        one, other = (min(column) for column in zip(*pairs, strict=True))
        return len(pairs) >= 7 and 0.5 < one / other < 2

    wait_until(are_alike)  # a busy machine takes more tries; a difference in the code stays


def test_many_wrong_passwords_have_to_wait_and_nobody_else_does(door: Door) -> None:
    eve, victim = door.person("eve"), door.person("victim")
    victim.sign_up()
    for account in (victim.email, eve.email):
        wish = {"email": account, "password": "a guess"}
        answers = [eve.http.post("/token?grant_type=password", json=wish) for _ in range(12)]
        codes = [answer.json()["error_code"] for answer in answers]
        assert codes == ["invalid_credentials"] * 10 + ["over_request_rate_limit"] * 2
        assert 0 < int(answers[-1].headers["retry-after"]) <= 300
    assert victim.refresh().status_code == 200
    assert door.person().sign_up().status_code == 200


def test_metadata_are_changed_member_by_member(door: Door) -> None:
    ada = door.person()
    ada.sign_up(data={"a": 1, "b": 2})
    changed = ada.ask("PUT", "/user", data={"b": None, "c": {"d": None}})
    assert changed.json()["user_metadata"] == {"a": 1, "c": {"d": None}}
    assert ada.ask("GET", "/user").json()["user_metadata"] == {"a": 1, "c": {"d": None}}
    refused = ada.ask("PUT", "/user", app_metadata={"role": "admin"})
    assert code_of(refused) == (403, "not_admin")


def test_a_new_password_ends_all_other_sessions(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    elsewhere = ada.session
    ada.sign_in()
    same = ada.ask("PUT", "/user", password=ada.password)
    assert code_of(same) == (422, "same_password")
    assert ada.ask("PUT", "/user", password="quite another one").status_code == 200
    assert ada.ask("GET", "/user").status_code == 200
    old = ada.ask("GET", "/user", token=elsewhere["access_token"])
    assert code_of(old) == (403, "session_not_found")
    assert ada.rest(token=elsewhere["access_token"]).status_code == 401
    assert code_of(ada.sign_in()) == (400, "invalid_credentials")
    assert ada.sign_in("quite another one").status_code == 200


def test_an_anonymous_user_can_become_a_permanent_one(door: Door) -> None:
    ada = door.person()
    ada.session = ada.http.post("/signup", json={"data": {"cart": 3}}).json()
    user = ada.session["user"]
    assert (user["is_anonymous"], user["email"]) == (True, "")
    assert len(ada.rest().json()) == 1
    upgraded = ada.ask("PUT", "/user", email=ada.email, password="a password now").json()
    assert (upgraded["id"], upgraded["email"]) == (user["id"], ada.email)
    assert (upgraded["is_anonymous"], upgraded["user_metadata"]) == (False, {"cart": 3})
    assert ada.sign_in("a password now").json()["user"]["id"] == user["id"]


def test_an_anonymous_user_confirms_an_address_with_a_code(
    door: Door,
) -> None:
    told = {
        "GOTRUE_MAILER_AUTOCONFIRM": "false",
        "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "true",
        "GOTRUE_SMTP_MAX_FREQUENCY": "0s",
    }
    with serving(door, **told) as service:
        ada = service.person()
        ada.session = ada.http.post("/signup", json={}).json()
        asked = ada.ask("PUT", "/user", email=ada.email).json()
        assert (asked["is_anonymous"], asked["email"], asked["new_email"]) == (True, "", ada.email)
        code = service.mail(ada.email, "email_change")["code"]
        body = {"type": "email_change", "email": ada.email, "token": code}
        user = ada.http.post("/verify", json=body).json()["user"]
        assert (user["id"], user["is_anonymous"]) == (asked["id"], False)
        assert ada.ask("PUT", "/user", password=ada.password).status_code == 200
        assert ada.sign_in().json()["user"]["id"] == asked["id"]
