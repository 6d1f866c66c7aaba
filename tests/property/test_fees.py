"""Fees and refunds add up, whatever the prices and the terms."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

PRICES = st.lists(st.integers(0, 10**15), min_size=1, max_size=8)
TERMS = st.one_of(
    st.none(),
    st.builds(lambda bps: f'{{"fee_bps": {bps}}}', st.integers(0, 10_000)),
    st.builds(lambda minor: f'{{"fee_minor": {minor}}}', st.integers(0, 10**12)),
)


@settings(max_examples=300)
@given(prices=PRICES, terms=TERMS)
def test_no_fee_is_more_than_its_amount_and_the_parts_are_the_whole(
    db: Database, prices: list[int], terms: str | None
) -> None:
    ((found,),) = db.rows("select scheduling.fees(%s::bigint[], %s::jsonb)", prices, terms)
    fees: Any = found
    assert len(fees) == len(prices)
    assert all(0 <= fee <= price for fee, price in zip(fees, prices, strict=True))
    if terms and "minor" in terms:
        assert sum(fees) == min(int(terms.split(": ")[1][:-1]), sum(prices))
    share = int(terms.split(": ")[1][:-1]) if terms and "bps" in terms else 0
    if share:
        assert fees == [(price * share * 2 + 10_000) // 20_000 for price in prices]


@settings(max_examples=300)
@given(weights=PRICES, amount=st.integers(0, 10**15))
def test_a_split_adds_up_and_is_as_even_as_can_be(
    db: Database, weights: list[int], amount: int
) -> None:
    ((found,),) = db.rows("select pricing.split(%s::bigint, %s::bigint[])", amount, weights)
    parts: Any = found
    assert sum(parts) == amount
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(part * whole - amount * weight) < whole
