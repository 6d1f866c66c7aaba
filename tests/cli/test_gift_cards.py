"""Gift cards on the command line."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.gift_cards import app
from cli.stack.state import State
from tests.harness.database import Database


@pytest.fixture
def cards(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A salon that sold a card that expires in ten days, one that never does, and one unpaid."""
    monkeypatch.setattr(State, "require_running", lambda _: SimpleNamespace(db_url=db.dsn))
    db.connection.execute(
        """
        select tests.person('owner'), tests.business('Salon', 'owner');
        create table tests.cards as
        select
            made.minor,
            public.sell_gift_card(
                tests.id('Salon')::text, made.minor::text,
                expires_at => to_char(
                    private.now() + made.days * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SSOF'
                )
            ) as answer
        from (values (1000, 10), (2000, null), (3000, null)) as made (minor, days);
        select money.activate_gift_cards(tests.id('Salon'), (answer ->> 'sale_id')::uuid)
        from tests.cards where minor < 3000;
        """
    )
    return db


def listed(*arguments: str) -> list[Any]:
    done = CliRunner().invoke(app, ["list", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return sorted(
        (row["status"], row["amount_minor"], row["balance_minor"])
        for row in json.loads(done.stdout)
    )


def test_cards_are_listed_with_what_is_left_on_them(cards: Database) -> None:
    active = [("active", 1000, 1000), ("active", 2000, 2000)]
    assert listed("--business", "salon") == [*active, ("unpaid", 3000, 0)]
    assert listed("--status", "active") == active


def test_cards_are_listed_that_expire_soon(cards: Database) -> None:
    assert listed("--expires-within", "10") == [("active", 1000, 1000)]
    assert listed("--expires-within", "9") == []
