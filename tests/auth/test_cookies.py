"""Cookie mode: the refresh token of a browser is out of reach of its scripts and of other sites."""

from __future__ import annotations

import httpx
import pytest

from tests.auth.conftest import Door, Person, code_of

SITE = "http://127.0.0.1:3000"


@pytest.fixture
def ada(door: Door) -> Person:
    person = door.person()
    person.http.headers.update({"X-Use-Cookie": "true", "Origin": SITE})
    return person


def test_the_token_is_in_a_cookie_and_nowhere_else(ada: Person) -> None:
    answer = ada.sign_up()
    assert answer.json()["refresh_token"] == "cookie"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/auth/v1" in cookie
    assert ada.http.cookies["sb-refresh-token"] not in answer.text
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["access-control-allow-credentials"] == "true"


def test_it_refreshes_and_is_taken_back(ada: Person) -> None:
    ada.sign_up()
    first = ada.http.cookies["sb-refresh-token"]
    refreshed = ada.refresh("cookie")
    assert refreshed.status_code == 200, refreshed.text
    assert ada.http.cookies["sb-refresh-token"] != first
    assert ada.ask("POST", "/logout").status_code == 204
    assert "sb-refresh-token" not in ada.http.cookies
    assert code_of(ada.refresh("cookie")) == (400, "validation_failed")


def test_another_site_gets_nothing_with_the_cookie(ada: Person) -> None:
    ada.sign_up()
    ada.http.headers["Origin"] = "https://evil.example"
    stolen = ada.refresh("cookie")
    assert code_of(stolen) == (403, "no_authorization")
    assert stolen.headers.get("access-control-allow-credentials") is None
    # What a form can send: the cookie, if the browser were old, and no header of ours.
    del ada.http.headers["X-Use-Cookie"]
    assert code_of(ada.refresh("cookie")) == (400, "validation_failed")


def test_the_preflight_of_our_site_allows_cookies(door: Door) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "apikey,content-type,x-use-cookie",
    }
    ours = httpx.options(f"{door.url}/token", headers={**asked, "Origin": SITE})
    assert ours.headers["access-control-allow-origin"] == SITE
    assert ours.headers["access-control-allow-credentials"] == "true"
    theirs = httpx.options(f"{door.url}/token", headers={**asked, "Origin": "https://x.example"})
    assert "access-control-allow-credentials" not in theirs.headers
