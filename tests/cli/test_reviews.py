"""Reviews on the command line, and by the link of the mail after a visit."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

# Two visits of a salon that are over and not reviewed.
VISITS = """
    with sold as (
        insert into sales.sales (business_id, currency, placed_at)
        select %s, 'EUR', now() from generate_series(1, 2)
        returning business_id, id
    )

    insert into scheduling.bookings (
        business_id, customer_name, customer_email, reference, status, starts_at, ends_at,
        time_zone, currency, total_minor, quote, policy, sale_id
    )
    select
        sold.business_id, 'Rae Reader', 'rae@reviews.example', scheduling.new_reference(),
        'completed', now() - interval '2 hours', now() - interval '1 hour', 'UTC', 'EUR', 0,
        '{}', '{}', sold.id
    from sold
    returning id
"""


@pytest.fixture
def town(stack: RunningStack) -> Town:
    return built(stack)


def reviews(town: Town, *words: str) -> Any:
    """What a command shows as JSON."""
    done = town.stack.cli("reviews", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def links(town: Town) -> list[str]:
    """The links of two visits that were completed."""
    visits = town.run(VISITS, town.ids["salon"])
    paths = [town.run("select reviews.invitation_path(%s)", visit)[0][0] for (visit,) in visits]
    return [f"{town.stack.endpoints.api_url}{path}" for path in paths]


def test_a_review_by_link_is_listed_hidden_and_published_again(town: Town) -> None:
    first, second = links(town)
    assert "How was" in httpx.get(first).raise_for_status().text
    assert httpx.post(first, data={"rating": "9"}).status_code == 400
    written = httpx.post(first, data={"rating": "2", "body": "Too loud <b>."})
    assert "Thank you" in written.raise_for_status().text
    assert httpx.post(first, data={"rating": "2"}).status_code == 409
    assert httpx.get(first[:-1] + "x").status_code == 403
    assert httpx.get(second.partition("?")[0]).status_code == 400
    (review,) = [row for row in reviews(town, "list") if row["body"] == "Too loud <b>."]
    assert (review["author"], review["status"]) == ("rae@reviews.example", "published")
    hidden = town.stack.cli("reviews", "hide", review["id"], "--reason", "Not true", "--yes")
    assert "The review is hidden." in hidden.stderr
    refused = town.stack.cli("reviews", "reject", review["id"], "--reason", "No", "--yes")
    assert (refused.returncode, "It can become published." in refused.stderr) == (1, True)
    shown = [row["id"] for row in reviews(town, "list", "--status", "hidden")]
    assert review["id"] in shown
    town.stack.cli("reviews", "publish", review["id"], "--yes")
    assert reviews(town, "check") == []


def test_an_unknown_review_is_refused_with_the_next_step(town: Town) -> None:
    refused = town.stack.cli("reviews", "publish", town.ids["note"], "--yes")
    assert (refused.returncode, "./frontdesk reviews list" in refused.stderr) == (1, True)
