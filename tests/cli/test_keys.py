"""Keys of one's own: fixed secrets, opaque keys, and asymmetric keys beside the secret."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cli.refusal import Refusal
from cli.settings import Auth
from cli.stack.keys import keys_of
from cli.stack.secrets import Secrets
from tests.harness.stack import RunningStack

SECRET = "super-secret-jwt-token-with-at-least-32-characters-long"
PUBLISHABLE = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
STATE = Secrets(jwt_secret="s" * 40, database_password="p", created_at=int(time.time()))


def claims(role: str) -> dict[str, object]:
    return {"role": role, "exp": int(time.time()) + 3600}


def test_clients_with_fixed_keys_and_tokens_of_every_kind(folder: Path) -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    prime = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = folder / "signing keys.json"
    elliptic_jwk = {**ECAlgorithm.to_jwk(elliptic, as_dict=True), "kid": "one", "alg": "ES256"}
    prime_jwk = {**RSAAlgorithm.to_jwk(prime, as_dict=True), "kid": "two", "alg": "RS256"}
    keys.write_text(json.dumps([elliptic_jwk, prime_jwk]))
    running = RunningStack.start(
        folder / "state",
        "--no-workers",
        env={
            "FRONTDESK_JWT_SECRET": SECRET,
            "FRONTDESK_ANON_KEY": PUBLISHABLE,
            "FRONTDESK_SERVICE_ROLE_KEY": jwt.encode(claims("service_role"), SECRET, "HS256"),
            "FRONTDESK_SIGNING_KEYS": str(keys),
        },
    )
    path = "/rest/v1/currencies?limit=1"
    assert running.endpoints.anon_key == PUBLISHABLE
    assert running.client().get(path).status_code == 200
    # supabase-js sends its key as a bearer as well.
    both = running.client(PUBLISHABLE, Authorization=f"Bearer {PUBLISHABLE}")
    assert both.get(path).status_code == 200
    assert running.client("sb_publishable_of_somebody_else").get(path).status_code == 401
    for key, algorithm, kid in (
        (SECRET, "HS256", None),
        (elliptic, "ES256", "one"),
        (prime, "RS256", "two"),
    ):
        token = jwt.encode(
            claims("authenticated"), key, algorithm, headers={"kid": kid} if kid else None
        )
        answer = running.client(Authorization=f"Bearer {token}").get(path)
        assert answer.status_code == 200, f"{algorithm}: {answer.text}"
    stranger = jwt.encode(
        claims("service_role"),
        ec.generate_private_key(ec.SECP256R1()),
        "ES256",
        headers={"kid": "one"},
    )
    assert running.client(Authorization=f"Bearer {stranger}").get(path).status_code == 401


def test_only_public_parts_reach_postgrest(folder: Path) -> None:
    private = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    (folder / "keys.json").write_text(json.dumps([private]))
    keys = keys_of(Auth(signing_keys_path="keys.json"), STATE, folder)
    _secret, public = json.loads(keys.jwks)["keys"]
    assert "d" not in public
    assert public["x"] == private["x"]


@pytest.mark.parametrize(
    ("auth", "says"),
    [
        ({"anon_key": jwt.encode(claims("anon"), SECRET, "HS256")}, "not signed by"),
        (
            {"jwt_secret": SECRET, "anon_key": jwt.encode(claims("service_role"), SECRET)},
            "a token of the role service_role",
        ),
        ({"anon_key": 'x"; return 200'}, "neither a token nor"),
        ({"signing_keys_path": "nowhere.json"}, "cannot be read"),
    ],
)
def test_a_key_that_cannot_work_is_refused(auth: dict[str, str], says: str, folder: Path) -> None:
    with pytest.raises(Refusal) as refusal:
        keys_of(Auth(**auth), STATE, folder)
    assert says in refusal.value.message
