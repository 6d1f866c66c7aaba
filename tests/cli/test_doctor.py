"""The doctor names what is wrong and what to do."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import psycopg

from tests.contract.conftest import built
from tests.harness.stack import RunningStack, run_cli


def findings(stdout: str) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(stdout)}


def test_a_well_stack(stack: RunningStack) -> None:
    found = findings(stack.cli("doctor", "--json").stdout)
    results = {check: finding["result"] for check, finding in found.items()}
    checks = ("installation", "configuration", "services", "api", "schema", "advisors")
    assert {check: results[check] for check in checks} == dict.fromkeys(checks, "ok"), found
    assert "migrations" in results


def test_calendars_that_fail_for_a_day_are_named(stack: RunningStack) -> None:
    town = built(stack)
    failing = """
        insert into catalog.calendar_imports (
            business_id, resource_id, url, requested_at, last_error, failed_since
        )
        values (%s, %s, 'https://calendar.example/x.ics', now(), 'It answered 404.', now() - %s)
    """
    of = (town.ids["salon"], town.ids["salon_resource"])
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(failing, (*of, datetime.timedelta(hours=23)))
        found = findings(stack.cli("doctor", "--json").stdout)["calendars"]
        assert found["result"] == "ok", found
        connection.execute(
            "update catalog.calendar_imports set failed_since = now() - interval '25 hours'"
            " where business_id = %s",
            of[:1],
        )
        found = findings(stack.cli("doctor", "--json").stdout)["calendars"]
        assert found["result"] == "warn"
        assert "Ann of salon from calendar.example: It answered 404." in found["message"]
        assert "x.ics" not in found["message"]
        connection.execute("delete from catalog.calendar_imports where business_id = %s", of[:1])


def test_no_stack_is_a_warning_and_a_missing_program_fails(folder: Path) -> None:
    done = run_cli(
        "doctor", "--json", "--state", folder / "none", env={"NGINX_BIN": "/nowhere/nginx"}
    )
    found = findings(done.stdout)
    assert done.returncode == 1
    assert found["services"]["result"] == "warn"
    assert found["installation"]["result"] == "fail"
    assert "NGINX_BIN" in found["installation"]["next_step"]
