"""One-time tokens: what is sent, what opens, what does not, and what tells nobody anything."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.auth.conftest import Door, Person, code_of
from tests.auth.serving import serving
from tests.harness.waiting import wait_until
from workers.edge.auth.app import ROUTES


def verified(person: Person, **wish: str) -> httpx.Response:
    """Send a one-time token."""
    return person.http.post("/verify", json=wish)


def test_a_confirmation_opens_what_a_password_alone_does_not(strict: Door) -> None:
    ada = strict.person()
    answer = ada.sign_up()
    assert (answer.status_code, "access_token" in answer.json()) == (200, False)
    assert answer.json()["confirmation_sent_at"]
    assert code_of(ada.sign_in()) == (400, "email_not_confirmed")
    sent = strict.mail(ada.email)
    assert sent["kind"] == "signup"
    session = verified(ada, type="signup", email=ada.email, token=sent["code"])
    assert session.json()["user"]["email_confirmed_at"]
    assert ada.sign_in().status_code == 200
    again = verified(ada, type="signup", email=ada.email, token=sent["code"])
    assert code_of(again) == (403, "otp_expired")


def test_a_link_leads_to_the_site_with_a_session_once(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    link = strict.mail(ada.email)["link"]
    first = httpx.post(link)
    assert first.status_code == 302
    target = urlsplit(first.headers["location"])
    assert f"{target.scheme}://{target.netloc}" == "http://127.0.0.1:3000"
    fragment = {name: value[0] for name, value in parse_qs(target.fragment).items()}
    assert (fragment["type"], fragment["token_type"]) == ("signup", "bearer")
    assert ada.rest(token=fragment["access_token"]).status_code == 200
    second = parse_qs(urlsplit(httpx.post(link).headers["location"]).fragment)
    assert (second["error"], second["error_code"]) == (["access_denied"], ["otp_expired"])


def test_a_link_in_a_mail_survives_scanners(strict: Door) -> None:
    """They open it with HEAD and GET before the person does; its button sends a POST."""
    ada = strict.person()
    ada.sign_up()
    link = strict.mail(ada.email)["link"]
    for method in ("HEAD", "GET", "OPTIONS", "GET"):
        seen = httpx.request(method, link)
        assert "location" not in seen.headers
    page = httpx.get(link)
    assert page.status_code == 200
    assert '<form method="post"><button>Confirm</button></form>' in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "access_token=" in httpx.post(link).headers["location"]


def test_get_of_verify_uses_a_token_up_as_supabases_does(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    token = strict.mail(ada.email)["token_hash"]
    link = f"{strict.url}/verify?token={token}&type=signup"
    assert "location" not in httpx.head(link).headers
    assert "access_token=" in httpx.get(link).headers["location"]
    assert "otp_expired" in httpx.get(link).headers["location"]


def test_head_changes_nothing_anywhere(strict: Door) -> None:
    """Of all routes that answer GET."""
    ada = strict.person()
    strict.confirmed(ada)
    state = "select md5(string_agg(t::text, '' order by t::text)) from auth.{} as t"
    tables = ("users", "sessions", "refresh_tokens", "one_time_tokens", "flow_state")
    strict.forget_limits()
    before = [strict.rows(state.format(table)) for table in tables]
    paths = [route.path for route in ROUTES if "GET" in (route.methods or ())]
    assert "/reauthenticate" in paths and "/authorize" in paths
    challenge = {"code_challenge": "c" * 43, "code_challenge_method": "s256"}
    for path in paths:
        answer = ada.http.head(
            path,
            params={"provider": "google", "token": "x", "type": "signup", **challenge},
            headers={"Authorization": f"Bearer {ada.session['access_token']}"},
        )
        assert answer.status_code < 500, path
    assert [strict.rows(state.format(table)) for table in tables] == before
    assert strict.sent("auth.mail", ada.email)[-1]["kind"] != "reauthentication"


def test_only_hashes_are_kept_of_what_was_sent(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    sent = strict.mail(ada.email)
    kept = json.dumps(
        strict.rows(
            "select to_jsonb(tokens), encode(codes.code_hash, 'hex'), to_jsonb(users)"
            " from auth.one_time_tokens as tokens"
            " inner join auth.one_time_codes as codes on codes.token_id = tokens.id"
            " inner join auth.users on users.id = tokens.user_id"
            " where users.email = %s",
            ada.email,
        ),
        default=str,
    )
    assert hashlib.sha224(sent["token_hash"].encode()).hexdigest() in kept
    assert sent["token_hash"] not in kept
    assert f'"{sent["code"]}"' not in kept


def test_five_wrong_codes_end_the_code_and_not_the_link(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    sent = strict.mail(ada.email)
    wrong = "000000" if sent["code"] != "000000" else "111111"

    def typed(code: str) -> Any:
        return verified(ada, type="email", email=ada.email, token=code)

    assert {code_of(typed(wrong)) for _ in range(5)} == {(403, "otp_expired")}
    assert code_of(typed(sent["code"])) == (403, "otp_expired")
    linked = verified(ada, type="email", token_hash=sent["token_hash"])
    assert linked.status_code == 200


def test_a_code_runs_out(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    strict.rows("update auth.one_time_tokens set created_at = created_at - interval '61 minutes'")
    sent = strict.mail(ada.email)
    for how in ({"email": ada.email, "token": sent["code"]}, {"token_hash": sent["token_hash"]}):
        answer = verified(ada, type="signup", **how)
        assert code_of(answer) == (403, "otp_expired")


def test_sign_up_recovery_and_codes_do_not_tell_who_is_there(strict: Door) -> None:
    known, unknown = strict.person("known"), strict.person("unknown")
    strict.confirmed(known)

    def shape(person: Person, path: str, **wish: object) -> tuple[int, Any]:
        answer = person.http.post(path, json={"email": person.email, **wish})
        body = answer.json()
        hidden = ("id", "email", "created_at", "updated_at", "confirmation_sent_at")
        return answer.status_code, {
            name: value for name, value in body.items() if name not in (*hidden, "identities")
        }

    for path, wish in (
        ("/recover", {}),
        ("/otp", {"create_user": False}),
        ("/resend", {"type": "signup"}),
        ("/signup", {"password": "another one 7"}),
    ):
        strict.forget_limits()
        assert shape(known, path, **wish) == shape(unknown, path, **wish), path
        assert shape(known, path, **wish)[0] == shape(unknown, path, **wish)[0], "when repeated"


@pytest.mark.parametrize(
    ("path", "wish"),
    [("/recover", {}), ("/otp", {"create_user": False}), ("/signup", {"password": "good one 7"})],
)
def test_time_does_not_tell_either(strict: Door, path: str, wish: dict[str, object]) -> None:
    known = strict.person("known")
    strict.confirmed(known)

    def took(person: Person) -> float:
        strict.forget_limits()
        start = time.perf_counter()
        assert person.http.post(path, json={"email": person.email, **wish}).status_code == 200
        return time.perf_counter() - start

    times: list[tuple[float, float]] = []

    def are_alike() -> bool:
        times.append((took(known), took(strict.person("unknown"))))
        one, other = (min(column) for column in zip(*times, strict=True))
        assert min(one, other) > 0.09, "an answer waits for its beat"
        return len(times) >= 7 and abs(one - other) < 0.03

    wait_until(are_alike)  # a busy machine takes more tries; a difference in the code stays


def test_recovery_signs_in_and_the_password_is_changed_there(strict: Door) -> None:
    ada = strict.person()
    strict.confirmed(ada)
    strict.forget_limits()
    assert ada.http.post("/recover", json={"email": ada.email}).json() == {}
    sent = strict.mail(ada.email, "recovery")
    ada.session = ada.http.post(
        "/verify", json={"type": "recovery", "token_hash": sent["token_hash"]}
    ).json()
    assert ada.ask("PUT", "/user", password="a fresh password").status_code == 200
    assert strict.mail(ada.email, "password_changed")["to"] == ada.email
    assert ada.sign_in("a fresh password").status_code == 200


def test_a_second_message_has_to_wait(strict: Door) -> None:
    ada = strict.person()
    ada.sign_up()
    answer = ada.http.post("/resend", json={"type": "signup", "email": ada.email})
    assert code_of(answer) == (429, "over_email_send_rate_limit")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("kind", ["signup", "email_change", "sms", "phone_change"])
def test_asking_again_too_early_is_refused_with_the_time(strict: Door, kind: str) -> None:
    """Never a 200 that sends nothing: whatever is waited for was sent a moment ago."""
    ada, new, phone = strict.person(), strict.person("new").email, strict.phone()
    channel = {"email": ada.email}
    if kind == "signup":
        ada.sign_up()
    elif kind == "sms":
        ada.http.post("/otp", json={"phone": phone})
        channel = {"phone": phone}
    else:
        strict.confirmed(ada)
        strict.forget_limits()
        change = {"email": new} if kind == "email_change" else {"phone": phone}
        assert ada.ask("PUT", "/user", **change).status_code == 200
        channel = {"email": ada.email} if kind == "email_change" else {"phone": phone}
    answer = ada.http.post("/resend", json={"type": kind, **channel})
    over = "over_sms_send_rate_limit" if "phone" in channel else "over_email_send_rate_limit"
    assert code_of(answer) == (429, over)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["msg"].startswith("For security purposes, you can only request this after")


def test_a_code_by_sms_makes_an_account_and_opens_it(strict: Door) -> None:
    ada, phone = strict.person(), strict.phone()
    assert ada.http.post("/otp", json={"phone": f"+{phone}"}).json() == {}
    (sent,) = strict.sent("auth.sms", phone)
    assert (sent["kind"], sent["expires_in"]) == ("sms", 600)
    assert "link" not in sent
    body = {"type": "sms", "phone": f"+{phone}", "token": sent["code"]}
    session = ada.http.post("/verify", json=body).json()
    assert session["user"]["phone"] == phone
    assert session["user"]["app_metadata"]["provider"] == "phone"
    assert code_of(ada.http.post("/verify", json=body)) == (403, "otp_expired")


def test_a_magic_link_by_mail(strict: Door) -> None:
    ada = strict.person()
    assert ada.http.post("/otp", json={"email": ada.email, "data": {"a": 1}}).json() == {}
    first = strict.mail(ada.email)
    assert first["kind"] == "signup"
    session = verified(ada, type="email", email=ada.email, token=first["code"]).json()
    assert session["user"]["user_metadata"] == {"a": 1}
    strict.forget_limits()
    assert ada.http.post("/magiclink", json={"email": ada.email}).json() == {}
    second = strict.mail(ada.email, "magiclink")
    signed_in = ada.http.post(
        "/verify", json={"type": "magiclink", "email": ada.email, "token": second["code"]}
    )
    assert signed_in.json()["user"]["id"] == session["user"]["id"]


def test_a_change_of_address_takes_both(strict: Door) -> None:
    ada, wanted = strict.person(), strict.person("new").email
    strict.confirmed(ada)
    strict.forget_limits()
    changed = ada.ask("PUT", "/user", email=wanted).json()
    assert (changed["email"], changed["new_email"]) == (ada.email, wanted)
    old, new = strict.mail(ada.email, "email_change"), strict.mail(wanted, "email_change")
    assert old["code"] != new["code"] and old["token_hash"] != new["token_hash"]
    first = ada.http.post(
        "/verify", json={"type": "email_change", "email": wanted, "token": new["code"]}
    )
    assert first.json()["msg"].startswith("Confirmation link accepted.")
    assert ada.ask("GET", "/user").json()["email"] == ada.email
    second = ada.http.post(
        "/verify", json={"type": "email_change", "token_hash": old["token_hash"]}
    )
    assert second.json()["user"]["email"] == wanted
    assert len(second.json()["user"]["identities"]) == 1


def test_an_old_session_needs_a_code_for_a_new_password(careful: Door) -> None:
    ada = careful.person()
    ada.sign_up()
    assert ada.ask("PUT", "/user", password="first new one").status_code == 200
    careful.rows("update auth.sessions set created_at = created_at - interval '25 hours'")
    careful.forget_limits()
    refused = ada.ask("PUT", "/user", password="second new one")
    assert code_of(refused) == (400, "reauthentication_needed")
    assert ada.ask("GET", "/reauthenticate").json() == {}
    code = careful.mail(ada.email, "reauthentication")["code"]
    wrong = ada.ask("PUT", "/user", password="second new one", nonce="no code")
    assert code_of(wrong) == (422, "reauthentication_not_valid")
    assert ada.ask("PUT", "/user", password="second new one", nonce=code).status_code == 200
    reused = ada.ask("PUT", "/user", password="third new one", nonce=code)
    assert code_of(reused) == (422, "reauthentication_not_valid")


def test_recovery_works_although_the_current_password_is_required(door: Door) -> None:
    name = "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD"
    with serving(door, **{name: "true", "GOTRUE_SMTP_MAX_FREQUENCY": "0s"}) as service:
        ada = service.person()
        ada.sign_up()
        without = ada.ask("PUT", "/user", password="first new one")
        assert code_of(without) == (400, "current_password_required")
        wrong = ada.ask("PUT", "/user", password="first new one", current_password="a guess")
        assert code_of(wrong) == (400, "current_password_invalid")
        right = ada.ask("PUT", "/user", password="first new one", current_password=ada.password)
        assert right.status_code == 200
        ada.http.post("/recover", json={"email": ada.email})
        token = service.mail(ada.email, "recovery")["token_hash"]
        ada.session = verified(ada, type="recovery", token_hash=token).json()
        assert ada.ask("PUT", "/user", password="second new one").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("http://127.0.0.1:3000/welcome?a=1", "http://127.0.0.1:3000/welcome"),
        ("https://app.example/x", "https://app.example/x"),
        ("https://app.example.evil/x", "http://127.0.0.1:3000"),
        ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443/x"),
        ("file://127.0.0.1/etc/hosts", "http://127.0.0.1:3000"),
        ("app://127.0.0.1/x", "http://127.0.0.1:3000"),
        ("intent://127.0.0.1/x", "http://127.0.0.1:3000"),
        ("app://127.0.0.1/listed", "app://127.0.0.1/listed"),
        ("https://user@127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("javascript:alert(1)", "http://127.0.0.1:3000"),
        ("//evil.example", "http://127.0.0.1:3000"),
    ],
)
def test_links_lead_only_where_they_may(strict: Door, wanted: str, leads_to: str) -> None:
    answer = httpx.get(
        f"{strict.url}/verify",
        params={"token": "x", "type": "signup", "redirect_to": wanted},
    )
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == leads_to


def test_pkce_exchanges_a_code_once_and_for_its_verifier_only(strict: Door) -> None:
    verifier = "v" * 50
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def code() -> tuple[Person, str]:
        ada = strict.person()
        ada.sign_up(code_challenge=challenge, code_challenge_method="s256")
        link = strict.mail(ada.email)["link"]
        assert "token=pkce_" in link
        target = urlsplit(httpx.post(link).headers["location"])
        assert target.fragment == ""
        return ada, parse_qs(target.query)["code"][0]

    ada, first = code()
    body = {"auth_code": first, "code_verifier": verifier}
    session = ada.http.post("/token?grant_type=pkce", json=body).json()
    assert session["user"]["email"] == ada.email
    again = ada.http.post("/token?grant_type=pkce", json=body)
    assert code_of(again) == (404, "flow_state_not_found")
    ben, second = code()
    stolen = {"auth_code": second, "code_verifier": "w" * 50}
    assert code_of(ben.http.post("/token?grant_type=pkce", json=stolen)) == (
        400,
        "bad_code_verifier",
    )
