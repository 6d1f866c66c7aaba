"""Signing in elsewhere with an account of here: clients, consent, codes, tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.auth.conftest import Door, Person, code_of
from tests.auth.serving import serving

BACK = "https://client.example/callback"
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


@dataclass
class App:
    """A program of somebody else's, as it is registered."""

    door: Door
    id: str
    secret: str | None

    def asks(self, **more: str) -> httpx.Response:
        asked = {
            "client_id": self.id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "email",
            "state": "as it was",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return httpx.get(f"{self.door.url}/oauth/authorize", params=asked)

    def authorization(self, **more: str) -> str:
        """The request for which the site asks the user."""
        answer = self.asks(**more)
        assert answer.status_code == 302, answer.text
        where = urlsplit(answer.headers["location"])
        assert where.path == "/oauth/consent"
        return parse_qs(where.query)["authorization_id"][0]

    def code(self, person: Person, **more: str) -> str:
        """The code that the app gets when the user agrees."""
        path = f"/oauth/authorizations/{self.authorization(**more)}"
        shown = person.ask("GET", path).json()
        if "redirect_url" not in shown:
            shown = person.ask("POST", f"{path}/consent", action="approve").json()
        told = parse_qs(urlsplit(shown["redirect_url"]).query)
        assert told["state"] == ["as it was"]
        return told["code"][0]

    def token(self, **form: str) -> httpx.Response:
        auth = (self.id, self.secret) if self.secret else None
        body = form if auth else {"client_id": self.id, **form}
        return httpx.post(f"{self.door.url}/oauth/token", data=body, auth=auth)

    def exchange(self, code: str, **more: str) -> httpx.Response:
        form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **more}
        return self.token(grant_type="authorization_code", **form)


@pytest.fixture(scope="module")
def server(door: Door) -> Iterator[Door]:
    with serving(
        door,
        GOTRUE_OAUTH_SERVER_ENABLED="true",
        GOTRUE_OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION="true",
        GOTRUE_JWT_ISSUER=door.stack.endpoints.auth_url,
    ) as found:
        yield found


def registered(server: Door, **details: Any) -> App:
    body = {"client_name": "Diary", "redirect_uris": [BACK], **details}
    answer = httpx.post(f"{server.url}/admin/oauth/clients", json=body, headers=operator(server))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return App(server, made["client_id"], made.get("client_secret"))


def operator(server: Door) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.stack.endpoints.service_role_key}"}


@pytest.fixture
def app(server: Door) -> App:
    return registered(server)


@pytest.fixture
def ada(server: Door) -> Person:
    person = server.person()
    person.sign_up(data={"full_name": "Ada"})
    return person


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_user_agrees_and_the_app_acts_for_them(server: Door, app: App, ada: Person) -> None:
    path = f"/oauth/authorizations/{app.authorization(scope='email profile')}"
    shown = ada.ask("GET", path).json()
    assert (shown["client"]["name"], shown["scope"]) == ("Diary", "email profile")
    decided = ada.ask("POST", f"{path}/consent", action="approve").json()["redirect_url"]
    assert decided.startswith(f"{BACK}?")
    code = parse_qs(urlsplit(decided).query)["code"][0]
    answer = app.exchange(code)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["client_id"], claims["scope"]) == (app.id, "email profile")
    assert ada.rest(token=tokens["access_token"]).json()[0]["full_name"] == "Ada"
    told = ada.ask("GET", "/oauth/userinfo", token=tokens["access_token"]).json()
    assert told == {
        "sub": claims["sub"],
        "email": ada.email,
        "email_verified": True,
        "name": "Ada",
    }
    renewed = app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert renewed["scope"] == "email profile"
    assert "client_id" in jwt.decode(renewed["access_token"], options={"verify_signature": False})


def test_an_app_may_not_change_the_account(app: App, ada: Person) -> None:
    token = app.exchange(app.code(ada)).json()["access_token"]
    for method, path in (
        ("PUT", "/user"),
        ("POST", "/factors"),
        ("GET", "/user/oauth/grants"),
        ("GET", "/user/sessions"),
        ("POST", "/logout"),
    ):
        assert code_of(ada.ask(method, path, token=token)) == (403, "no_authorization")
    assert ada.ask("GET", "/user", token=token).status_code == 200


def test_a_code_works_once_for_its_app_address_and_secret(
    server: Door, app: App, ada: Person
) -> None:
    other = registered(server)
    code = app.code(ada)
    assert error_of(other.exchange(code)) == (400, "invalid_grant")
    assert app.exchange(code).status_code == 200
    assert error_of(app.exchange(code)) == (400, "invalid_grant")
    wrong = app.exchange(app.code(ada), redirect_uri=f"{BACK}/")
    assert error_of(wrong) == (400, "invalid_grant")
    wrong = app.exchange(app.code(ada), code_verifier="x" * 43)
    assert error_of(wrong) == (400, "invalid_grant")
    code = app.code(ada)
    kept = str(server.rows("select authorization_code from auth.oauth_authorizations"))
    assert code not in kept
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(app.exchange(code).status_code))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400, 400, 400]


def test_what_does_not_fit_the_app_is_refused_without_a_redirect(server: Door, app: App) -> None:
    for wrong in (
        {"redirect_uri": f"{BACK}?more=1"},
        {"redirect_uri": "https://evil.example"},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"client_id": "nobody"},
    ):
        assert app.asks(**wrong).status_code == 400, wrong
    unknown = app.asks(client_id="00000000-0000-4000-8000-000000000000")
    assert code_of(unknown) == (400, "oauth_client_not_found")


def test_consent_is_asked_again_for_more(app: App, ada: Person) -> None:
    app.code(ada)
    again = ada.ask("GET", f"/oauth/authorizations/{app.authorization()}").json()
    assert again["redirect_url"].startswith(BACK)
    more = ada.ask("GET", f"/oauth/authorizations/{app.authorization(scope='email phone')}")
    assert more.json()["scope"] == "email phone"
    (grant,) = ada.ask("GET", "/user/oauth/grants").json()
    assert (grant["client"]["id"], grant["scopes"]) == (app.id, ["email"])


def test_a_no_leads_back_with_the_reason(app: App, ada: Person) -> None:
    path = f"/oauth/authorizations/{app.authorization()}"
    ada.ask("GET", path)
    decided = ada.ask("POST", f"{path}/consent", action="deny").json()
    told = parse_qs(urlsplit(decided["redirect_url"]).query)
    assert (told["error"], "code" in told) == (["access_denied"], False)
    again = ada.ask("POST", f"{path}/consent", action="approve")
    assert code_of(again) == (400, "validation_failed")


def test_a_request_is_its_first_users(server: Door, app: App, ada: Person) -> None:
    path = f"/oauth/authorizations/{app.authorization()}"
    assert ada.ask("GET", path).status_code == 200
    eve = server.person("eve")
    eve.sign_up()
    hidden = (404, "oauth_authorization_not_found")
    assert code_of(eve.ask("GET", path)) == hidden
    assert code_of(eve.ask("POST", f"{path}/consent", action="approve")) == hidden
    server.rows("update auth.oauth_authorizations set expires_at = now()")
    assert code_of(ada.ask("GET", path)) == hidden


def test_revoking_ends_what_the_app_may(server: Door, app: App, ada: Person) -> None:
    tokens = app.exchange(app.code(ada)).json()
    taken = ada.ask("DELETE", f"/user/oauth/grants?client_id={app.id}")
    assert taken.status_code == 204
    assert ada.rest(token=tokens["access_token"]).status_code == 401
    refreshed = app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert error_of(refreshed) == (400, "invalid_grant")
    gone = ada.ask("DELETE", f"/user/oauth/grants?client_id={app.id}")
    assert code_of(gone) == (404, "oauth_consent_not_found")
    tokens = app.exchange(app.code(ada)).json()
    other = registered(server)
    for whose, status in ((other, 200), (app, 401)):
        done = httpx.post(
            f"{server.url}/oauth/revoke",
            data={"token": tokens["refresh_token"]},
            auth=(whose.id, whose.secret or ""),
        )
        assert done.status_code == 200
        assert ada.rest(token=tokens["access_token"]).status_code == status


def test_sessions_of_apps_and_of_people_are_not_mixed(app: App, ada: Person) -> None:
    tokens = app.exchange(app.code(ada)).json()
    assert code_of(ada.refresh(tokens["refresh_token"])) == (400, "refresh_token_not_found")
    own = app.token(grant_type="refresh_token", refresh_token=ada.session["refresh_token"])
    assert error_of(own) == (400, "invalid_grant")


def test_an_app_without_a_secret_has_its_challenge_alone(server: Door, ada: Person) -> None:
    public = registered(server, token_endpoint_auth_method="none")
    assert public.secret is None
    assert public.exchange(public.code(ada)).status_code == 200
    secret = httpx.post(
        f"{server.url}/admin/oauth/clients/{public.id}/regenerate_secret",
        headers=operator(server),
    )
    assert code_of(secret) == (400, "validation_failed")


def test_a_secret_is_needed_shown_once_and_replaced(server: Door, app: App, ada: Person) -> None:
    assert app.secret
    shown = httpx.get(f"{server.url}/admin/oauth/clients/{app.id}", headers=operator(server))
    assert "client_secret" not in shown.json()
    assert app.secret not in str(server.rows("select client_secret_hash from auth.oauth_clients"))
    code = app.code(ada)
    for wrong in (App(server, app.id, "wrong"), App(server, app.id, None)):
        assert error_of(wrong.exchange(code)) == (401, "invalid_client")
    new = httpx.post(
        f"{server.url}/admin/oauth/clients/{app.id}/regenerate_secret", headers=operator(server)
    ).json()["client_secret"]
    assert error_of(app.exchange(code)) == (401, "invalid_client")
    assert App(server, app.id, new).exchange(code).status_code == 200


def test_operators_look_after_clients(server: Door, app: App, ada: Person) -> None:
    path = f"{server.url}/admin/oauth/clients"
    assert code_of(ada.ask("GET", "/admin/oauth/clients")) == (403, "not_admin")
    listed = httpx.get(path, headers=operator(server)).json()["clients"]
    assert app.id in [each["client_id"] for each in listed]
    changed = httpx.put(f"{path}/{app.id}", json={"client_name": "New"}, headers=operator(server))
    assert (changed.json()["client_name"], changed.json()["redirect_uris"]) == ("New", [BACK])
    empty = httpx.put(f"{path}/{app.id}", json={}, headers=operator(server))
    assert code_of(empty) == (400, "validation_failed")
    tokens = app.exchange(app.code(ada)).json()
    assert httpx.delete(f"{path}/{app.id}", headers=operator(server)).status_code == 204
    assert ada.rest(token=tokens["access_token"]).status_code == 401
    gone = httpx.get(f"{path}/{app.id}", headers=operator(server))
    assert code_of(gone) == (404, "oauth_client_not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["http://client.example"]},
        {"redirect_uris": ["https://client.example/#part"]},
        {"redirect_uris": ["https://client.example/ https://evil.example"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["https://a.example"] * 11},
        {"client_uri": "javascript:alert(1)"},
        {"grant_types": ["password"]},
        {"client_type": "public", "token_endpoint_auth_method": "client_secret_basic"},
    ],
)
def test_a_client_that_could_harm_users_is_not_registered(
    server: Door, wrong: dict[str, Any]
) -> None:
    body = {"client_name": "Diary", "redirect_uris": [BACK], **wrong}
    answer = httpx.post(f"{server.url}/oauth/clients/register", json=body)
    assert code_of(answer) == (400, "validation_failed")


def test_the_server_describes_itself_and_is_off_by_default(server: Door, door: Door) -> None:
    for name in ("oauth-authorization-server", "openid-configuration"):
        found = httpx.get(f"{server.url}/.well-known/{name}").json()
        assert found["token_endpoint"].endswith("/oauth/token")
        assert "S256" in found["code_challenge_methods_supported"]
        where = door.stack.endpoints.api_url
        for path in (f"/auth/v1/.well-known/{name}", f"/.well-known/{name}/auth/v1"):
            assert code_of(httpx.get(f"{where}{path}")) == (404, "feature_disabled")


def test_an_id_token_says_who_signed_in_where_keys_are_public(door: Door) -> None:
    key = {"kid": "one", **signing_key()}
    with serving(
        door,
        GOTRUE_OAUTH_SERVER_ENABLED="true",
        GOTRUE_JWT_KEYS=f"[{key}]".replace("'", '"'),
    ) as server:
        app, person = registered(server), server.person()
        person.sign_up()
        tokens = app.exchange(app.code(person, scope="openid email", nonce="n1")).json()
        keys = httpx.get(f"{server.url}/.well-known/jwks.json").json()
        public = jwt.PyJWKSet.from_dict(keys).keys[0].key
        told = jwt.decode(tokens["id_token"], public, algorithms=["ES256"], audience=app.id)
        assert (told["nonce"], told["email"]) == ("n1", person.email)


def signing_key() -> dict[str, Any]:
    """A private key for ES256 as a JWK."""
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    parts = {
        "x": numbers.public_numbers.x,
        "y": numbers.public_numbers.y,
        "d": numbers.private_value,
    }
    return {
        "kty": "EC",
        "crv": "P-256",
        **{
            name: base64.urlsafe_b64encode(value.to_bytes(32, "big")).decode().rstrip("=")
            for name, value in parts.items()
        },
    }
