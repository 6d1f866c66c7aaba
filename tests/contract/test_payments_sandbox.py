"""The sandbox of a running stack, as people outside reach it."""

from __future__ import annotations

import httpx

from tests.harness.stack import RunningStack

PATH = "/functions/v1/sandbox"


def test_its_books_are_closed_without_the_key(stack: RunningStack) -> None:
    url = f"{stack.endpoints.api_url}{PATH}/payments"
    for auth in (None, ("wrong", ""), (stack.endpoints.anon_key, "")):
        assert httpx.get(url, auth=auth).status_code == 401
        assert httpx.post(url, auth=auth, json={}).status_code == 401


def test_its_pages_are_open_and_say_when_there_is_nothing(stack: RunningStack) -> None:
    for place in ("pay", "save", "onboard"):
        answer = httpx.get(f"{stack.endpoints.api_url}{PATH}/{place}/pay_unknown")
        assert (answer.status_code, "There is no" in answer.text) == (404, True)
