"""Random histories of a business: its dashboard equals a recount from the rows at any moment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

RECOUNT = Path(__file__).with_name("recount_days.sql").read_bytes()
# The clocks of Berlin go back on 2031-10-26, those of New York a week later.
FIRST = dt.datetime(2031, 10, 22, tzinfo=dt.UTC)
TOWN = """
    select tests.at('2031-10-22 00:00Z');
    select tests.person(called) from unnest('{owner,ada,bob}'::text[]) as called;
    select tests.business('Salon', 'owner', 'Europe/Berlin'),
        tests.business('Other', 'owner', 'Europe/Berlin');
    insert into pricing.currencies values ('JPY', 'Yen', 0) on conflict do nothing;
    select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'),
        tests.resource('Room', 'Salon', 'room'), tests.resource('Eve', 'Other');
    select tests.service('Cut', 'Salon'), tests.service('Perm', 'Salon', 90);
    select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'), tests.takes('Perm', 'Ben'),
        tests.takes('Perm', 'Room', 'all');
    select tests.hours('Salon', '09:00', '17:00', '{1,2,3,4,5,6}'), tests.hours('Other');
    insert into catalog.products (id, business_id, name, slug, currency)
    values (tests.named('Soap'), tests.id('Salon'), 'Soap', 'soap', 'EUR');
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.named('Bar'), tests.id('Salon'), tests.id('Soap'), 'bar', 300);
"""
BOOK = """
    insert into scheduling.bookings (
        id, business_id, customer_id, customer_email, customer_phone, reference, status, starts_at,
        ends_at, time_zone, currency, total_minor, quote, policy, hold_expires_at, created_at
    )
    select
        made.id, tests.id('Salon'),
        case %(who)s::text when 'ada' then tests.id('ada') when 'bob' then tests.id('bob') end,
        case when %(who)s::text like '%%@%%' then %(who)s::text end,
        case when %(who)s::text like '+%%' then %(who)s::text end,
        (select string_agg(substr('23456789ABCDEFGHJKMNPQRSTUVWXYZ',
            1 + get_byte(sha256(made.id::text::bytea), n) %% 31, 1), '')
            from generate_series(0, 7) as n),
        %(status)s, %(at)s, %(at)s + make_interval(mins => services.duration_minutes),
        'Europe/Berlin', %(currency)s, services.price_minor,
        jsonb_build_object(
            'currency', %(currency)s::text, 'promotions', '[]'::jsonb, 'discount_minor', 0,
            'lines', jsonb_build_array(jsonb_build_object(
                'kind', 'service', 'service_id', services.id, 'name', services.name, 'quantity', 1,
                'unit_minor', services.price_minor, 'amount_minor', services.price_minor,
                'discount_minor', 0, 'tax_minor', 700, 'tax_is_included', true, 'taxes', '[]'::jsonb
            )),
            'taxes', '[]'::jsonb
        ),
        '{}', %(at)s, private.now()
    from (select %(id)s::uuid as id) as made
    cross join catalog.services where services.id = tests.id(%(service)s);
    insert into scheduling.booking_items (
        business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name
    )
    select business_id, bookings.id, 1, tests.id(%(service)s), tests.id(%(staff)s), starts_at,
        ends_at, extract(epoch from ends_at - starts_at) / 60, total_minor, 'x'
    from scheduling.bookings where bookings.id = %(id)s;
"""
SELL = """
    select sales.place_sale(
        tests.id('Salon'), null, null, %(who)s::text, null,
        jsonb_build_object(
            'currency', 'EUR', 'promotions', '[]'::jsonb, 'discount_minor', 0, 'taxes', '[]'::jsonb,
            'lines', jsonb_build_array(jsonb_build_object(
                'kind', 'product', 'variant_id', tests.id('Bar'), 'name', 'Bar', 'quantity', 2,
                'unit_minor', 300, 'amount_minor', 600, 'discount_minor', 0, 'tax_minor', 50,
                'tax_is_included', false, 'taxes', '[]'::jsonb
            ))
        )
    )
"""
POST = """
    select money.post(
        tests.id('Salon'), %(cause)s, gen_random_uuid(),
        array[
            money.make_entry(money.account('cash', %(currency)s, tests.id('Salon')), %(amount)s),
            money.make_entry(
                money.account('business_pending', %(currency)s, tests.id('Salon')), - %(amount)s
            )
        ],
        %(at)s
    )
"""
CHANGES = {
    "move": "update scheduling.bookings set starts_at = %(at)s, ends_at = %(at)s + (ends_at -"
    " starts_at) where id = %(id)s",
    "step": "update scheduling.bookings set status = %(status)s, status_reason = 'x'"
    " where id = %(id)s",
    "reassign": "update scheduling.booking_items set resource_id = tests.id(%(staff)s)"
    " where booking_id = %(id)s",
    "rename": "update sales.sales set customer_id ="
    " case when %(who)s::text = 'ada' then tests.id('ada') end, customer_email ="
    " case when %(who)s::text like '%%@%%' then %(who)s::text end"
    " where id = (select sale_id from scheduling.bookings where id = %(id)s)",
    "close": "insert into business.closures (business_id, starts_on, ends_on)"
    " values (tests.id('Salon'), %(at)s::date, %(at)s::date + 1)",
    "retire": "update catalog.resources set is_active = not is_active"
    " where id = tests.id(%(staff)s)",
    "zone": "update business.businesses set time_zone = %(zone)s where id = tests.id('Salon')",
    "past": "select insight.note_past_days()",
    "refresh": "select insight.refresh_days(%(count)s)",
}
STATUSES = (
    *("held", "pending_payment", "pending", "confirmed", "checked_in", "completed"),
    *("cancelled", "rejected", "no_show", "expired"),
)
step = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ("book", "book", "book", "sell", "take", "step", "step", "crash", *CHANGES)
        ),
        "later": st.integers(0, 3000),  # minutes by which the clock goes on
        "of": st.integers(0, 5),
        "at": st.integers(0, 24 * 16).map(lambda hours: FIRST + dt.timedelta(hours=hours)),
        "who": st.sampled_from(("ada", "bob", "eve@example.com", "Eve@Example.com", "+491", "x")),
        "status": st.sampled_from(STATUSES),
        "service": st.sampled_from(("Cut", "Perm")),
        "staff": st.sampled_from(("Ann", "Ben")),
        "currency": st.sampled_from(("EUR", "JPY")),
        "amount": st.integers(1, 9000),
        "cause": st.sampled_from(("capture", "refund", "dispute_lost", "provider_fee")),
        "zone": st.sampled_from(("Europe/Berlin", "America/New_York", "Pacific/Apia")),
        "count": st.integers(1, 3),
        "looks": st.booleans(),
    }
)


@settings(max_examples=15)
@given(steps=st.lists(step, min_size=4, max_size=16), width=st.integers(0, 15))
def test_the_dashboard_equals_a_recount(
    db: Database, steps: list[dict[str, Any]], width: int
) -> None:
    connection = db.connection
    with connection.transaction(force_rollback=True):
        connection.execute(TOWN)
        ids: list[str] = []
        now = FIRST
        for number, one in enumerate(steps):
            now += dt.timedelta(minutes=one["later"])
            connection.execute("select set_config('frontdesk.now', %s, true)", (now.isoformat(),))
            take(connection, one, ids, f"00000000-0000-4000-8000-{number:012}")
            if one["looks"]:
                from_on = one["at"].date()
                compare(db, from_on, from_on + dt.timedelta(days=width))
        compare(db, FIRST.date() - dt.timedelta(days=9), FIRST.date() + dt.timedelta(days=40))
        while db.rows("select insight.refresh_days(1000)") != [(0,)]:
            pass
        assert kept(db) == []


def kept(db: Database) -> list[tuple[object, ...]]:
    """The kept rows that differ from what is counted now."""
    return db.rows("""
        with counted as (
            select counted.* from business.businesses
            cross join lateral insight.count_days(businesses.id, array(
                select day from insight.kept_days where business_id = businesses.id
            )) as counted
        )
        (table insight.days except table counted)
        union all
        (table counted except table insight.days)
    """)


def take(connection: psycopg.Connection, one: dict[str, Any], ids: list[str], new_id: str) -> None:
    """Do what a step says; what the rules refuse changes nothing."""
    kind = one["kind"]
    given = {**one, "id": ids[one["of"] % len(ids)] if ids else None}
    try:
        with connection.transaction(force_rollback=kind == "crash"):
            if kind == "crash":  # a worker that was killed before its commit
                connection.execute("select insight.refresh_days(1000)")
            elif kind == "book":
                for statement in BOOK.split(";")[:2]:
                    connection.execute(statement.encode(), {**one, "id": new_id})
                ids.append(new_id)
            elif kind in ("sell", "take"):
                connection.execute(SELL if kind == "sell" else POST, given)
            else:
                connection.execute(CHANGES[kind].encode(), given)
    except psycopg.Error as error:
        assert (error.sqlstate or "").startswith(("PT", "23")), error


def compare(db: Database, from_on: dt.date, to_on: dt.date) -> None:
    """Hold the dashboard of a period, and the sums of its series, to the recount."""
    ((business, page),) = db.rows(
        "select tests.id('Salon'), public.business_dashboard(tests.id('Salon')::text, %s, %s)",
        str(from_on),
        str(to_on),
    )
    assert isinstance(page, dict)
    rows = db.connection.execute(
        RECOUNT, {"business": business, "from": from_on, "to": to_on}
    ).fetchall()
    recounted: dict[str, int] = dict(rows)
    lead = recounted.pop("lead", 0)
    assert told(page) == recounted
    assert (page["lead_minutes"] or 0) * page["bookings"] == pytest.approx(
        lead, abs=page["bookings"]
    )
    sold = {name: amount for name, amount in recounted.items() if name.startswith(("sold", "rev"))}
    assert summed(page["series"]) == sold


def told(page: dict[str, Any]) -> dict[str, int]:
    """What a dashboard says, by the names of the recount."""
    figures = {
        **{f"status {status}": count for status, count in page["by_status"].items()},
        **{f"sold {money['currency']}": money["sold_minor"] for money in page["money"]},
        **{f"tax {money['currency']}": money["tax_minor"] for money in page["money"]},
        **{f"revenue {money['currency']}": money["revenue_minor"] for money in page["money"]},
        "new": page["new_customers"],
        "returning": page["returning_customers"],
        "booked": page["booked_minutes"],
        "open": page["open_minutes"],
    }
    for name in ("service", "product", "staff"):
        plural = name if name == "staff" else f"{name}s"
        for row in page[f"top_{plural}"]:
            figures[f"{name} {row['id']} {row['currency']}"] = row["sold_minor"]
    return {name: amount for name, amount in figures.items() if amount}


def summed(series: list[dict[str, Any]]) -> dict[str, int]:
    """The money of all days of a series."""
    sums: dict[str, int] = {}
    for day in series:
        for money in day["money"]:
            for name in ("sold", "revenue"):
                key = f"{name} {money['currency']}"
                sums[key] = sums.get(key, 0) + money[f"{name}_minor"]
    return {name: amount for name, amount in sums.items() if amount}
