"""A second factor: enrolled, asked for, lost."""

from __future__ import annotations

import jwt
import pyotp
import pytest

from tests.auth.conftest import Door, Person, code_of


@pytest.fixture
def ada(door: Door) -> Person:
    person = door.person()
    person.sign_up()
    return person


def aal(person: Person) -> str:
    claims = jwt.decode(person.session["access_token"], options={"verify_signature": False})
    level: str = claims["aal"]
    return level


def enrolled(person: Person) -> tuple[str, pyotp.TOTP]:
    """A new factor and the app that knows its secret."""
    answer = person.ask("POST", "/factors", factor_type="totp", friendly_name="phone")
    assert answer.status_code == 200, answer.text
    factor = answer.json()
    assert factor["totp"]["qr_code"].startswith("<svg")
    assert factor["totp"]["uri"].startswith("otpauth://totp/")
    return factor["id"], pyotp.parse_uri(factor["totp"]["uri"])  # type: ignore[return-value]


def passed(person: Person, factor_id: str, code: str) -> object:
    challenge = person.ask("POST", f"/factors/{factor_id}/challenge").json()
    answer = person.ask(
        "POST", f"/factors/{factor_id}/verify", challenge_id=challenge["id"], code=code
    )
    if answer.status_code == 200:
        person.session = answer.json()
        return 200
    return code_of(answer)


def test_a_code_lifts_the_session_and_ends_the_lower_ones(door: Door, ada: Person) -> None:
    lower = ada.session["access_token"]
    ada.sign_in()
    factor_id, app = enrolled(ada)
    assert aal(ada) == "aal1"
    assert passed(ada, factor_id, "000000") == (422, "mfa_verification_failed")
    assert passed(ada, factor_id, app.now()) == 200
    assert aal(ada) == "aal2"
    claims = jwt.decode(ada.session["access_token"], options={"verify_signature": False})
    assert [entry["method"] for entry in claims["amr"]] == ["totp", "password"]
    assert ada.rest(token=lower).status_code == 401
    (factor,) = ada.ask("GET", "/user").json()["factors"]
    assert (factor["status"], "secret" in factor) == ("verified", False)
    assert door.mail(ada.email, "factor_added")
    ada.session = ada.refresh().json()
    assert aal(ada) == "aal2"


def test_the_first_level_is_not_enough_for_what_matters(ada: Person) -> None:
    factor_id, app = enrolled(ada)
    passed(ada, factor_id, app.now())
    ada.sign_in()
    assert aal(ada) == "aal1"
    assert code_of(ada.ask("PUT", "/user", password="something else")) == (401, "insufficient_aal")
    assert code_of(ada.ask("POST", "/factors", factor_type="totp")) == (403, "insufficient_aal")
    assert code_of(ada.ask("DELETE", f"/factors/{factor_id}")) == (422, "insufficient_aal")
    assert passed(ada, factor_id, app.now()) == 200
    assert ada.ask("DELETE", f"/factors/{factor_id}").json() == {"id": factor_id}
    ada.session = ada.refresh().json()
    assert aal(ada) == "aal1"


def test_a_challenge_is_answered_once_and_in_time(door: Door, ada: Person) -> None:
    factor_id, app = enrolled(ada)
    path = f"/factors/{factor_id}"
    challenge = ada.ask("POST", f"{path}/challenge").json()
    body = {"challenge_id": challenge["id"], "code": app.now()}
    ada.session = ada.ask("POST", f"{path}/verify", **body).json()
    again = ada.ask("POST", f"{path}/verify", **body)
    assert code_of(again) == (422, "mfa_ip_address_mismatch")
    late = ada.ask("POST", f"{path}/challenge").json()
    door.rows("update auth.mfa_challenges set created_at = created_at - interval '6 minutes'")
    body = {"challenge_id": late["id"], "code": app.now()}
    assert code_of(ada.ask("POST", f"{path}/verify", **body)) == (422, "mfa_challenge_expired")


def test_a_factor_is_its_owners(door: Door, ada: Person) -> None:
    factor_id, _ = enrolled(ada)
    eve = door.person("eve")
    eve.sign_up()
    for method, path in (
        ("POST", f"/factors/{factor_id}/challenge"),
        ("DELETE", f"/factors/{factor_id}"),
    ):
        assert code_of(eve.ask(method, path)) == (404, "mfa_factor_not_found")


def test_wrong_codes_of_a_factor_are_limited(ada: Person) -> None:
    factor_id, _ = enrolled(ada)
    answers = [passed(ada, factor_id, "000000") for _ in range(11)]
    assert answers[0] == (422, "mfa_verification_failed")
    assert answers[-1] == (429, "over_request_rate_limit")


def test_a_recovery_code_stands_in_for_a_lost_phone_once(door: Door, ada: Person) -> None:
    assert code_of(ada.ask("POST", "/factors/recovery_codes")) == (422, "insufficient_aal")
    factor_id, app = enrolled(ada)
    passed(ada, factor_id, app.now())
    codes = ada.ask("POST", "/factors/recovery_codes").json()["codes"]
    assert len(set(codes)) == 10
    kept = str(door.rows("select code_hash from auth.recovery_codes"))
    assert not any(code in kept for code in codes)
    ada.sign_in()
    wrong = ada.ask("POST", "/factors/recovery_codes/verify", code="aaaaa-aaaaa")
    assert code_of(wrong) == (422, "mfa_verification_failed")
    lifted = ada.ask("POST", "/factors/recovery_codes/verify", code=codes[3].upper())
    ada.session = lifted.json()
    assert aal(ada) == "aal2"
    ada.sign_in()
    again = ada.ask("POST", "/factors/recovery_codes/verify", code=codes[3])
    assert code_of(again) == (422, "mfa_verification_failed")
    ada.session = ada.ask("POST", "/factors/recovery_codes/verify", code=codes[4]).json()
    assert ada.ask("DELETE", f"/factors/{factor_id}").status_code == 200
    query = "select count(*) from auth.recovery_codes where user_id = %s"
    assert door.rows(query, ada.session["user"]["id"]) == [(0,)], "they go with the factor"


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("phone", (422, "mfa_phone_enroll_not_enabled")),
        ("webauthn", (422, "mfa_webauthn_enroll_not_enabled")),
        ("pigeon", (400, "validation_failed")),
    ],
)
def test_other_kinds_say_that_they_are_off(
    ada: Person, kind: str, refusal: tuple[int, str]
) -> None:
    assert code_of(ada.ask("POST", "/factors", factor_type=kind)) == refusal
