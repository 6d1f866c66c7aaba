"""Wholesale accounts on the command line."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

ASKED = """
    with account as (
        insert into commerce.wholesale_accounts (
            business_id, company_name, country, tax_number, currency, requested_at
        )
        values (%s, %s, 'DE', 'DE136695976', 'EUR', now())
        returning id, business_id
    )

    insert into commerce.wholesale_buyers (
        business_id, wholesale_account_id, email, role, invited_at
    )
    select business_id, id, 'buyer@example.com', 'approver', now() from account
    returning wholesale_account_id::text
"""


def decided(town: Town, *words: str) -> Any:
    return town.stack.cli("wholesale", *words, "--yes")


def shown(town: Town, account: str) -> Any:
    done = town.stack.cli("wholesale", "show", account, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_requests_are_listed_approved_suspended_and_rejected(stack: RunningStack) -> None:
    town = built(stack)
    salon = town.ids["salon"]
    companies = ("Hairlab GmbH", "Comb Import KG")
    first, second = (str(town.run(ASKED, salon, company)[0][0]) for company in companies)
    listed = town.stack.cli("wholesale", "list", "--business", salon, "--json")
    assert {row["id"] for row in json.loads(listed.stdout)} == {first, second}

    assert "Hairlab GmbH is approved." in decided(town, "approve", first).stderr
    account = shown(town, first)
    assert (account["status"], account["buyers"][0]["email"]) == ("approved", "buyer@example.com")

    again = decided(town, "reject", first, "--reason", "Too late")
    assert (again.returncode, "cannot become rejected" in again.stderr) == (1, True)
    assert decided(town, "suspend", first, "--reason", "Unpaid").returncode == 0
    assert shown(town, first)["reason"] == "Unpaid"

    assert decided(town, "reject", second, "--reason", "No papers").returncode == 0
    assert [step["status"] for step in shown(town, second)["history"]] == ["requested", "rejected"]
    absent = town.stack.cli("wholesale", "show", salon)
    assert "There is no wholesale account" in absent.stderr
