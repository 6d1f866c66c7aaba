"""Opening a payout account over HTTP: one call opens it and answers with the provider's page."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def town(stack: RunningStack) -> Town:
    """A town of its own, whose salon is paid nowhere yet."""
    return built(stack)


def open_account(town: Town, person: str | None, **wish: Any) -> httpx.Response:
    """Call the edge as somebody, for the salon."""
    asked = {"business_id": town.ids["salon"], "currency": "EUR", "provider": "sandbox", **wish}
    with town.client(person) as client:
        url = f"{town.stack.endpoints.api_url}/functions/v1/payout-accounts"
        return client.post(url, json=asked)


def references(town: Town) -> list[tuple[object, ...]]:
    """Return what the provider calls the accounts of the salon."""
    query = "select provider_reference from money.payout_accounts where business_id = %s"
    return list(town.run(query, town.ids["salon"]))


def test_only_who_handles_the_money_opens_one(town: Town) -> None:
    refusals = [
        (answer.status_code, answer.json()["details"])
        for answer in (open_account(town, person) for person in ("customer", None))
    ]
    assert refusals == [(403, "forbidden"), (401, "not_signed_in")]
    cash = open_account(town, "owner", provider="cash")
    assert (cash.status_code, cash.json()["details"]) == (400, "invalid_input")
    assert references(town) == []


def test_the_owner_opens_one_and_completes_it_on_the_providers_page(town: Town) -> None:
    account = open_account(town, "owner", return_url="https://salon.example/back").json()
    assert (account["status"], account["missing"]) == ("pending", ["bank_account", "identity"])
    again = open_account(town, "owner", schedule="daily").json()
    assert again["schedule"] == "daily"
    assert len(references(town)) == 1, "the same call opens no other account"
    done = httpx.post(again["onboarding_url"], data={"choice": "complete"})
    assert done.status_code in (200, 303), done.text

    def shown() -> tuple[object, object]:
        with town.client("owner") as client:
            salon = {"business_id": f"eq.{town.ids['salon']}"}
            (row,) = client.get("/payout_accounts", params=salon).json()
        return row["status"], row["missing"]

    # The sandbox's event account.updated sends a worker, who asks what the account may do.
    wait_until(lambda: shown() == ("active", []))


def test_an_account_for_transfers_has_no_page_and_waits_for_a_bank_account(town: Town) -> None:
    account = open_account(town, "owner", provider="bank", currency="USD").json()
    shown = (account["status"], account["missing"], account["onboarding_url"])
    assert shown == ("pending", ["bank_account"], None)
    with town.client("owner") as client:
        wish = {"business_id": town.ids["salon"], "holder_name": "Ann", "currency": "USD"}
        numbers = {"number": "000123456789", "routing_number": "110000000", "country": "US"}
        refused = client.post("/rpc/set_bank_account", json={**wish, **numbers})
    assert (refused.status_code, refused.json()["details"]) == (403, "second_factor_required")
