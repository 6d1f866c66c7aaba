"""What users did with their accounts, as they read it themselves."""

from __future__ import annotations

import pyotp

from tests.auth.conftest import Door, Person


def activity(person: Person) -> list[dict[str, object]]:
    answer = person.rest("/activity?select=kind,ip,user_agent,details&order=id")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()
    return found


def test_activity_is_noted_from_the_headers_and_shown_to_its_user_only(door: Door) -> None:
    ada, eve = door.person(), door.person("eve")
    eve.sign_up()
    # What a client says of itself in these is not believed; what it sends in a body is not read.
    forged = {"X-Real-IP": "203.0.113.9", "X-Forwarded-For": "203.0.113.9"}
    ada.http.headers.update({"User-Agent": "a browser", **forged})
    ada.sign_up(ip="203.0.113.9", user_agent="another")
    ada.sign_in()
    ada.session = ada.refresh().json()
    factor = ada.ask("POST", "/factors", factor_type="totp").json()
    code = pyotp.TOTP(factor["totp"]["secret"]).now()
    challenge = ada.ask("POST", f"/factors/{factor['id']}/challenge").json()
    ada.session = ada.ask(
        "POST", f"/factors/{factor['id']}/verify", challenge_id=challenge["id"], code=code
    ).json()
    ada.ask("PUT", "/user", password="quite another one")
    ada.ask("POST", "/logout?scope=others")
    found = activity(ada)
    assert [entry["kind"] for entry in found] == [
        "signed_up",
        "signed_in",
        "factor_added",
        "password_changed",
        "account_changed",
        "signed_out",
    ]
    assert {(entry["ip"], entry["user_agent"]) for entry in found} == {("127.0.0.1", "a browser")}
    assert found[1]["details"] == {"provider": "email"}
    assert [entry["kind"] for entry in activity(eve)] == ["signed_up"]


def test_the_operator_s_hand_is_seen(door: Door) -> None:
    ada = door.person()
    ada.sign_up()
    done = door.stack.cli("users", "sessions", ada.email, "--revoke", "all", "--yes")
    assert done.returncode == 0, done.stderr
    ada.sign_in()
    assert [(entry["kind"], entry["details"]) for entry in activity(ada)] == [
        ("signed_up", {"provider": "email"}),
        ("session_ended", {"reason": "revoked", "by": "operator"}),
        ("signed_in", {"provider": "email"}),
    ]
