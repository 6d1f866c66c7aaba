"""The ledger on the command line, and as beancount reads it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
import pytest

from tests.harness.stack import RunningStack

POST = """
    select money.post(null, 'test.made', %s, array[
        money.make_entry(money.account('provider', %s, provider => 'sandbox'), %s),
        money.make_entry(money.account('rounding', %s), %s)
    ], now() - %s::interval)
"""


@pytest.fixture
def posted(stack: RunningStack) -> set[str]:
    """Movements in three currencies; returns their causes."""
    causes = {
        str(uuid.uuid4()): (currency, amount, age)
        for currency, amount, age in (("EUR", 1234, "0"), ("JPY", -7, "0"), ("KWD", 5, "3 days"))
    }
    with psycopg.connect(stack.endpoints.db_url) as connection:
        for code, digits in (("EUR", 2), ("JPY", 0), ("KWD", 3)):
            connection.execute(
                "insert into pricing.currencies values (%s, %s, %s) on conflict do nothing",
                (code, code, digits),
            )
        for cause, (currency, amount, age) in causes.items():
            connection.execute(POST, (cause, currency, amount, currency, -amount, age))
    return set(causes)


def bean_check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What beancount says of a text."""
    path = folder / "ledger.beancount"
    path.write_text(text, "utf-8")
    return subprocess.run(
        [str(Path(sys.executable).with_name("bean-check")), str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_ledger_balances(stack: RunningStack, posted: set[str]) -> None:
    done = stack.cli("ledger", "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert "The ledger balances." in done.stderr
    assert json.loads(stack.cli("ledger", "check", "--json").stdout) == []


def test_beancount_accepts_the_export(
    stack: RunningStack, posted: set[str], tmp_path: Path
) -> None:
    text = stack.cli("ledger", "export").stdout
    assert all(f'cause: "{cause}"' in text for cause in posted)
    checked = bean_check(text, tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    changed = bean_check(text.replace("12.34 EUR", "12.35 EUR", 1), tmp_path)
    assert changed.returncode == 1, "bean-check would notice another amount"


def test_beancount_accepts_the_export_of_the_last_days(
    stack: RunningStack, posted: set[str], tmp_path: Path
) -> None:
    with psycopg.connect(stack.endpoints.db_url) as connection:
        [(today,)] = connection.execute("select (now() at time zone 'UTC')::date::text").fetchall()
    text = stack.cli("ledger", "export", "--from", today).stdout
    assert '"Opening balances"' in text
    checked = bean_check(text, tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_entries_are_exported_as_rows_too(stack: RunningStack, posted: set[str]) -> None:
    rows = json.loads(stack.cli("ledger", "export", "--format", "json").stdout)
    table = csv.DictReader(io.StringIO(stack.cli("ledger", "export", "--format", "csv").stdout))
    assert [row["transaction_id"] for row in table] == [row["transaction_id"] for row in rows]
    found = [row for row in rows if row["cause_id"] in posted]
    assert sorted(row["amount_minor"] for row in found) == [-1234, -7, -5, 5, 7, 1234]


def test_accounts_and_their_entries_are_shown(stack: RunningStack, posted: set[str]) -> None:
    shown = stack.cli("ledger", "show", "--kind", "rounding", "--currency", "jpy", "--json")
    [account] = json.loads(shown.stdout)
    assert account["balance_minor"] % 7 == 0 < account["balance_minor"]
    entries = json.loads(stack.cli("ledger", "show", account["id"], "--json").stdout)
    assert entries[0]["amount_minor"] == 7
    assert entries[0]["cause_id"] in posted


def test_a_period_that_is_not_over_is_not_closed(stack: RunningStack) -> None:
    assert stack.cli("ledger", "close", "2999-01", "--yes").returncode == 1
    refused = stack.cli("ledger", "close", "March")
    assert refused.returncode == 2
    assert "2031-03" in refused.stderr
