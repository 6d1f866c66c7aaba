"""A simulated Google, GitHub, Facebook and Apple on one port: whoever comes is `somebody`."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.harness.http_server import HttpServer

CLIENT, SECRET = "our client", "our secret"
DOORS = ("/o/oauth2/v2/auth", "/login/oauth/authorize", "/dialog/oauth", "/auth/authorize")
TOKENS = ("/token", "/login/oauth/access_token", "/oauth/access_token", "/auth/token")


@dataclass
class Issuer:
    """The services, and who is signed in there."""

    url: str = ""
    somebody: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    codes: dict[str, str] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def becomes(self, email: str | None, *, verified: bool = True) -> dict[str, Any]:
        """Somebody new signs in there."""
        self.somebody = {
            "sub": str(secrets.randbelow(10**12)),
            "email": email,
            "email_verified": verified,
            "name": "Grace H",
        }
        return self.somebody

    def environment(self, *names: str) -> dict[str, str]:
        """What makes a sign-in service believe it."""
        told = {}
        for name in names:
            prefix = f"GOTRUE_EXTERNAL_{name.upper()}"
            told |= {
                f"{prefix}_ENABLED": "true",
                f"{prefix}_CLIENT_ID": CLIENT,
                f"{prefix}_SECRET": SECRET,
                f"{prefix}_URL": self.url,
            }
        return told

    def id_token(self, *, key: rsa.RSAPrivateKey | None = None, **change: object) -> str:
        """Who is signed in, as an ID token."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, **self.somebody}
        return jwt.encode({**claims, **change}, key or self.key, "RS256", headers={"kid": "one"})

    def get(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer a browser or a client: status, headers, JSON."""
        if path in DOORS:
            said = {"state": query["state"]}
            if self.refuses:
                said |= {"error": "access_denied", "error_description": "The user said no"}
            else:
                code = secrets.token_hex(8)
                self.codes[code] = query["redirect_uri"]
                said["code"] = code
            return 302, {"Location": f"{query['redirect_uri']}?{urlencode(said)}"}, None
        if path in ("/oauth2/v3/certs", "/oauth2/keys", "/auth/keys") or "jwks" in path:
            public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return 200, {}, {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}
        email = self.somebody["email"]
        if path == "/api/v3/user/emails":
            verified = self.somebody["email_verified"]
            return 200, {}, [{"email": email, "primary": True, "verified": verified}]
        if path in ("/api/v3/user", "/me"):
            return 200, {}, {"id": self.somebody["sub"], "email": email, "login": "grace"}
        return 200, {}, self.somebody

    def post(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Exchange a code."""
        expected = self.codes.pop(form.get("code", ""), None)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {}, {"error": "invalid_client"}
        if expected is None or expected != form.get("redirect_uri"):
            return 400, {}, {"error": "invalid_grant"}
        token = hashlib.sha256(form["code"].encode()).hexdigest()
        return (
            200,
            {},
            {
                "access_token": token,
                "refresh_token": "theirs",
                "token_type": "bearer",
                "expires_in": 300,
                "id_token": self.id_token(),
            },
        )


def handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    """The issuer over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: value[0] for name, value in parse_qs(parts.query).items()}
            self.say(*issuer.get(parts.path, query))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            assert urlsplit(self.path).path in TOKENS, self.path
            self.say(*issuer.post({name: value[0] for name, value in parse_qs(raw).items()}))

        def say(self, status: int, headers: dict[str, str], body: Any) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if body is not None:
                self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def simulated() -> Iterator[Issuer]:
    """The services while they run."""
    issuer = Issuer()
    server = HttpServer(("127.0.0.1", 0), handler(issuer))
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
