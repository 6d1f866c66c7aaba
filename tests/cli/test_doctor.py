"""The doctor names what is wrong and what to do."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import psycopg

from cli.commands.doctor.unbookable import PROBLEMS, in_words, unbookable
from tests.contract.conftest import built
from tests.harness.session import DatabaseSession
from tests.harness.stack import RunningStack, run_cli


def findings(stdout: str) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(stdout)}


def test_doctor_finds_nothing_wrong_with_a_healthy_stack(stack: RunningStack) -> None:
    found = findings(stack.cli("doctor", "--deep", "--json").stdout)
    results = {check: finding["result"] for check, finding in found.items()}
    checks = ("installation", "configuration", "services", "api", "schema", "reloading", "advisors")
    assert {check: results[check] for check in checks} == dict.fromkeys(checks, "ok"), found
    assert "migrations" in results
    quick = stack.cli("doctor")
    assert [line.split(":")[0] for line in quick.stdout.splitlines() if line.startswith("✓")] == [
        f"✓ {check}" for check in results if check != "migrations" and results[check] == "ok"
    ], "what takes half a minute is done when it is wanted"


def test_missing_event_triggers_are_named(stack: RunningStack) -> None:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("alter event trigger pgrst_drop_watch disable")
        try:
            found = findings(stack.cli("doctor", "--json").stdout)["reloading"]
        finally:
            connection.execute("alter event trigger pgrst_drop_watch enable")
    assert found["result"] == "warn"
    assert "pgrst_drop_watch" in found["message"] and "ddl" not in found["message"]
    assert "notify pgrst" in found["next_step"]


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


def test_stale_flags_are_named_and_are_no_fault(stack: RunningStack) -> None:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        owner.execute(
            "insert into flags.flags (key, kind, created_at, ends_at) values"
            " ('half_price', 'release', now(), now() - interval '1 day'),"
            " ('fresh', 'release', now(), null)"
        )
        try:
            answer = stack.cli("doctor", "--json")
        finally:
            owner.execute("delete from flags.flags where key in ('half_price', 'fresh')")
    found = findings(answer.stdout)["flags"]
    assert (answer.returncode, found["result"]) == (0, "warn")
    assert "half_price (ended)" in found["message"]
    assert "fresh" not in found["message"]
    assert "flags list --stale" in found["next_step"]


def test_services_that_nobody_can_ever_book_are_named(stack: RunningStack) -> None:
    town = built(stack)
    service, db_url = town.ids["salon_service"], stack.endpoints.db_url
    town.run(
        "update catalog.services set name = %s, duration_minutes = 1000 where id = %s",
        service,
        service,
    )
    (lost,) = [found for found in unbookable(db_url) if found[1] == service]
    message, next_step = in_words([lost])
    assert f"{service} of salon: it is longer than every opening" in message
    assert "Lengthen working_hours" in next_step
    found = findings(stack.cli("doctor", "--json").stdout)["schedules"]
    assert found["result"] == "warn"
    assert "Lengthen working_hours" in found["next_step"]
    town.run("update catalog.services set is_active = false where id = %s", service)
    assert service not in {found[1] for found in unbookable(db_url)}


def test_every_problem_of_a_schedule_has_its_words(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        sources = connection.execute(
            "select prosrc from pg_proc where proname like 'unbookable%'"
        ).fetchall()
    tokens = {
        token
        for (source,) in sources
        for token in re.findall(r"(?:then|else|id,|select)\s+'([a-z_]+)'", source)
    }
    assert tokens == set(PROBLEMS)


def test_no_stack_is_a_warning_and_a_missing_program_fails(folder: Path) -> None:
    done = run_cli(
        "doctor", "--json", "--state", folder / "none", env={"NGINX_BIN": "/nowhere/nginx"}
    )
    found = findings(done.stdout)
    assert done.returncode == 1
    assert found["services"]["result"] == "warn"
    assert found["installation"]["result"] == "fail"
    assert "NGINX_BIN" in found["installation"]["next_step"]
