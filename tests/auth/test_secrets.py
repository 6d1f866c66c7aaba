"""Where secrets must never be seen: statistics, activity, logs, audit, what others can read."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from tests.auth.conftest import Door

PASSWORD = "a very secret password 77"


@pytest.fixture(scope="module")
def seen(door: Door, strict: Door) -> dict[str, str]:
    """Somebody does everything with secrets; name → the secret."""
    door.rows("create extension if not exists pg_stat_statements with schema extensions")
    ada = strict.person("secretive")
    ada.password = PASSWORD
    ada.sign_up()
    sent = strict.mail(ada.email)
    ada.session = ada.http.post(
        "/verify", json={"type": "signup", "email": ada.email, "token": sent["code"]}
    ).json()
    ada.sign_in()
    refreshed = ada.refresh().json()
    factor = ada.ask("POST", "/factors", factor_type="totp").json()
    ada.http.post("/signup", json={"email": ada.email, "password": PASSWORD, "data": 5})
    return {
        "password": PASSWORD,
        "refresh token": refreshed["refresh_token"],
        "access token": refreshed["access_token"],
        "link": sent["token_hash"],
        "secret of the factor": factor["totp"]["secret"],
    }


def test_nothing_is_in_the_statistics_of_statements(door: Door, seen: dict[str, str]) -> None:
    text = str(door.rows("select query from extensions.pg_stat_statements"))
    assert "sign_up" in text, "the statements are there"
    assert [name for name, secret in seen.items() if secret in text] == []


def test_nothing_is_in_the_activity_while_it_happens(door: Door) -> None:
    watched: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            watched.append(str(door.rows("select query from pg_stat_activity")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    ada = door.person()
    ada.password = PASSWORD
    ada.sign_up()
    for _ in range(3):
        ada.sign_in()
    refreshed = ada.refresh().json()["refresh_token"]
    done.set()
    watcher.join()
    assert "auth" in "".join(watched)
    assert PASSWORD not in "".join(watched)
    assert refreshed not in "".join(watched)


def test_nothing_is_in_a_log(door: Door, seen: dict[str, str]) -> None:
    found = []
    for name, secret in seen.items():
        state = Path(door.stack.endpoints.state_dir)
        grep = subprocess.run(
            ["grep", "-rlF", "--", secret, *(str(state / "logs"),)],
            capture_output=True,
            text=True,
            check=False,
        )
        found += [f"{name}: {grep.stdout}"] if grep.stdout else []
    assert found == []


def test_nothing_is_in_the_audit_and_only_hashes_in_the_tables(
    door: Door, seen: dict[str, str]
) -> None:
    audit = str(door.rows("select payload from auth.audit_log_entries"))
    assert [name for name, secret in seen.items() if secret in audit] == []
    kept = {name: secret for name, secret in seen.items() if name != "secret of the factor"}
    tables = door.rows(
        "select relname from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'"
    )
    for (table,) in tables:
        text = str(door.rows(f"select to_jsonb(t) from auth.{table} as t"))
        assert [name for name, secret in kept.items() if secret in text] == [], table


def test_nobody_but_the_owner_reads_a_table_and_the_edge_calls_what_it_was_given(
    door: Door,
) -> None:
    readers = door.rows(
        "select rolname, relname from pg_roles cross join pg_class"
        " where relnamespace = 'auth'::regnamespace and relkind = 'r'"
        " and rolname = any(%s) and (has_table_privilege(rolname, pg_class.oid, 'select')"
        " or has_any_column_privilege(rolname, pg_class.oid, 'select'))",
        ["anon", "authenticated", "service_role", "analyst", "edge", "worker", "authenticator"],
    )
    assert readers == []
    callers = door.rows(
        "select rolname, proname from pg_roles cross join pg_proc"
        " where pronamespace = 'auth'::regnamespace and rolname = any(%s)"
        " and has_function_privilege(rolname, pg_proc.oid, 'execute')"
        " and proname not in ('uid', 'role', 'email', 'jwt', 'check_request')",
        ["anon", "authenticated", "service_role", "analyst", "worker"],
    )
    assert callers == []
