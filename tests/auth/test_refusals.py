"""Refusals that no other story meets: each in Supabase Auth's status and code."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.auth.conftest import Door, Person, code_of
from tests.auth.serving import serving


@pytest.fixture(scope="module")
def narrow(door: Door) -> Iterator[Door]:
    """A service with limits that are soon reached."""
    with serving(
        door,
        GOTRUE_SMS_AUTOCONFIRM="false",
        GOTRUE_SMS_MAX_FREQUENCY="0s",
        GOTRUE_MFA_MAX_ENROLLED_FACTORS="2",
        GOTRUE_SESSIONS_TIMEBOX="1h",
        GOTRUE_SESSIONS_INACTIVITY_TIMEOUT="30m",
    ) as found:
        yield found


def signed_up(door: Door) -> Person:
    person = door.person()
    assert person.sign_up().status_code == 200
    return person


def test_features_that_are_off_are_refused_everywhere(door: Door) -> None:
    off = {"GOTRUE_EXTERNAL_EMAIL_ENABLED": "false", "GOTRUE_MFA_TOTP_ENROLL_ENABLED": "false"}
    with serving(door, **off) as service:
        ada = service.person()
        assert code_of(ada.sign_up()) == (400, "email_provider_disabled")
        assert code_of(ada.sign_in()) == (422, "email_provider_disabled")
        by_code = ada.http.post("/otp", json={"email": ada.email})
        assert code_of(by_code) == (422, "email_provider_disabled")
        ada.session = door.person().sign_up().json()
        enrolled = ada.ask("POST", "/factors", factor_type="totp")
        assert code_of(enrolled) == (422, "mfa_totp_enroll_not_enabled")


def test_the_operator_hears_that_there_is_no_sso(door: Door) -> None:
    key = door.stack.endpoints.service_role_key
    for path in ("/admin/sso/providers", f"/admin/sso/providers/{uuid.uuid4()}"):
        answer = door.person().ask("GET", path, token=key)
        assert code_of(answer) == (404, "sso_provider_disabled")
        assert code_of(signed_up(door).ask("GET", path)) == (403, "not_admin")


def test_a_phone_opens_what_it_has_proven_and_nobody_else_s(narrow: Door) -> None:
    ada, phone = narrow.person(), narrow.phone()
    wish = {"phone": phone, "password": "a good one 7"}
    assert "access_token" not in ada.http.post("/signup", json=wish).json()
    early = ada.http.post("/token?grant_type=password", json=wish)
    assert code_of(early) == (400, "phone_not_confirmed")
    code = narrow.sent("auth.sms", phone)[-1]["code"]
    assert ada.http.post("/verify", json={"type": "sms", "phone": phone, "token": code}).is_success
    assert ada.http.post("/token?grant_type=password", json=wish).is_success
    taken = signed_up(narrow).ask("PUT", "/user", phone=phone)
    assert code_of(taken) == (422, "phone_exists")


def test_a_number_is_changed_by_its_code(narrow: Door) -> None:
    ada, phone = signed_up(narrow), narrow.phone()
    changed = ada.ask("PUT", "/user", phone=phone).json()
    assert (changed["phone"], changed["new_phone"]) == ("", phone)
    sent = narrow.sent("auth.sms", phone)[-1]
    assert sent["kind"] == "phone_change"
    body = {"type": "phone_change", "phone": phone, "token": sent["code"]}
    user = ada.http.post("/verify", json=body).json()["user"]
    assert (user["id"], user["phone"]) == (changed["id"], phone)
    assert narrow.mail(ada.email, "phone_changed")


def test_factors_have_names_of_their_own_and_an_end(narrow: Door) -> None:
    ada = signed_up(narrow)

    def enroll(name: str) -> httpx.Response:
        answer: httpx.Response = ada.ask("POST", "/factors", factor_type="totp", friendly_name=name)
        return answer

    assert enroll("phone").status_code == 200
    assert code_of(enroll("phone")) == (422, "mfa_factor_name_conflict")
    assert enroll("tablet").status_code == 200
    assert code_of(enroll("watch")) == (422, "too_many_enrolled_mfa_factors")


@pytest.mark.parametrize(
    "passing",
    [
        "update auth.sessions set created_at = created_at - interval '61 minutes'",
        "update auth.sessions set refreshed_at = now() at time zone 'UTC' - interval '31 minutes'",
    ],
    ids=["in all", "without being used"],
)
def test_a_session_lasts_as_long_as_the_settings_say(narrow: Door, passing: str) -> None:
    ada = signed_up(narrow)
    assert ada.refresh().status_code == 200
    ada.session = ada.refresh().json()
    narrow.rows(f"{passing} where user_id = '{ada.session['user']['id']}'")
    assert code_of(ada.refresh()) == (400, "session_expired")
    assert code_of(ada.ask("GET", "/user")) == (403, "session_not_found")


def test_a_code_of_pkce_waits_five_minutes(strict: Door) -> None:
    ada, verifier = strict.person(), "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    ada.sign_up(code_challenge=challenge, code_challenge_method="s256")
    target = httpx.post(strict.mail(ada.email)["link"]).headers["location"]
    code = parse_qs(urlsplit(target).query)["code"][0]
    strict.rows(
        "update auth.flow_state"
        " set auth_code_issued_at = auth_code_issued_at - interval '6 minutes'"
    )
    late = ada.http.post(
        "/token?grant_type=pkce", json={"auth_code": code, "code_verifier": verifier}
    )
    assert code_of(late) == (422, "flow_state_expired")


def with_google(door: Door, person: Person, email: str) -> None:
    """An identity of another service, of which it says that address."""
    door.rows(
        "insert into auth.identities"
        " (provider_id, user_id, identity_data, provider, created_at, updated_at)"
        " values (%s, %s, jsonb_build_object('sub', 'x', 'email', %s::text), 'google',"
        " now(), now())",
        *(person.email, person.session["user"]["id"], email),
    )


def test_an_identity_that_is_not_there_cannot_be_unlinked(door: Door) -> None:
    ada = signed_up(door)
    with_google(door, ada, ada.email)
    gone = ada.ask("DELETE", f"/user/identities/{uuid.uuid4()}")
    assert code_of(gone) == (422, "identity_not_found")
    assert code_of(ada.ask("DELETE", "/user/identities/none")) == (404, "validation_failed")


def test_an_identity_whose_address_is_another_account_s_stays(door: Door) -> None:
    ada, ben = signed_up(door), signed_up(door)
    with_google(door, ada, ben.email)
    mine = ada.session["user"]["identities"][0]["identity_id"]
    refused = ada.ask("DELETE", f"/user/identities/{mine}")
    assert code_of(refused) == (422, "email_conflict_identity_not_deletable")
    assert len(ada.ask("GET", "/user").json()["identities"]) == 2


def test_a_body_has_an_end(door: Door) -> None:
    huge = door.person().sign_up(data={"a": "x" * 1_000_001})
    assert code_of(huge) == (413, "request_entity_too_large")
