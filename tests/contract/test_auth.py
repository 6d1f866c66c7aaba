"""The clients' own `auth`, unmodified: supabase-js in Node, supabase-py here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyotp
import pytest
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import AuthApiError, AuthError, AuthWeakPasswordError

from cli.options import ROOT
from supabase import Client, create_client
from tests.auth.conftest import PASSWORD, Door, door
from tests.auth.issuer import Issuer, simulated
from tests.auth.serving import EVERYTHING, serving
from tests.contract.test_clients import node

__all__ = ["door"]  # a fixture


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with simulated() as found:
        yield found


@pytest.fixture(scope="module")
def strict(door: Door, issuer: Issuer) -> Iterator[Door]:
    """A service that confirms nothing by itself, and knows the simulated providers."""
    with serving(
        door,
        GOTRUE_MAILER_AUTOCONFIRM="false",
        GOTRUE_SMS_AUTOCONFIRM="false",
        GOTRUE_SMTP_MAX_FREQUENCY="0s",
        GOTRUE_SMS_MAX_FREQUENCY="0s",
        **issuer.environment("google", "github"),
    ) as found:
        yield found


@contextmanager
def mailbox(door: Door) -> Iterator[str]:
    """What was sent, over HTTP, for a client in another language."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            topic = "auth.mail" if "@" in asked["to"] else "auth.sms"
            found = [m for m in door.sent(topic, asked["to"]) if m["kind"] == asked["kind"]]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(found[-1]).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def played(program: str, story: dict[str, Any]) -> int:
    """Play the stories of a program in Node, and return how many there are."""
    done = subprocess.run(
        [
            *(node(), "--experimental-websocket", "--no-warnings"),
            *(Path(__file__).with_name(program), json.dumps(story)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    count: int = json.loads(done.stdout)["stories"]
    return count


def test_supabase_js_signs_people_up_and_in(door: Door, strict: Door, issuer: Issuer) -> None:
    nonce = uuid.uuid4().hex
    issuer.becomes(f"{uuid.uuid4().hex[:8]}@example.com")
    link_token = issuer.id_token()
    issuer.becomes(f"{uuid.uuid4().hex[:8]}@example.com")
    with mailbox(door) as box:
        story = {
            "url": door.stack.endpoints.api_url,
            "anonKey": door.stack.endpoints.anon_key,
            "serviceKey": door.stack.endpoints.service_role_key,
            "strictUrl": strict.url,
            "mailbox": box,
            "idToken": issuer.id_token(nonce=hashlib.sha256(nonce.encode()).hexdigest()),
            "idNonce": nonce,
            "linkToken": link_token,
        }
        assert played("auth.mjs", story) == 12


@pytest.fixture(scope="module")
def keys(door: Door) -> Iterator[Door]:
    """A service that offers passkeys, every kind of factor, and sign-in for others."""
    with serving(door, **EVERYTHING) as found:
        yield found


def test_supabase_js_has_keys_and_lets_others_in(door: Door, keys: Door) -> None:
    with mailbox(door) as box:
        story = {
            "url": keys.url,
            "serviceKey": door.stack.endpoints.service_role_key,
            "mailbox": box,
        }
        assert played("keys.mjs", story) == 5


def test_supabase_py_looks_after_clients(keys: Door) -> None:
    key = keys.stack.endpoints.service_role_key
    operator = SyncGoTrueClient(url=keys.url, headers={"Authorization": f"Bearer {key}"}).admin
    wish: Any = {"client_name": "Diary", "redirect_uris": ["https://client.example/back"]}
    made = operator.oauth.create_client(wish).client
    assert made and made.client_secret
    listed = operator.oauth.list_clients().clients
    assert made.client_id in [each.client_id for each in listed]
    found = operator.oauth.get_client(made.client_id).client
    assert found and found.client_secret is None
    change: Any = {"client_name": "New"}
    changed = operator.oauth.update_client(made.client_id, change).client
    assert changed and changed.client_name == "New"
    renewed = operator.oauth.regenerate_client_secret(made.client_id).client
    assert renewed and renewed.client_secret != made.client_secret
    operator.oauth.delete_client(made.client_id)
    assert refused(operator.oauth.get_client, made.client_id) == "oauth_client_not_found"
    assert refused(operator.oauth.create_client, {**wish, "redirect_uris": []}) == (
        "validation_failed"
    )


def test_supabase_py_has_a_phone_as_a_factor(keys: Door) -> None:
    ada = SyncGoTrueClient(url=keys.url)
    ada.sign_up({"email": address(), "password": PASSWORD})
    number = keys.phone()
    factor = ada.mfa.enroll({"factor_type": "phone", "phone": f"+{number}"})
    asked = ada.mfa.challenge({"factor_id": factor.id, "channel": "sms"})
    answer: Any = {"factor_id": factor.id, "challenge_id": asked.id}
    assert refused(ada.mfa.verify, {**answer, "code": "wrong"}) == "mfa_verification_failed"
    right: Any = {**answer, "code": keys.sent("auth.sms", number)[-1]["code"]}
    ada.mfa.verify(right)
    assert ada.mfa.get_authenticator_assurance_level().current_level == "aal2"
    assert len(ada.mfa.list_factors().phone) == 1
    ada.mfa.unenroll({"factor_id": factor.id})


def client(door: Door, key: str | None = None) -> Client:
    return create_client(door.stack.endpoints.api_url, key or door.stack.endpoints.anon_key)


def address() -> str:
    return f"py-{uuid.uuid4().hex[:8]}@example.com"


def refused(call: Any, *arguments: Any) -> str | None:
    with pytest.raises(AuthError) as refusal:
        call(*arguments)
    code: str | None = refusal.value.code
    return code


def test_supabase_py_signs_up_in_and_out(door: Door) -> None:
    who: Any = {"email": address(), "password": PASSWORD}
    ada = client(door)
    signed_up = ada.auth.sign_up({**who, "options": {"data": {"full_name": "Ada"}}})
    assert signed_up.session and signed_up.user and signed_up.user.email == who["email"]
    assert ada.table("profiles").select("full_name").single().execute().data == {"full_name": "Ada"}
    assert refused(client(door).auth.sign_up, who) == "user_already_exists"
    with pytest.raises(AuthWeakPasswordError) as weak:
        client(door).auth.sign_up({"email": address(), "password": "x"})
    assert weak.value.reasons == ["length"]
    wrong = {**who, "password": "wrong"}
    assert refused(client(door).auth.sign_in_with_password, wrong) == "invalid_credentials"
    session = ada.auth.sign_in_with_password(who).session
    assert session
    assert ada.auth.get_user().user.id == signed_up.user.id  # type: ignore[union-attr]
    claims = ada.auth.get_claims()
    assert claims and claims["claims"]["sub"] == signed_up.user.id
    refreshed = ada.auth.refresh_session().session
    assert refreshed and refreshed.refresh_token != session.refresh_token
    other = client(door)
    other.auth.set_session(refreshed.access_token, refreshed.refresh_token)
    assert len(ada.auth.get_user_identities().identities) == 1  # type: ignore[union-attr]
    assert ada.auth.update_user({"data": {"a": 1}}).user.user_metadata["a"] == 1
    ada.auth.sign_out()
    assert refused(other.auth.refresh_session) == "refresh_token_not_found"
    anonymous = client(door).auth.sign_in_anonymously()
    assert anonymous.user and anonymous.user.is_anonymous


def test_supabase_py_uses_codes_links_and_providers(strict: Door, issuer: Issuer) -> None:
    ada, email = SyncGoTrueClient(url=strict.url, flow_type="pkce"), address()
    assert ada.sign_up({"email": email, "password": PASSWORD}).session is None
    ada.resend({"type": "signup", "email": email})
    code = strict.mail(email, "signup")["code"]
    assert ada.verify_otp({"email": email, "token": code, "type": "email"}).session
    ada.reset_password_for_email(email)
    link = httpx.post(strict.mail(email, "recovery")["link"]).headers["location"]
    told = dict(parse_qsl(urlsplit(link).query))
    exchanged = ada.exchange_code_for_session(
        {"auth_code": told["code"], "code_verifier": "", "redirect_to": ""}
    )
    assert exchanged.user.email == email
    ada.reauthenticate()
    assert strict.mail(email, "reauthentication")
    ada.sign_in_with_otp({"email": email})
    token = strict.mail(email, "magiclink")["token_hash"]
    assert ada.verify_otp({"token_hash": token, "type": "magiclink"}).session
    assert "/authorize?" in ada.sign_in_with_oauth({"provider": "google"}).url
    issuer.becomes(address())
    away = ada.link_identity({"provider": "github"}).url
    assert "login/oauth" in away
    back = httpx.get(httpx.get(away).headers["location"])
    assert "code=" in back.headers["location"], "it is linked"
    identities = ada.get_user_identities().identities  # type: ignore[union-attr]
    assert [identity.provider for identity in identities] == ["email", "github"]
    ada.unlink_identity(identities[1])
    assert len(ada.get_user_identities().identities) == 1  # type: ignore[union-attr]
    issuer.becomes(address())
    wish: Any = {"provider": "google", "token": issuer.id_token()}
    assert SyncGoTrueClient(url=strict.url).sign_in_with_id_token(wish).session
    assert refused(ada.sign_in_with_sso, {"domain": "example.com"}) == "saml_provider_disabled"


def test_supabase_py_has_a_second_factor(door: Door) -> None:
    ada = client(door)
    ada.auth.sign_up({"email": address(), "password": PASSWORD})
    factor = ada.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
    assert factor.totp
    code = pyotp.TOTP(factor.totp.secret).now()
    ada.auth.mfa.challenge_and_verify({"factor_id": factor.id, "code": code})
    assert ada.auth.mfa.get_authenticator_assurance_level().current_level == "aal2"
    assert len(ada.auth.mfa.list_factors().totp) == 1
    ada.auth.mfa.unenroll({"factor_id": factor.id})


def test_supabase_py_administers_users(door: Door) -> None:
    admin = client(door, door.stack.endpoints.service_role_key).auth.admin
    email = address()
    user = admin.create_user({"email": email, "password": PASSWORD, "email_confirm": True}).user
    assert [found.id for found in admin.list_users(per_page=1)] == [user.id]
    assert admin.get_user_by_id(user.id).user.email == email
    changed = admin.update_user_by_id(user.id, {"app_metadata": {"plan": "gold"}}).user
    assert changed.app_metadata["plan"] == "gold"
    link = admin.generate_link({"type": "recovery", "email": email})
    assert link.properties.verification_type == "recovery"
    assert admin.invite_user_by_email(address()).user.invited_at
    ada = client(door)
    session = ada.auth.sign_in_with_password({"email": email, "password": PASSWORD}).session
    assert session
    factor = ada.auth.mfa.enroll({"factor_type": "totp"})
    listed: Any = admin.mfa.list_factors({"user_id": user.id})
    assert [found.id for found in listed] == [factor.id]
    assert admin.mfa.delete_factor({"user_id": user.id, "id": factor.id}).id == factor.id
    admin.sign_out(session.access_token)
    with pytest.raises(AuthApiError):
        ada.auth.get_user(session.access_token)
    admin.delete_user(user.id)
    assert refused(admin.get_user_by_id, user.id) == "user_not_found"
