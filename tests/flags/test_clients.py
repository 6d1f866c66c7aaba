"""Clients that nobody here wrote ask for flags through the gateway."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from cli.options import ROOT
from tests.harness.stack import RunningStack

PATH = "/ofrep/v1/evaluate/flags"
FLAGS = """
    insert into flags.flags (key, kind, is_enabled, is_public, value_type, off_value, variants)
    values
    ('banner', 'experiment', true, true, 'string', '"none"',
        '[{"name": "red", "weight": 1, "value": "red"},
          {"name": "blue", "weight": 0, "value": "blue"}]'),
    ('beta', 'permission', true, true, 'boolean', 'false', '[]'),
    ('secret', 'release', true, false, 'boolean', 'false', '[]')
"""
RULES = """update flags.flags set rules = '[{"percentage": 0}]' where key = 'beta'"""
TARGET = "insert into flags.targets (flag_key, subject) values ('beta', %s)"
CLEAR = "delete from flags.flags where key in ('banner', 'beta', 'secret')"
FRIEND = str(uuid.uuid4())


@pytest.fixture(scope="module")
def flagged(stack: RunningStack) -> Iterator[RunningStack]:
    """The stack with three flags, of which one is for FRIEND and one is not public."""
    with psycopg.connect(stack.endpoints.db_url) as connection:
        connection.execute(FLAGS)
        connection.execute(RULES)
        connection.execute(TARGET, (FRIEND,))
    yield stack
    with psycopg.connect(stack.endpoints.db_url) as connection:
        connection.execute(CLEAR)


def browser(stack: RunningStack) -> dict[str, Any]:
    """What the web SDK sees, as JSON."""
    asked = {"url": stack.endpoints.api_url, "key": stack.endpoints.anon_key}
    program = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    script = Path(__file__).with_name("clients.mjs")
    done = subprocess.run(
        [program, script, json.dumps(asked)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_browser_sees_public_flags_and_asks_again_with_the_tag(flagged: RunningStack) -> None:
    found = browser(flagged)
    assert found["seen"]["banner"]["value"] == "red"
    assert found["seen"]["banner"]["variant"] == "red"
    assert found["seen"]["banner"]["reason"] == "SPLIT"
    assert found["seen"]["beta"]["value"] is False
    assert found["seen"]["secret"]["errorCode"] == "FLAG_NOT_FOUND"
    assert found["statuses"][0] == 200
    assert set(found["statuses"][1:]) == {304}


def test_a_permission_belongs_to_the_token_and_not_to_the_context(flagged: RunningStack) -> None:
    anyone = flagged.client().post(f"{PATH}/beta", json={"context": {"targetingKey": FRIEND}})
    assert anyone.json()["value"] is False
    other = flagged.client(Authorization=f"Bearer {flagged.token(str(uuid.uuid4()))}")
    claimed = {"context": {"targetingKey": FRIEND, "userId": FRIEND}}
    assert other.post(f"{PATH}/beta", json=claimed).json()["value"] is False
    friend = flagged.client(Authorization=f"Bearer {flagged.token(FRIEND)}")
    answer = friend.post(f"{PATH}/beta", json={"context": {}}).json()
    assert (answer["value"], answer["reason"]) == (True, "TARGETING_MATCH")


def test_a_python_server_sees_all_flags_with_its_key(flagged: RunningStack) -> None:
    key = flagged.endpoints.service_role_key
    provider = OFREPProvider(flagged.endpoints.api_url, headers_factory=lambda: {"apikey": key})
    api.set_provider(provider, domain="server")
    client = api.get_client(domain="server")
    found = client.get_boolean_details("secret", False, EvaluationContext("anybody"))
    assert (found.value, found.variant) == (True, "on")
    assert client.get_boolean_value("beta", False, EvaluationContext(FRIEND)) is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b"[]", "INVALID_CONTEXT"),
        (b'{"context": 7}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 7}}', "INVALID_CONTEXT"),
        (b'{"context": {"userId": "\\u0000"}}', "INVALID_CONTEXT"),
        (b'{"context": {"userId": "\\ud800"}}', "INVALID_CONTEXT"),
        (b"[" * 100_000, "PARSE_ERROR"),
    ],
)
def test_a_bad_context_is_refused_in_the_protocols_words(
    flagged: RunningStack, body: bytes, code: str
) -> None:
    for path in (PATH, f"{PATH}/banner"):
        answer = flagged.client().post(path, content=body)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_what_is_not_there_is_not_found(flagged: RunningStack) -> None:
    with flagged.client() as http:
        absent = http.post(f"{PATH}/absent", json={})
        assert (absent.status_code, absent.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
        assert http.get("/ofrep/v1/else").status_code == 404
        assert http.get(PATH).status_code == 405


def test_a_bad_token_is_refused(flagged: RunningStack) -> None:
    answer = httpx.post(
        f"{flagged.endpoints.api_url}{PATH}", json={}, headers={"Authorization": "Bearer no"}
    )
    assert (answer.status_code, answer.json()["details"]) == (401, "not_signed_in")
