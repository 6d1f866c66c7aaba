"""Keys of secrets on the command line, and the logs of a stack that keeps secrets."""

from __future__ import annotations

import json
import uuid

import psycopg

from cli.stack.account import server_account
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until
from workers.sealing.keyring import Keyring

CURRENT = "select private.current_secret_key()"
KEEP = "select private.keep_secret(null, %s)"
BUSINESS = """
    with vertical as (
        insert into business.verticals (id, name) values ('bank', 'Bank')
        on conflict do nothing returning id
    )
    insert into business.businesses (slug, name, vertical_id, country, time_zone, currency, status)
    select
        %(slug)s, 'Bank', coalesce((select id from vertical), 'bank'), 'DE', 'UTC', 'EUR', 'draft'
"""
SET = """
    select public.set_bank_account(businesses.id::text, 'Ann', %(number)s, 'EUR')
    from business.businesses where slug = %(slug)s
"""
KEPT = """
    select bank_accounts::text from money.bank_accounts
    inner join business.businesses on business_id = businesses.id where slug = %s
"""
OPEN = "select sealed from private.secrets"


def iban() -> str:
    """A number with the right check digits that nobody has."""
    account = f"{uuid.uuid4().int % 10**18:018}"
    return f"DE{98 - int(f'{account}131400') % 97:02}{account}"


def test_the_operator_reads_a_bank_account_that_its_owner_set(stack: RunningStack) -> None:
    number, slug = iban(), f"b-{uuid.uuid4().hex[:8]}"
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(CURRENT).fetchall() != [(None,)])
        connection.execute(BUSINESS, {"slug": slug})
        connection.execute(SET, {"slug": slug, "number": number})
        [(kept,)] = connection.execute(KEPT, (slug,)).fetchall()
    assert number not in kept and number[-4:] in kept
    assert stack.cli("secrets", "bank-account", slug, "--currency", "eur").returncode == 1
    shown = stack.cli("secrets", "bank-account", slug, "--currency", "eur", "--yes")
    assert (shown.returncode, shown.stdout) == (0, f"{number}\n")
    assert stack.cli("secrets", "bank-account", slug, "--currency", "usd", "--yes").returncode == 1


def test_a_new_key_seals_everything_and_the_logs_have_no_plain_value(stack: RunningStack) -> None:
    number = iban()
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        # The worker makes the first key when it starts.
        wait_until(lambda: connection.execute(CURRENT).fetchall() != [(None,)])
        [(old,)] = connection.execute(CURRENT).fetchall()
        connection.execute(KEEP, (number,))
        unasked = stack.cli("secrets", "rotate")
        assert unasked.returncode == 1
        done = stack.cli("secrets", "rotate", "--yes")
        assert done.returncode == 0, done.stderr
        rows = json.loads(stack.cli("secrets", "list", "--json").stdout)
        keyring = Keyring(server_account().folder(stack.state.keys) / "secrets.pem")
        opened = [keyring.unseal(sealed) for (sealed,) in connection.execute(OPEN)]
    current, *others = rows
    assert (current["is_current"], current["id"] == old) == (True, False)
    assert current["secrets"] == len(opened) > sum(row["secrets"] for row in others) == 0
    assert old in {row["id"] for row in others}
    assert number in opened
    for log in stack.state.logs.iterdir():
        assert number not in log.read_text("utf-8", errors="replace"), log.name
