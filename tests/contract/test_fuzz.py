"""Whatever is sent by the API's own description: no 500, nothing of another tenant, nothing inner.

In a town of its own, because some of what is sent is meant by nobody and done all the same.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.contract.conftest import Town, built
from tests.contract.test_bad_input import LEAKS
from tests.harness.stack import RunningStack

PEOPLE = [None, "customer", "owner", "staff", "stranger"]
# Of each operation, for each person.
EXAMPLES = 3 if settings.get_current_profile_name() == "explore" else 1
# PostgREST's own words name the views that a client may name itself.
OWN_WORDS = ("PGRST", "22", "23", "42")


@pytest.fixture(scope="module")
def fuzzed(stack: RunningStack) -> Town:
    return built(stack)


@pytest.fixture(scope="module")
def described(fuzzed: Town) -> schemathesis.schemas.BaseSchema:
    """The description that PostgREST gives to who may see most of it."""
    with fuzzed.client("owner") as client:
        description: dict[str, Any] = client.get("/").json()
    return schemathesis.openapi.from_dict(description)


def assert_harmless(town: Town, response: httpx.Response, what: str) -> None:
    """No failure, nothing of the secret business, no inner name in a refusal of ours."""
    assert response.status_code < 500, f"{what}: {response.text[:500]}"
    assert town.ids["secret"] not in response.text, what
    if response.status_code >= 400 and response.text:
        body = response.json()
        if not body["code"].startswith(OWN_WORDS):
            assert not LEAKS.search(response.text), f"{what}: {response.text[:500]}"


@pytest.mark.parametrize("person", PEOPLE)
def test_nothing_that_can_be_sent_breaks_or_leaks(
    fuzzed: Town, described: schemathesis.schemas.BaseSchema, person: str | None
) -> None:
    secret = fuzzed.ids["secret"]
    with fuzzed.client(person) as client:
        for result in described.get_all_operations():
            operation = result.ok()

            @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy())
            def send(case: schemathesis.Case) -> None:
                if secret in str(case.as_transport_kwargs()):
                    return
                sent = case.as_transport_kwargs(base_url="http://unused")
                response = client.request(
                    sent["method"],
                    case.formatted_path,
                    params=sent.get("params"),
                    json=sent.get("json"),
                    headers={
                        name: value
                        for name, value in (case.headers or {}).items()
                        if name.lower() in ("prefer", "range", "range-unit")
                    },
                )
                assert_harmless(fuzzed, response, f"{sent['method']} {case.formatted_path}")

            send()
