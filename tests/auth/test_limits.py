"""Limits by address, captcha, passwords that were breached, and rules for passwords."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx

from tests.auth.conftest import Door, code_of
from tests.auth.serving import serving
from tests.harness.http_server import HttpServer


@contextmanager
def answering(body: str) -> Iterator[tuple[str, list[str]]]:
    """An outside service that always says the same; its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            asked.append(self.path + self.rfile.read(length).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HttpServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()


def test_an_address_that_asks_too_often_has_to_wait_and_no_other(door: Door) -> None:
    door.rows("truncate auth.rate_limits")
    limit = {"GOTRUE_RATE_LIMIT_HEADER": "X-Real-IP", "GOTRUE_RATE_LIMIT_SIGN_IN": "5"}

    def ask(url: str, ip: str) -> httpx.Response:
        wish = {"email": "nobody@example.com", "password": "a guess"}
        return httpx.post(f"{url}/token?grant_type=password", json=wish, headers={"X-Real-IP": ip})

    with serving(door, **limit) as service:
        answers = [ask(service.url, "203.0.113.1") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [400] * 5 + [429] * 2
        assert code_of(answers[-1]) == (429, "over_request_rate_limit")
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert ask(service.url, "203.0.113.2").status_code == 400
    with serving(door, **limit) as again:
        assert ask(again.url, "203.0.113.1").status_code == 429, "a restart forgets nothing"
    door.rows("truncate auth.rate_limits")


def test_a_known_address_is_not_locked_out_by_strangers(door: Door) -> None:
    with serving(door, GOTRUE_RATE_LIMIT_HEADER="X-Real-IP") as service:
        ada = service.person()

        def sign_in(ip: str, password: str) -> httpx.Response:
            wish = {"email": ada.email, "password": password}
            return httpx.post(
                f"{service.url}/token?grant_type=password", json=wish, headers={"X-Real-IP": ip}
            )

        ada.http.headers["X-Real-IP"] = "198.51.100.7"
        ada.sign_up()
        for number in range(100):
            service.rows(
                "select auth.wrong_password(jsonb_build_object('ip', %s::text), %s, null)",
                f"203.0.113.{number}",
                ada.email,
            )
        assert code_of(sign_in("203.0.113.250", ada.password)) == (429, "over_request_rate_limit")
        assert sign_in("198.51.100.7", ada.password).status_code == 200
        assert service.sent("auth.mail", ada.email) == [], "nothing is new about this address"
        service.forget_limits()
        assert sign_in("192.0.2.33", ada.password).status_code == 200
        assert service.mail(ada.email, "new_sign_in")["ip"] == "192.0.2.33"


def test_messages_have_a_number_in_all_and_what_warns_is_not_counted(door: Door) -> None:
    door.forget_limits()
    limits = {
        "GOTRUE_RATE_LIMIT_EMAIL_SENT": "3",
        "GOTRUE_RATE_LIMIT_SMS_SENT": "1/10m",
        "GOTRUE_SMTP_MAX_FREQUENCY": "0s",
        "GOTRUE_SMS_MAX_FREQUENCY": "0s",
    }
    with serving(door, **limits) as service:
        ada = service.person()
        ada.sign_up()

        def recover(email: str) -> httpx.Response:
            return ada.http.post("/recover", json={"email": email})

        assert recover(ada.email).status_code == 200
        assert recover("nobody@example.com").status_code == 200, "who has no account counts too"
        assert recover(ada.email).status_code == 200
        for email in (ada.email, "nobody@example.com"):
            refused = recover(email)
            assert code_of(refused) == (429, "over_email_send_rate_limit")
            assert refused.json()["msg"] == "email rate limit exceeded"
            assert 0 < int(refused.headers["retry-after"]) <= 1200
        assert len(service.sent("auth.mail", ada.email)) == 2
        assert ada.ask("PUT", "/user", password="quite another one").status_code == 200
        assert service.mail(ada.email, "password_changed")

        first, second = service.phone(), service.phone()
        assert ada.http.post("/otp", json={"phone": first}).status_code == 200
        refused = ada.http.post("/otp", json={"phone": second})
        assert code_of(refused) == (429, "over_sms_send_rate_limit")
        assert 0 < int(refused.headers["retry-after"]) <= 600
    with serving(door, **{**limits, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "0"}) as service:
        none = service.person().http.post("/recover", json={"email": "nobody@example.com"})
        assert code_of(none) == (429, "over_email_send_rate_limit")
    door.forget_limits()


def test_a_captcha_is_asked_for_and_believed(door: Door) -> None:
    with answering('{"success": true}') as (url, asked):
        settings = {
            "GOTRUE_SECURITY_CAPTCHA_ENABLED": "true",
            "GOTRUE_SECURITY_CAPTCHA_URL": url,
            "GOTRUE_SECURITY_CAPTCHA_SECRET": "ours",
        }
        with serving(door, **settings) as service:
            ada = service.person()
            assert code_of(ada.sign_up()) == (400, "captcha_failed")
            solved = ada.sign_up(gotrue_meta_security={"captcha_token": "solved"})
            assert solved.status_code == 200
            assert asked == ["/secret=ours&response=solved"]
            assert ada.refresh().status_code == 200, "a refresh needs none"
    with answering('{"success": false}') as (url, _):
        settings["GOTRUE_SECURITY_CAPTCHA_URL"] = url
        with serving(door, **settings) as service:
            wrong = service.person().sign_up(gotrue_meta_security={"captcha_token": "wrong"})
            assert code_of(wrong) == (400, "captcha_failed")


def test_a_password_that_was_breached_is_refused_and_never_sent(door: Door) -> None:
    digest = hashlib.sha1(b"password1234").hexdigest().upper()
    with answering(f"{digest[5:]}:3861493\r\n{'0' * 35}:0\r\n") as (url, asked):
        settings = {"GOTRUE_PASSWORD_HIBP_ENABLED": "true", "GOTRUE_PASSWORD_HIBP_URL": url}
        with serving(door, **settings) as service:
            ada = service.person()
            ada.password = "password1234"
            refused = ada.sign_up()
            assert code_of(refused) == (422, "weak_password")
            assert refused.json()["weak_password"] == {"reasons": ["pwned"]}
            assert asked == [f"/range/{digest[:5]}"]
            ada.password = "one that nobody knows"
            assert ada.sign_up().status_code == 200
    with serving(door, **settings) as without:
        assert without.person().sign_up().status_code == 200, "a service that is away stops nobody"


def test_a_password_has_what_the_rules_ask_for(door: Door) -> None:
    rules = {
        "GOTRUE_PASSWORD_MIN_LENGTH": "10",
        "GOTRUE_PASSWORD_REQUIRED_CHARACTERS": "abcdefghijklmnopqrstuvwxyz:0123456789",
    }
    with serving(door, **rules) as service:
        for password, reasons in (
            ("abc1", ["length"]),
            ("ABCDEFGHIJK", ["characters"]),
            ("ABC", ["length", "characters"]),
            ("abcdefghij1", None),
        ):
            ada = service.person()
            ada.password = password
            answer = ada.sign_up()
            found = answer.json().get("weak_password", {}).get("reasons")
            assert found == reasons, json.dumps(answer.json())
