"""A bulk insert whose rows have different columns, with `defaultToNull: false` of supabase-js."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Town


@pytest.mark.parametrize(
    ("view", "rows", "defaults"),
    [
        (
            "service_categories",
            [{"name": "Hair", "position": 7}, {"name": "Nails"}],
            {"position": 0},
        ),
        (
            "resources",
            [
                {"kind": "room", "name": "Studio", "capacity": 5, "is_active": False},
                {"kind": "room", "name": "Cellar"},
            ],
            {"capacity": 1, "is_active": True, "position": 0},
        ),
        (
            "services",
            [
                {"name": "Long", "duration_minutes": 90, "price_minor": 1, "currency": "EUR"}
                | {"hold_minutes": 5, "visibility": "hidden", "slot_interval_minutes": 30},
                {"name": "Short", "duration_minutes": 10, "price_minor": 1, "currency": "EUR"},
            ],
            {"hold_minutes": 15, "visibility": "public", "slot_interval_minutes": 15},
        ),
        (
            "cancellation_policies",
            [{"name": "Strict", "no_show_fee_bps": 5000}, {"name": "Kind"}],
            {"no_show_fee_bps": 0, "is_default": False},
        ),
    ],
)
def test_columns_that_a_row_leaves_out_get_their_default(
    town: Town, view: str, rows: list[dict[str, Any]], defaults: dict[str, Any]
) -> None:
    sent = [{"business_id": town.ids["salon"], **row} for row in rows]
    columns = ",".join(sorted({name for row in sent for name in row}))
    with town.client("owner", Prefer="return=representation, missing=default") as client:
        answer = client.post(f"/{view}?columns={columns}", json=sent)
    assert answer.status_code == 201, answer.text
    first, second = answer.json()
    assert {name: first[name] for name in sent[0]} == sent[0]
    assert {name: second[name] for name in defaults} == defaults
