"""Passkeys and security keys: made, used, copied, lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.auth.conftest import Door, Person, code_of
from tests.auth.security_key import SecurityKey, broken
from tests.auth.serving import EVERYTHING, serving
from tests.auth.test_factors import aal


@pytest.fixture(scope="module")
def keys(door: Door) -> Iterator[Door]:
    """A service that offers every factor and passkeys."""
    with serving(door, **EVERYTHING, GOTRUE_PASSKEY_MAX_PASSKEYS_PER_USER="3") as found:
        yield found


@pytest.fixture
def ada(keys: Door) -> Person:
    person = keys.person()
    person.sign_up()
    return person


def added(person: Person, key: SecurityKey) -> httpx.Response:
    asked = person.ask("POST", "/passkeys/registration/options").json()
    answer: httpx.Response = person.ask(
        "POST",
        "/passkeys/registration/verify",
        challenge_id=asked["challenge_id"],
        credential=key.create(asked["options"]),
    )
    return answer


def question(keys: Door) -> dict[str, Any]:
    asked: dict[str, Any] = httpx.post(f"{keys.url}/passkeys/authentication/options").json()
    return asked


def answered(keys: Door, asked: dict[str, Any], credential: dict[str, Any]) -> httpx.Response:
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    return httpx.post(f"{keys.url}/passkeys/authentication/verify", json=body)


def test_a_passkey_opens_a_session_and_is_looked_after(keys: Door, ada: Person) -> None:
    key = SecurityKey()
    made = added(ada, key)
    assert made.status_code == 200, made.text
    assert made.json()["transports"] == ["internal"]
    assert keys.mail(ada.email, "passkey_added")
    asked = question(keys)
    session = answered(keys, asked, key.sign(asked["options"]))
    assert session.status_code == 200, session.text
    assert session.json()["user"]["email"] == ada.email
    assert ada.rest(token=session.json()["access_token"]).status_code == 200
    path = f"/passkeys/{made.json()['id']}"
    headers = {"Authorization": f"Bearer {ada.session['access_token']}"}
    named = ada.http.patch(path, json={"friendly_name": "phone"}, headers=headers)
    assert named.json()["friendly_name"] == "phone"
    (listed,) = ada.ask("GET", "/passkeys").json()
    assert listed["friendly_name"] == "phone" and listed["last_used_at"]
    assert ada.ask("DELETE", path).status_code == 204
    assert code_of(ada.ask("DELETE", path)) == (404, "webauthn_credential_not_found")
    asked = question(keys)
    gone = answered(keys, asked, key.sign(asked["options"]))
    assert code_of(gone) == (400, "webauthn_credential_not_found")


def test_an_answer_works_once_for_its_question_and_site(keys: Door, ada: Person) -> None:
    key = SecurityKey()
    added(ada, key)
    asked, other = question(keys), question(keys)
    answer = key.sign(asked["options"])
    assert code_of(answered(keys, other, answer)) == (400, "webauthn_verification_failed")
    assert answered(keys, asked, answer).status_code == 200
    assert code_of(answered(keys, asked, answer)) == (400, "webauthn_challenge_not_found")
    for wrong in (
        broken(key.sign((asked := question(keys))["options"])),
        {"id": "AAAA", "response": {}},
        {"id": 5},
        {**key.sign(asked["options"]), "response": 7},
    ):
        assert answered(keys, question(keys), wrong).status_code == 400
    asked = question(keys)
    key.origin = "https://evil.example"
    elsewhere = answered(keys, asked, key.sign(asked["options"]))
    assert code_of(elsewhere) == (400, "webauthn_verification_failed")


def test_a_question_is_answered_in_time(keys: Door, ada: Person) -> None:
    key = SecurityKey()
    added(ada, key)
    asked = question(keys)
    keys.rows(
        "update auth.webauthn_challenges set expires_at = now() where id = %s",
        asked["challenge_id"],
    )
    late = answered(keys, asked, key.sign(asked["options"]))
    assert code_of(late) == (400, "webauthn_challenge_expired")


def test_a_counter_that_goes_back_is_a_copy(keys: Door, ada: Person) -> None:
    key = SecurityKey()
    added(ada, key)
    asked = question(keys)
    assert answered(keys, asked, key.sign(asked["options"])).status_code == 200
    key.counter = 0
    asked = question(keys)
    copy = answered(keys, asked, key.sign(asked["options"]))
    assert code_of(copy) == (400, "webauthn_verification_failed")


def test_passkeys_are_their_owners_and_few(keys: Door, ada: Person) -> None:
    eve = keys.person("eve")
    eve.sign_up()
    key = SecurityKey()
    made = added(ada, key).json()
    assert code_of(added(eve, key)) == (422, "webauthn_credential_exists")
    path = f"/passkeys/{made['id']}"
    assert code_of(eve.ask("DELETE", path)) == (404, "webauthn_credential_not_found")
    added(ada, SecurityKey())
    added(ada, SecurityKey())
    full = ada.ask("POST", "/passkeys/registration/options")
    assert code_of(full) == (422, "too_many_passkeys")
    # A question that somebody else asked is not answered for them.
    asked = eve.ask("POST", "/passkeys/registration/options").json()
    stolen = ada.ask(
        "POST",
        "/passkeys/registration/verify",
        challenge_id=asked["challenge_id"],
        credential=SecurityKey().create(asked["options"]),
    )
    assert code_of(stolen) == (400, "webauthn_challenge_not_found")


def test_operators_see_and_delete_passkeys(keys: Door, ada: Person) -> None:
    made = added(ada, SecurityKey()).json()
    path = f"/admin/users/{ada.session['user']['id']}/passkeys"
    service = keys.stack.endpoints.service_role_key
    assert code_of(ada.ask("GET", path)) == (403, "not_admin")
    assert [each["id"] for each in ada.ask("GET", path, token=service).json()] == [made["id"]]
    assert ada.ask("DELETE", f"{path}/{made['id']}", token=service).status_code == 204
    assert ada.ask("GET", "/passkeys").json() == []


def test_passkeys_are_off_unless_they_are_switched_on(door: Door) -> None:
    person = door.person()
    person.sign_up()
    off = (404, "passkey_disabled")
    assert code_of(person.ask("POST", "/passkeys/registration/options")) == off
    assert code_of(person.ask("POST", "/passkeys/authentication/options")) == off


def challenged(person: Person, factor_id: str, **body: Any) -> dict[str, Any]:
    answer = person.ask("POST", f"/factors/{factor_id}/challenge", **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def verified(person: Person, factor_id: str, **body: Any) -> httpx.Response:
    answer: httpx.Response = person.ask("POST", f"/factors/{factor_id}/verify", **body)
    if answer.status_code == 200:
        person.session = answer.json()
    return answer


def with_key(person: Person, factor_id: str, key: SecurityKey) -> httpx.Response:
    asked = challenged(person, factor_id, webauthn={"rpId": "127.0.0.1"})
    options = asked["webauthn"]["credential_options"]["publicKey"]
    kind = asked["webauthn"]["type"]
    answer = key.create(options) if kind == "create" else key.sign(options)
    return verified(
        person,
        factor_id,
        challenge_id=asked["id"],
        webauthn={"type": kind, "credential_response": answer},
    )


def test_a_security_key_is_a_second_factor(keys: Door, ada: Person) -> None:
    key = SecurityKey()
    factor = ada.ask("POST", "/factors", factor_type="webauthn", friendly_name="key").json()
    assert with_key(ada, factor["id"], key).status_code == 200
    assert aal(ada) == "aal2"
    (listed,) = ada.ask("GET", "/user").json()["factors"]
    assert (listed["factor_type"], listed["status"]) == ("webauthn", "verified")
    assert "web_authn_credential" not in listed
    ada.sign_in()
    assert aal(ada) == "aal1"
    assert with_key(ada, factor["id"], key).status_code == 200
    key.counter = 0
    ada.sign_in()
    assert code_of(with_key(ada, factor["id"], key)) == (422, "mfa_verification_failed")
    stranger = SecurityKey()
    assert code_of(with_key(ada, factor["id"], stranger)) == (422, "mfa_verification_failed")
    key.counter = 9
    assert with_key(ada, factor["id"], key).status_code == 200
    assert ada.ask("DELETE", f"/factors/{factor['id']}").status_code == 200
    ada.session = ada.refresh().json()
    assert aal(ada) == "aal1"


def test_a_key_is_asked_for_this_site_only(ada: Person) -> None:
    factor = ada.ask("POST", "/factors", factor_type="webauthn", friendly_name="key").json()
    path = f"/factors/{factor['id']}/challenge"
    for named in ({"rpId": "evil.example"}, {"rpOrigins": ["https://evil.example"]}):
        refused = ada.ask("POST", path, webauthn=named)
        assert code_of(refused) == (400, "validation_failed")


def test_a_phone_is_a_second_factor(keys: Door, ada: Person) -> None:
    number = keys.phone()
    factor = ada.ask("POST", "/factors", factor_type="phone", phone=f"+{number}").json()
    asked = challenged(ada, factor["id"])
    code = keys.sent("auth.sms", number)[-1]["code"]
    kept = str(keys.rows("select otp_code from auth.mfa_challenges where id = %s", asked["id"]))
    assert code not in kept
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    refused = verified(ada, factor["id"], challenge_id=asked["id"], code=wrong)
    assert code_of(refused) == (422, "mfa_verification_failed")
    assert verified(ada, factor["id"], challenge_id=asked["id"], code=code).status_code == 200
    assert aal(ada) == "aal2"
    again = ada.ask("POST", "/factors", factor_type="phone", phone=f"+{number}")
    assert code_of(again) == (422, "mfa_verified_factor_exists")
    too_soon = ada.ask("POST", f"/factors/{factor['id']}/challenge")
    assert code_of(too_soon) == (429, "over_sms_send_rate_limit")
