"""Whatever is sent by Supabase Auth's own description: no 500, and answers as it describes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.auth.conftest import Door, Person
from tests.auth.serving import EVERYTHING, serving

schema = schemathesis.openapi.from_path(Path(__file__).with_name("supabase-auth-openapi.yaml"))
# The description says of itself that it lists refusals incompletely.
REFUSALS = {400, 401, 403, 404, 405, 422, 429}


@pytest.fixture(scope="module")
def service(door: Door) -> Iterator[Door]:
    """A service with everything switched on."""
    with serving(door, **EVERYTHING, GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED="true") as found:
        yield found


@pytest.fixture(scope="module")
def ada(service: Door) -> Person:
    person = service.person()
    person.sign_up()
    return person


@pytest.mark.parametrize("who", ["nobody", "ada", "operator"])
@schema.parametrize()
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
def test_answers_are_as_supabase_auth_describes_them(
    case: schemathesis.Case, service: Door, ada: Person, who: str
) -> None:
    keys = service.stack.endpoints
    token = {"nobody": keys.anon_key, "operator": keys.service_role_key}.get(who)
    bearer = token or ada.session["access_token"]
    if case.path == "/logout" and who == "ada":
        bearer = ada.http.post("/signup", json={}).json()["access_token"]
    response = case.call(
        base_url=service.url,
        headers={"apikey": keys.anon_key, "Authorization": f"Bearer {bearer}"},
        allow_redirects=False,
    )
    if response.headers.get("content-type") == ["text/plain; charset=utf-8"]:
        assert response.status_code == 400, "no HTTP, says the server itself"
        return
    documented = {
        int(status) for status in case.operation.responses.status_codes if status.isdigit()
    }
    assert response.status_code in documented | REFUSALS
    checks = [not_a_server_error]
    # A session or a user, says the description of /signup; each of its two forms allows both.
    if case.path != "/signup":
        checks.append(response_schema_conformance)
    case.validate_response(response, checks=checks)
    # A method such as TRACE is refused by the gateway, in its own words.
    if response.status_code in REFUSALS - {405}:
        body = response.json()
        assert body["code"] == response.status_code
        assert isinstance(body["error_code"], str) and isinstance(body["msg"], str)
