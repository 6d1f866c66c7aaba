"""The service by itself: Supabase Auth's own names and defaults, several at once, any keys."""

from __future__ import annotations

import base64
import json
import os
import subprocess

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.auth.conftest import Door, code_of
from tests.auth.serving import DEFAULTS, serving
from tests.harness.stack import LAUNCHER

SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"


def test_without_being_told_it_is_as_careful_as_supabase_auth(door: Door) -> None:
    with serving(door, **dict.fromkeys(DEFAULTS, "")) as service:
        ada = service.person()
        assert "access_token" not in ada.sign_up().json()
        assert code_of(ada.http.post("/signup", json={})) == (422, "anonymous_provider_disabled")
        by_phone = ada.http.post("/signup", json={"phone": service.phone(), "password": "x" * 9})
        assert code_of(by_phone) == (400, "phone_provider_disabled")
        told = ada.http.get("/settings").json()
        assert (told["mailer_autoconfirm"], told["external"]["email"]) == (False, True)


def test_names_of_supabase_auth_say_what_is_off(door: Door) -> None:
    off = {"GOTRUE_DISABLE_SIGNUP": "true", "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "false"}
    with serving(door, **off) as service:
        ada = service.person()
        refused = ada.sign_up()
        assert code_of(refused) == (422, "signup_disabled")
        assert refused.json()["msg"] == "Signups not allowed for this instance"
        ada.session = door.person().sign_up().json()
        link = ada.ask("GET", "/user/identities/authorize?provider=google")
        assert code_of(link) == (404, "manual_linking_disabled")


def test_without_an_sms_provider_texts_are_refused(door: Door) -> None:
    for told in ({"GOTRUE_SMS_PROVIDER": ""}, {"GOTRUE_SMS_PROVIDER": "twilio"}):
        with serving(door, GOTRUE_SMS_AUTOCONFIRM="false", **told) as service:
            ada, phone = service.person(), service.phone()
            for path, wish in (("/otp", {}), ("/signup", {"password": "good one 7"})):
                answer = ada.http.post(path, json={"phone": phone, **wish})
                assert code_of(answer) == (422, "sms_send_failed")


def test_another_database_login_another_secret_and_no_stack(door: Door) -> None:
    own = {"DATABASE_URL": door.stack.endpoints.db_url, "GOTRUE_JWT_SECRET": SECRET}
    nowhere = {"FRONTDESK_STATE": "/nonexistent", "API_EXTERNAL_URL": "http://localhost:1"}
    with serving(door, **own, **nowhere) as service:
        ada = service.person()
        session = ada.sign_up().json()
        claims = jwt.decode(session["access_token"], SECRET, ["HS256"], audience="authenticated")
        assert claims["iss"] == "http://localhost:1"
        operator = jwt.encode({"sub": "1234567890", "role": "supabase_admin"}, SECRET, "HS256")
        listed = ada.http.get("/admin/users", headers={"Authorization": f"Bearer {operator}"})
        assert listed.status_code == 200


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_signing_key_signs_and_is_published_without_its_secret(
    door: Door, algorithm: str
) -> None:
    private: dict[str, object]
    if algorithm == "ES256":
        private = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = RSAAlgorithm.to_jwk(key, as_dict=True)
    jwk = {**private, "kid": "signs", "alg": algorithm, "use": "sig", "key_ops": ["sign", "verify"]}
    with serving(door, GOTRUE_JWT_KEYS=json.dumps([jwk])) as service:
        ada = service.person()
        token = ada.sign_up().json()["access_token"]
        assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": "signs", "typ": "JWT"}
        (public,) = ada.http.get("/.well-known/jwks.json").json()["keys"]
        assert not {"d", "p", "q"} & set(public)
        jwt.decode(token, jwt.PyJWK(public).key, [algorithm], audience="authenticated")
        assert ada.ask("GET", "/user").status_code == 200
        old = door.stack.token(ada.session["user"]["id"])
        assert ada.ask("GET", "/user", token=old).status_code == 200, (
            "the secret's tokens count too"
        )


def test_an_hs256_token_is_the_secrets_unless_it_names_a_listed_key(door: Door) -> None:
    other = "another secret, which is a listed key of its own"
    k = base64.urlsafe_b64encode(other.encode()).decode().rstrip("=")
    jwk = {"kty": "oct", "k": k, "kid": "listed", "alg": "HS256", "key_ops": ["verify"]}
    nameless = {**jwk, "kid": None}
    secret = door.stack.endpoints.jwt_secret
    with serving(door, GOTRUE_JWT_KEYS=json.dumps([nameless, jwk])) as service:
        ada = service.person()
        ada.sign_up()
        claims = jwt.decode(ada.session["access_token"], options={"verify_signature": False})

        def status(key: str, **header: str) -> int:
            token = jwt.encode(claims, key, "HS256", headers=header)
            return int(ada.ask("GET", "/user", token=token).status_code)

        assert status(secret) == 200
        assert status(secret, kid="unknown") == 200
        assert status(other, kid="listed") == 200
        assert status(other) == 403
        assert status(other, kid="unknown") == 403
        assert status(secret, kid="listed") == 403


def test_without_a_database_or_a_secret_it_says_so(door: Door) -> None:
    clean = {name: value for name, value in os.environ.items() if "FRONTDESK" not in name}
    for more, says in (
        ({}, "No stack runs in /nonexistent."),
        ({"DATABASE_URL": door.stack.endpoints.db_url}, "no secret to sign tokens with"),
    ):
        done = subprocess.run(
            [str(LAUNCHER), "auth", "serve", "--port", "1"],
            env={**clean, "FRONTDESK_STATE": "/nonexistent", **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert says in done.stderr


def test_on_a_database_of_another_auth_it_offers_nothing(door: Door) -> None:
    admin = psycopg.connect(door.stack.endpoints.db_url, autocommit=True)
    admin.execute("create database others_auth")
    foreign = door.stack.endpoints.db_url.rsplit("/", 1)[0] + "/others_auth"
    with serving(door, DATABASE_URL=foreign) as service:
        assert code_of(service.person().sign_up()) == (501, "feature_disabled")
    admin.execute("drop database others_auth with (force)")
