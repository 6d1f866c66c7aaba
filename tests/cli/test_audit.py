"""The audit trail on the command line, and what a request through the gateway leaves in it."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from tests.harness.stack import RunningStack

ACCOUNT = """
    insert into auth.users (id, email) values (gen_random_uuid(), 'audit@town.example')
    returning id::text
"""


def listed(stack: RunningStack, *arguments: object) -> list[dict[str, Any]]:
    done = stack.cli("audit", "list", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_a_change_is_listed_shown_and_masked(stack: RunningStack) -> None:
    made = stack.cli("flags", "set", "audited", "--description", "Ann's wish", "--yes")
    assert made.returncode == 0, made.stderr
    (row,) = listed(stack, "--table", "flags.flags", "--row", "audited")
    assert (row["operation"], row["cause"]) == ("INSERT", "frontdesk flags set")
    masked = stack.cli(
        *("audit", "mask", row["id"], "--column", "description", "--reason", "On request"), "--yes"
    )
    assert masked.returncode == 0, masked.stderr
    shown = stack.cli("audit", "show", row["id"], "--json")
    assert json.loads(shown.stdout)["after"]["description"] == "***"
    absent = stack.cli("audit", "show", 10**12)
    assert (absent.returncode, "There is no entry" in absent.stderr) == (1, True)
    stack.cli("flags", "delete", "audited", "--yes")


def test_a_request_is_written_with_its_call_and_its_program(stack: RunningStack) -> None:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        row = connection.execute(ACCOUNT).fetchone()
    assert row
    token = f"Bearer {stack.token(row[0])}"
    with stack.client(Authorization=token) as http:
        forged = {"User-Agent": "Salon app 2", "X-Real-IP": "203.0.113.66", "X-Request-Id": "mine"}
        answer = http.post(
            "/rest/v1/rpc/set_quiet_hours",
            json={"from_time": "22:00", "to_time": "07:00"},
            headers=forged,
        )
    assert answer.status_code in (200, 204), answer.text
    (entry,) = listed(stack, "--actor", "audit@town.example", "--table", "identity.quiet_hours")
    assert entry["cause"] == "POST /rpc/set_quiet_hours"
    assert entry["address"] == "127.0.0.1"
    shown = json.loads(stack.cli("audit", "show", entry["id"], "--json").stdout)
    assert shown["user_agent"] == "Salon app 2"
    assert shown["request_id"] not in (None, "mine")
