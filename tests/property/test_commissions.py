"""Commissions add up, whatever is sold, delivered and given back in whichever order.

The model is independent: fractions, rounded half away from zero, and largest remainders.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

TREATMENTS = ("platform_remits", "vendor_remits", "commission_taxed")
# A typical price in minor units: yen have none, dinars three digits.
PRICES = {"JPY": 20_000, "USD": 200_000, "INR": 2_000_000, "KWD": 2_000_000}
LEVELS = ("platform", "partner", "referrer", "upline")


def rounded(amount: Fraction) -> int:
    """Round an amount that is not negative, half up."""
    return int(amount + Fraction(1, 2))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split by largest remainder; ties go to the first."""
    total = sum(weights) or len(weights)
    shares = [Fraction(amount * (w if sum(weights) else 1), total) for w in weights]
    parts = [int(share) for share in shares]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for place in order[: amount - sum(parts)]:
        parts[place] += 1
    return parts


@dataclass(frozen=True)
class Line:
    """A line that is sold, and its plan."""

    treatment: str
    price: int
    tax: int
    is_included: bool
    business_discount: int
    subsidy: int
    rate: int
    fixed: int
    commission_tax: int
    weights: tuple[int, ...]

    @property
    def paid(self) -> int:
        """What the customer owes."""
        net = self.price - self.business_discount - self.subsidy
        return net + (0 if self.is_included else self.tax)

    @property
    def base(self) -> int:
        """What the commission is on (rule 5)."""
        return self.price - self.business_discount

    @property
    def commission(self) -> int:
        """The commission of the whole line."""
        return min(self.base, rounded(Fraction(self.base * self.rate, 10_000)) + self.fixed)

    def left(self, amount: int, reversed_minor: int) -> int:
        """Return what is left of an amount when so much was taken back (rule 9)."""
        if reversed_minor == 0:
            return amount
        return amount - rounded(Fraction(amount * reversed_minor, self.paid))

    def shares(self, reversed_minor: int) -> dict[str, int]:
        """Return who has what (rule 6)."""
        commission_tax = 0
        if self.treatment == "commission_taxed":
            commission_tax = rounded(Fraction(self.commission * self.commission_tax, 10_000))
        withheld = self.tax if self.treatment == "platform_remits" else commission_tax
        parts = {
            "paid_minor": self.paid - reversed_minor,
            "subsidy_minor": self.left(self.subsidy, reversed_minor),
            "commission_minor": self.left(self.commission, reversed_minor),
            "withheld_minor": self.left(withheld, reversed_minor),
        }
        gains = parts["paid_minor"] + parts["subsidy_minor"]
        return {**parts, "net_minor": gains - parts["commission_minor"] - parts["withheld_minor"]}

    def levels(self, reversed_minor: int) -> list[int]:
        """Return what each level has: of what is left, by what it had (rule 17)."""
        whole = split(self.commission, self.weights)
        if reversed_minor == 0:
            return whole
        return split(self.left(self.commission, reversed_minor), whole)

    def terms(self) -> dict[str, Any]:
        """Return the terms as the database freezes them."""
        tax = rounded(Fraction(self.commission * self.commission_tax, 10_000))
        return {
            "tax_treatment": self.treatment,
            "paid_minor": self.paid,
            "subsidy_minor": self.subsidy,
            "tax_minor": self.tax,
            "base_minor": self.base,
            "commission_minor": self.commission,
            "commission_tax_minor": tax if self.treatment == "commission_taxed" else 0,
        }


@st.composite
def lines(draw: st.DrawFn, currency: str) -> Line:
    """A line in a currency."""
    price = draw(st.integers(1, PRICES[currency]))
    subsidy = draw(st.sampled_from([0, 0, price // 10]))
    discount = draw(st.sampled_from([0, 0, price // 7]))
    treatment = draw(st.sampled_from(TREATMENTS))
    return Line(
        treatment=treatment,
        price=price,
        tax=price * draw(st.sampled_from([0, 5, 18, 19])) // 119,
        is_included=draw(st.booleans()),
        business_discount=discount,
        subsidy=subsidy,
        rate=draw(st.integers(0, 4_000)),
        fixed=draw(st.integers(0, 50)),
        commission_tax=1800 if treatment == "commission_taxed" else 0,
        weights=tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))),
    )


SHARES = """
select
    to_jsonb(money.shares(frozen, rows.reversed_minor)),
    case rows.reversed_minor
        when 0 then wholes.levels
        else pricing.split(
            (money.shares(frozen, rows.reversed_minor)).commission_minor, wholes.levels
        )
    end
from jsonb_to_recordset(%s) as rows (terms jsonb, reversed_minor bigint, weights bigint[])
cross join lateral jsonb_populate_record(null::money.line_terms, rows.terms) as frozen
cross join lateral pricing.split(frozen.commission_minor, rows.weights) as wholes (levels)
"""


@pytest.mark.parametrize("currency", PRICES)
@settings(max_examples=25)
@given(data=st.data())
def test_parts_are_wholes_and_the_last_refund_leaves_nothing(
    db: Database, currency: str, data: st.DataObject
) -> None:
    sold = data.draw(st.lists(lines(currency), min_size=1, max_size=20))
    asked = [
        (line, taken)
        for line in sold
        for taken in (0, *sorted(data.draw(st.sets(st.integers(0, line.paid)))), line.paid)
    ]
    rows = db.rows(
        SHARES,
        json.dumps(
            [
                {"terms": line.terms(), "reversed_minor": taken, "weights": line.weights}
                for line, taken in asked
            ]
        ),
    )
    for (line, taken), (shares, levels) in zip(asked, rows, strict=True):
        assert shares == line.shares(taken)
        assert levels == line.levels(taken)
        if taken == line.paid:
            assert set(line.shares(taken).values()) == {0}


@dataclass
class History:
    """A sale of one line in the database, and what has happened to it."""

    db: Database
    line: Line
    currency: str
    sale: object
    pending_before: int
    refunded: int = 0
    corrected: int = 0
    is_delivered: bool = False

    @property
    def reversed(self) -> int:
        """What is taken back: a refund that pays a correction out is the same money."""
        return min(self.line.paid, max(self.refunded, self.corrected))

    def check(self) -> None:
        """Compare the books with the model."""
        ((levels, earned, found),) = self.db.rows(
            "select * from tests.books(%s, %s)", self.sale, self.currency
        )
        pending = int(str(found)) - self.pending_before
        if not self.is_delivered:
            assert (levels, earned) == (None, 0)
            assert pending == self.refunded - self.line.paid
            return
        assert levels == self.line.levels(self.reversed)
        assert earned == self.line.shares(self.reversed)["net_minor"]
        assert pending == self.refunded - self.reversed


SETUP = """
select tests.person('owner'), tests.business('Salon', 'owner', 'Asia/Tokyo', 'USD');
create function tests.sell(plan jsonb, line jsonb, currency text) returns uuid[]
language plpgsql as $$
declare
    v_sale uuid = gen_random_uuid(); v_line uuid = gen_random_uuid();
    v_payment uuid = gen_random_uuid(); v_plan uuid = gen_random_uuid();
begin
    delete from money.commission_scopes;
    insert into money.commission_plans (id, name, tax_treatment, commission_tax_bps)
    select v_plan, v_plan::text, (plan ->> 'treatment')::money.tax_treatment,
        (plan ->> 'commission_tax')::integer;
    insert into money.commission_tiers (plan_id, currency, rate_bps, fixed_minor)
    select v_plan, sell.currency, (plan ->> 'rate')::integer, (plan ->> 'fixed')::bigint;
    insert into money.commission_scopes (plan_id) values (v_plan);
    insert into money.commission_shares (plan_id, level, weight)
    select v_plan, (enum_range(null::money.commission_level))[place], weight::integer
    from jsonb_array_elements_text(plan -> 'weights') with ordinality as w (weight, place);
    insert into sales.sales (id, business_id, currency, placed_at)
    values (v_sale, tests.id('Salon'), sell.currency, private.now());
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Salon'), v_sale, 0, 'agreed', private.now());
    insert into sales.sale_lines (
        id, business_id, sale_id, position, revision, kind, name, quantity, unit_minor,
        amount_minor, discount_minor, tax_minor, tax_is_included
    )
    select v_line, tests.id('Salon'), v_sale, 1, 0, 'service', 'Cut', 1,
        (line ->> 'price')::bigint, (line ->> 'price')::bigint,
        (line ->> 'discount')::bigint, (line ->> 'tax')::bigint, (line ->> 'is_included')::boolean;
    insert into sales.sale_line_discounts (
        business_id, sale_line_id, source, bearer, name, amount_minor
    )
    select tests.id('Salon'), v_line, 'coupon', 'platform', 'Spring', (line ->> 'subsidy')::bigint
    where (line ->> 'subsidy')::bigint > 0;
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor
    )
    select tests.id('Salon'), v_sale, 0, 'gst', 1800, 0, (line ->> 'tax')::bigint;
    insert into money.payments (
        id, provider, currency, amount_minor, capture, to_capture_minor, return_url, expires_at
    )
    select v_payment, 'sandbox', sell.currency, paid, 'now', paid, 'https://x.example', 'infinity'
    from (select (line ->> 'paid')::bigint as paid) as amounts;
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor
    )
    select
        tests.id('Salon'), v_sale, v_payment, 'sandbox', sell.currency, (line ->> 'paid')::bigint;
    update money.payment_parts set captured_minor = amount_minor where payment_id = v_payment;
    perform money.post(null, 'capture', v_payment, array[
        money.make_entry(
            money.account('provider', sell.currency, provider => 'sandbox'),
            (line ->> 'paid')::bigint
        ),
        money.make_entry(
            money.account('business_pending', sell.currency, business_id => tests.id('Salon')),
            - (line ->> 'paid')::bigint
        )
    ]);
    return array[v_sale, v_line, v_payment];
end; $$;
create function tests.refund(sale uuid, line uuid, payment uuid, minor bigint, currency text)
returns void language plpgsql as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into money.refunds (id, business_id, payment_id, currency, amount_minor, reason)
    values (v_id, tests.id('Salon'), payment, refund.currency, minor, 'Sorry');
    insert into money.refund_parts (business_id, refund_id, sale_id, payment_id, amount_minor)
    values (tests.id('Salon'), v_id, sale, payment, minor);
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    values (tests.id('Salon'), v_id, line, minor);
    update money.refunds set status = 'succeeded', finished_at = private.now() where id = v_id;
    perform money.post(tests.id('Salon'), 'refund', v_id, array[
        money.make_entry(
            money.account('business_pending', refund.currency, business_id => tests.id('Salon')),
            minor
        ),
        money.make_entry(money.account('provider', refund.currency, provider => 'sandbox'), - minor)
    ]);
end; $$;
create function tests.correct(sale uuid, line uuid, minor bigint) returns void
language plpgsql as $$
declare
    v_next integer = (select max(revision) + 1 from sales.sale_revisions where sale_id = sale);
begin
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Salon'), sale, v_next, 'corrected', private.now());
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor
    )
    values (tests.id('Salon'), sale, v_next, 'none', 0, - minor, 0);
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, corrects_line_id, name, quantity,
        unit_minor, amount_minor
    )
    values (
        tests.id('Salon'), sale, v_next + 1, v_next, 'service', line, 'Cut', 1, - minor, - minor
    );
end; $$;
create function tests.books(sale uuid, currency text)
returns table (levels bigint[], earned bigint, pending bigint)
language sql as $$
    select
        (
            select array_agg(amount_minor - reversed_minor order by level)
            from money.commissions where sale_id = sale
        ),
        (
            select coalesce(sum(amount_minor), 0)::bigint from money.earnings where sale_id = sale
        ),
        (
            select money.balance(
                money.account_id(
                    'business_pending', books.currency, tests.id('Salon'), null, null
                )
            )
        )
$$;
"""


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon in which sales of one line are written, delivered and given back."""
    db.connection.execute(SETUP.encode())
    return db


@settings(max_examples=25)
@given(data=st.data(), currency=st.sampled_from(sorted(PRICES)))
def test_deliveries_refunds_and_corrections_lead_to_the_same_in_any_order(
    salon: Database, data: st.DataObject, currency: str
) -> None:
    line = data.draw(lines(currency).filter(lambda it: it.paid > 0))
    plan = {
        name: getattr(line, name)
        for name in ("treatment", "rate", "fixed", "commission_tax", "weights")
    }
    row = {
        **{
            name: getattr(line, name) for name in ("price", "tax", "is_included", "subsidy", "paid")
        },
        "discount": line.business_discount + line.subsidy,
    }
    ((_, _, pending),) = salon.rows("select * from tests.books(null, %s)", currency)
    ((ids,),) = salon.rows(
        "select tests.sell(%s, %s, %s)", json.dumps(plan), json.dumps(row), currency
    )
    sale, line_id, payment = cast("list[object]", ids)
    history = History(salon, line, currency, sale, int(str(pending)))
    for step in data.draw(st.permutations(["deliver", "refund", "correct", "refund"])):
        if step == "deliver":
            salon.rows("select sales.deliver_lines(tests.id('Salon'), %s)", sale)
            history.is_delivered |= history.corrected < line.paid
        elif step == "refund" and history.refunded < line.paid:
            minor = data.draw(st.integers(1, line.paid - history.refunded))
            salon.rows(
                "select tests.refund(%s, %s, %s, %s, %s)", sale, line_id, payment, minor, currency
            )
            history.refunded += minor
        elif step == "correct":
            minor = data.draw(st.integers(1, line.paid))
            salon.rows("select tests.correct(%s, %s, %s)", sale, line_id, minor)
            history.corrected += minor
        history.check()
    if history.refunded < line.paid:
        rest = line.paid - history.refunded
        salon.rows(
            "select tests.refund(%s, %s, %s, %s, %s)", sale, line_id, payment, rest, currency
        )
        history.refunded = line.paid
        history.check()
