"""A file of transfers for the operator's bank, and where the numbers in it are not."""

from __future__ import annotations

import csv
import json
import stat
import subprocess
import uuid
from pathlib import Path

import psycopg
import pytest
from stdnum import iban

from cli.stack.programs import postgres_bin
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

CURRENCY = "KWD"
BUSINESS = """
    with vertical as (
        insert into business.verticals (id, name) values ('bank', 'Bank')
        on conflict do nothing returning id
    )
    insert into business.businesses (slug, name, vertical_id, country, time_zone, currency, status)
    select
        %(slug)s, '=1+1', coalesce((select id from vertical), 'bank'), 'KW', 'UTC', 'KWD', 'draft'
    returning id::text
"""
PREPARE = """
    select
        public.set_bank_account(%(id)s, 'Ann', %(number)s, 'KWD', 'CBKUKWKW'),
        public.set_payout_account(%(id)s, 'KWD', 'bank')
"""
EARN = """
    select money.take_from_earnings(
        %(id)s::uuid, 'KWD', 'cash', -5250, money.account('disputes', 'KWD')
    )
"""
REQUEST = "select (public.request_payout(%(id)s, 'KWD')).id::text"
STATUS = "select status::text from money.payouts where id = %s"


@pytest.fixture
def number() -> str:
    """A number with the right check digits that nobody has."""
    bban = f"CBKU{uuid.uuid4().int % 10**22:022}"
    return f"KW{iban.calc_check_digits(f'KW00{bban}')}{bban}"


def test_approved_payouts_come_in_a_file_and_its_end_is_noted(
    stack: RunningStack, number: str, tmp_path: Path
) -> None:
    file = tmp_path / "transfers.csv"
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        wait_until(
            lambda: (
                connection.execute("select private.current_secret_key()").fetchall() != [(None,)]
            )
        )
        slug = f"t-{uuid.uuid4().hex[:8]}"
        [(business,)] = connection.execute(BUSINESS, {"slug": slug}).fetchall()
        known = {"id": business, "number": number}
        connection.execute(PREPARE, known)
        connection.execute(EARN, known)
        [(payout,)] = connection.execute(REQUEST, known).fetchall()

        assert stack.cli("payouts", "export", "--currency", "KWD").returncode == 1, "unasked"
        done = stack.cli("payouts", "export", "--currency", "kwd", "--output", file, "--yes")
        assert done.returncode == 0, done.stderr
        assert number not in done.stdout + done.stderr
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with file.open() as lines:
            [line] = [row for row in csv.DictReader(lines) if row["number"] == number]
        assert line == {
            "reference": payout.replace("-", ""),
            "business": "'=1+1",
            "holder_name": "Ann",
            "country": "KW",
            "number": number,
            "routing_number": "CBKUKWKW",
            "amount": "5.250",
            "currency": "KWD",
        }
        listed = json.loads(stack.cli("payouts", "list", "--business", slug, "--json").stdout)
        assert [row["status"] for row in listed] == ["in_transit"]
        again = stack.cli("payouts", "export", "--file", listed[0]["file_id"], "--yes")
        assert again.stdout == file.read_text()
        assert stack.cli("payouts", "export", "--currency", "KWD", "--yes").returncode == 1

        assert stack.cli("payouts", "paid", listed[0]["file_id"], "--yes").returncode == 0
        assert connection.execute(STATUS, (payout,)).fetchall() == [("paid",)]
        returned = ("payouts", "failed", line["reference"], "--reason", "Account closed", "--yes")
        assert stack.cli(*returned).returncode == 0
        # A worker books it back.
        wait_until(lambda: connection.execute(STATUS, (payout,)).fetchall() == [("reversed",)])
    _is_nowhere(stack, number)


def _is_nowhere(stack: RunningStack, number: str) -> None:
    """Neither a dump of the whole database nor a log has the number."""
    dump = subprocess.run(
        [postgres_bin() / "pg_dump", "--data-only", stack.endpoints.db_url],
        capture_output=True,
        check=True,
    )
    assert b"bank_accounts" in dump.stdout
    assert number.encode() not in dump.stdout and b"CBKUKWKW" not in dump.stdout
    for log in stack.state.logs.iterdir():
        assert number not in log.read_text("utf-8", errors="replace"), log.name
