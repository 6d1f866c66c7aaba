"""Random histories of the ledger against sums in Python."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.harness.database import Database

CURRENCIES = ("EUR", "JPY")
# Kinds of which one holds money for us, one is owed, and one may not go negative.
KINDS = ("provider", "rounding", "gift_cards")
OWNERS = (uuid.UUID(int=1), uuid.UUID(int=2))
PERIODS = ("2031-01-31", "2031-02-28")
FIRST_OPEN = {"2031-01-31": "2031-02-01", "2031-02-28": "2031-03-01"}
BOOKED = "select booked_on::text from money.transactions where cause_id = %s"
POST = """
    select money.post(
        null, 'test.made', %s,
        array(
            select money.make_entry(
                money.account(
                    (entry ->> 0)::money.account_kind, entry ->> 1,
                    provider => case when entry ->> 0 = 'provider' then 'sandbox' end,
                    owner_id => case
                        when entry ->> 0 = 'gift_cards' then (entry ->> 2)::uuid
                    end
                ),
                (entry ->> 3)::bigint
            )
            from jsonb_array_elements(%s) as entry
        ),
        %s
    )
"""
CURRENCY = "insert into pricing.currencies values (%s, %s, 2) on conflict do nothing"
BALANCES = """
    select kind::text, currency, coalesce(owner_id::text, ''), money.balance(id)
    from money.accounts
"""

account = st.tuples(st.sampled_from(KINDS), st.sampled_from(CURRENCIES), st.sampled_from(OWNERS))
entry = st.tuples(account, st.integers(-500, 500))
day = st.sampled_from(("2031-01-15", "2031-02-15", "2031-03-15"))
posting = st.tuples(st.integers(1, 8), st.lists(entry, max_size=4), st.booleans(), day)
step = st.one_of(posting, st.sampled_from(("checkpoint", *PERIODS)))


@dataclass
class Model:
    """What the accounts must hold: sums, and nothing that was refused."""

    balances: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    causes: set[int] = field(default_factory=set)
    # The last day of the last closed period.
    closed: str = ""

    def post(self, cause: int, entries: list[tuple[tuple[str, str, str], int]]) -> str:
        """Move what may be moved; gives the token of the refusal, or `ok`."""
        moved = [(key, amount) for key, amount in entries if amount]
        if not moved or cause in self.causes:
            return "ok"
        sums: Counter[str] = Counter()
        after = Counter(self.balances)
        for key, amount in moved:
            sums[key[1]] += amount
            after[key] += amount
        if any(sums.values()):
            return "ledger_unbalanced"
        if any(kind == "gift_cards" and held > 0 for (kind, *_), held in after.items()):
            return "insufficient_credit"
        self.balances = after
        self.causes.add(cause)
        return "ok"


def completed(
    entries: list[tuple[tuple[str, str, uuid.UUID], int]], *, balances: bool
) -> list[tuple[tuple[str, str, str], int]]:
    """The entries, with what is missing to zero where they shall balance."""
    found = [
        ((kind, currency, str(owner) if kind == "gift_cards" else ""), amount)
        for (kind, currency, owner), amount in entries
    ]
    if balances:
        for currency in CURRENCIES:
            missing = -sum(amount for key, amount in found if key[1] == currency)
            found.append((("rounding", currency, ""), missing))
    return found


def said(connection: psycopg.Connection, statement: str, *arguments: object) -> str:
    """Run a statement in a savepoint; gives `ok` or the token of the refusal."""
    try:
        with connection.transaction():
            connection.execute(statement.encode(), arguments)
    except psycopg.Error as error:
        return error.diag.message_detail or str(error)
    return "ok"


@settings(max_examples=40)
@given(steps=st.lists(step, min_size=1, max_size=12))
def test_balances_are_the_sums_of_what_was_accepted(db: Database, steps: list[object]) -> None:
    model = Model()
    with db.connection.transaction(force_rollback=True):
        db.connection.execute("select set_config('frontdesk.now', '2031-03-20 00:00Z', true)")
        for currency in CURRENCIES:
            db.connection.execute(CURRENCY, (currency, currency))
        for one in steps:
            follow(db, model, one)
        held = {(k, c, o): amount for k, c, o, amount in db.rows(BALANCES) if amount}
        assert held == {key: amount for key, amount in model.balances.items() if amount}
        assert db.rows("select * from money.ledger_findings()") == []


def follow(db: Database, model: Model, one: object) -> None:
    """Take a step in the database and in the model, and compare the answers."""
    if one == "checkpoint":
        # The rest of the page is left out, so that it is full.
        db.rows("select setval('money.transaction_numbers', (money.current_page() + 1) * 256)")
        assert said(db.connection, "select money.write_checkpoints()") == "ok"
    elif isinstance(one, str):
        expected = "period_closed" if one <= model.closed else "ok"
        assert said(db.connection, "select money.close_period(%s)", one) == expected
        model.closed = max(model.closed, one)
    else:
        assert isinstance(one, tuple)
        cause, entries, balances, at = one
        entries = completed(entries, balances=balances)
        sent = Jsonb([[*key, amount] for key, amount in entries])
        accepted = said(db.connection, POST, uuid.UUID(int=cause), sent, f"{at}T12:00Z")
        is_new = cause not in model.causes
        assert accepted == model.post(cause, entries)
        if is_new and cause in model.causes:
            [(booked,)] = db.rows(BOOKED, uuid.UUID(int=cause))
            assert booked == max(at, FIRST_OPEN.get(model.closed, at))
