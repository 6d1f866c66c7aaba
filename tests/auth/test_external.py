"""Signing in by other services: who gets into which account."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.auth.conftest import Door, Person, code_of
from tests.auth.issuer import CLIENT, Issuer, simulated
from tests.auth.serving import serving

PROVIDERS = ("google", "github", "facebook", "apple")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with simulated() as found:
        yield found


@pytest.fixture(scope="module")
def social(door: Door, issuer: Issuer) -> Iterator[Door]:
    """A service that knows the simulated providers, and confirms nothing by itself."""
    with serving(
        door,
        GOTRUE_MAILER_AUTOCONFIRM="false",
        GOTRUE_SMTP_MAX_FREQUENCY="0s",
        **issuer.environment(*PROVIDERS),
    ) as found:
        yield found


def came_back(door: Door, provider: str, **asked: str) -> dict[str, str]:
    """Go to a provider and come back: what the site is told in the end."""
    away = httpx.get(f"{door.url}/authorize", params={"provider": provider, **asked})
    assert away.status_code == 302, away.text
    return followed(away.headers["location"])


def followed(url: str) -> dict[str, str]:
    there = httpx.get(url)
    back = httpx.get(there.headers["location"])
    assert back.status_code == 302, back.text
    target = urlsplit(back.headers["location"])
    told = {**parse_qs(target.query), **parse_qs(target.fragment)}
    return {name: value[0] for name, value in told.items()}


def user_of(door: Door, token: str) -> dict[str, Any]:
    answer = httpx.get(f"{door.url}/user", headers={"Authorization": f"Bearer {token}"})
    user: dict[str, Any] = answer.json()
    return user


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_signs_somebody_up_and_in_again(
    social: Door, issuer: Issuer, provider: str
) -> None:
    email = social.person(provider).email
    issuer.becomes(email)
    first = came_back(social, provider)
    assert first["provider_refresh_token"] == "theirs"
    user = user_of(social, first["access_token"])
    assert user["email"] == email and user["email_confirmed_at"]
    assert user["app_metadata"] == {"provider": provider, "providers": [provider]}
    assert social.person().rest(token=first["access_token"]).status_code == 200
    second = came_back(social, provider)
    assert user_of(social, second["access_token"])["id"] == user["id"]


def test_the_same_checked_address_is_the_same_account(social: Door, issuer: Issuer) -> None:
    ada = social.person()
    social.confirmed(ada)
    issuer.becomes(ada.email)
    user = user_of(social, came_back(social, "google")["access_token"])
    assert user["id"] == ada.session["user"]["id"]
    assert user["app_metadata"]["providers"] == ["email", "google"]
    assert ada.sign_in().status_code == 200


def test_an_address_that_nobody_checked_opens_no_account(social: Door, issuer: Issuer) -> None:
    ada = social.person()
    social.confirmed(ada)
    issuer.becomes(ada.email, verified=False)
    told = came_back(social, "google")
    assert told["error_code"] == "provider_email_needs_verification"
    assert "access_token" not in told
    unknown = social.person()
    issuer.becomes(unknown.email, verified=False)
    assert came_back(social, "google")["error_code"] == "provider_email_needs_verification"
    assert social.mail(unknown.email, "signup")


def test_an_unconfirmed_account_gives_way_to_the_owner_of_the_address(
    social: Door, issuer: Issuer
) -> None:
    squatter = social.person("victim")
    squatter.sign_up(data={"full_name": "Mallory"})
    issuer.becomes(squatter.email)
    user = user_of(social, came_back(social, "google")["access_token"])
    assert user["app_metadata"]["providers"] == ["google"]
    assert user["user_metadata"]["full_name"] == "Grace H"
    assert code_of(squatter.sign_in()) == (400, "invalid_credentials")


def test_errors_of_a_provider_are_passed_to_the_site(social: Door, issuer: Issuer) -> None:
    issuer.becomes(social.person().email)
    issuer.refuses = True
    told = came_back(social, "github")
    issuer.refuses = False
    assert (told["error"], told["error_code"]) == ("invalid_request", "bad_oauth_callback")
    for query in ("", "?state=forged&code=x"):
        back = httpx.get(f"{social.url}/callback{query}")
        assert "error_code=bad_oauth_" in back.headers["location"]
    issuer.becomes(None)
    assert came_back(social, "facebook")["error_code"] == "email_address_not_provided"
    unknown = httpx.get(f"{social.url}/authorize", params={"provider": "nobody"})
    assert code_of(unknown) == (400, "validation_failed")


def test_with_pkce_the_site_gets_a_code(social: Door, issuer: Issuer) -> None:
    email, verifier = social.person().email, "v" * 43
    issuer.becomes(email)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    told = came_back(social, "google", code_challenge=challenge, code_challenge_method="s256")
    assert set(told) == {"code"}
    body = {"auth_code": told["code"], "code_verifier": verifier}
    session = social.person().http.post("/token?grant_type=pkce", json=body).json()
    assert session["user"]["email"] == email
    assert session["provider_refresh_token"] == "theirs"


def linked(person: Person, provider: str) -> dict[str, str]:
    url = person.ask(
        "GET", f"/user/identities/authorize?provider={provider}&skip_http_redirect=true"
    ).json()["url"]
    return followed(url)


def test_identities_are_linked_and_unlinked_and_one_stays(social: Door, issuer: Issuer) -> None:
    ada = social.person()
    social.confirmed(ada)
    issuer.becomes("somewhere.else@example.com")
    assert "access_token" in linked(ada, "github")
    identities = ada.ask("GET", "/user").json()["identities"]
    assert [identity["provider"] for identity in identities] == ["email", "github"]
    assert linked(ada, "github")["error_code"] == "identity_already_exists"

    ben = social.person("ben")
    social.confirmed(ben)
    assert linked(ben, "github")["error_code"] == "identity_already_exists"
    path = f"/user/identities/{identities[1]['identity_id']}"
    assert code_of(ben.ask("DELETE", path)) == (422, "single_identity_not_deletable")
    assert ada.ask("DELETE", path).json() == {}
    assert ada.ask("GET", "/user").json()["app_metadata"]["providers"] == ["email"]
    last = f"/user/identities/{identities[0]['identity_id']}"
    assert code_of(ada.ask("DELETE", last)) == (422, "single_identity_not_deletable")


def test_an_id_token_signs_in(social: Door, issuer: Issuer) -> None:
    email = social.person().email
    issuer.becomes(email)
    nonce = "once"
    hashed = hashlib.sha256(nonce.encode()).hexdigest()
    wish = {"provider": "google", "id_token": issuer.id_token(nonce=hashed), "nonce": nonce}
    session = social.person().http.post("/token?grant_type=id_token", json=wish).json()
    assert session["user"]["email"] == email


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aud": "another client"}, "unexpected_audience"),
        ({"iss": "https://evil.example"}, "bad_jwt"),
        ({"exp": 1}, "bad_jwt"),
        ({"nonce": "of somebody else"}, "validation_failed"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "bad_jwt"),
    ],
)
def test_an_id_token_that_is_not_for_us_does_not(
    social: Door, issuer: Issuer, change: dict[str, Any], code: str
) -> None:
    issuer.becomes(social.person().email)
    wish = {"provider": "google", "client_id": CLIENT, "id_token": issuer.id_token(**change)}
    answer = social.person().http.post("/token?grant_type=id_token", json=wish)
    assert code_of(answer) == (400, code)


def test_a_provider_that_is_off_says_so(door: Door) -> None:
    wish = {"provider": "google", "id_token": "x.y.z"}
    answer = door.person().http.post("/token?grant_type=id_token", json=wish)
    assert code_of(answer) == (400, "provider_disabled")
    assert '"https://accounts.google.com"' in answer.json()["msg"]
