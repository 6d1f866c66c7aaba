"""The hot queries use the indexes that were made for them, however many rows there are.

Each is explained as the role that asks it, on twenty thousand bookings of a thousand customers in
a hundred businesses. Dropping the index that a line names makes that line fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.harness.database import Database
from tests.harness.session import DatabaseSession

TOWN = """
    set session_replication_role = replica;
    insert into auth.users (id, email, email_confirmed_at)
    select md5('user' || n)::uuid, n || '@example.com', now() from generate_series(0, 999) as n;
    insert into identity.profiles (id, email)
    select md5('user' || n)::uuid, n || '@example.com' from generate_series(0, 999) as n;
    insert into business.businesses (
        id, slug, name, vertical_id, country, time_zone, currency, status
    )
    select
        md5('business' || n)::uuid, 'business-' || n, 'Business ' || n,
        case when n = 7 then 'clinic' else 'salon' end, 'DE', 'UTC', 'EUR', 'approved'
    from generate_series(0, 999) as n;
    insert into business.business_members (id, business_id, user_id, role, display_name)
    select
        md5('member' || n)::uuid, md5('business' || n)::uuid, md5('user' || n)::uuid, 'owner', 'O'
    from generate_series(0, 999) as n;
    insert into catalog.resources (id, business_id, kind, name)
    select md5('resource' || n)::uuid, md5('business' || n)::uuid, 'staff', 'R'
    from generate_series(0, 99) as n;
    insert into catalog.services (
        id, business_id, name, duration_minutes, price_minor, currency
    )
    select
        md5('service' || n)::uuid, md5('business' || n % 100)::uuid, 'S' || n, 60, 100, 'EUR'
    from generate_series(0, 4999) as n;
    insert into scheduling.bookings (
        id, business_id, customer_id, reference, status, starts_at, ends_at, time_zone, currency,
        total_minor, quote, policy, sale_id
    )
    select
        md5('booking' || n)::uuid, md5('business' || n % 100)::uuid, md5('user' || n % 1000)::uuid,
        translate(lpad(n::text, 8, '0'), '0123456789', 'ABCDEFGHJK'), 'confirmed',
        '2031-01-01Z'::timestamptz + make_interval(hours => n / 100),
        '2031-01-01Z'::timestamptz + make_interval(hours => n / 100 + 1),
        'UTC', 'EUR', 100, '{}', '{}', md5('sale' || n)::uuid
    from generate_series(0, 19999) as n;
    insert into scheduling.booking_items (
        id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name
    )
    select
        bookings.id, bookings.business_id, bookings.id, 1, md5('service1')::uuid, null,
        bookings.starts_at, bookings.ends_at, 60, 100, 'S'
    from scheduling.bookings;
    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
    )
    select
        bookings.business_id, bookings.id, bookings.id,
        md5('resource' || substr(businesses.slug, 10))::uuid, 1,
        tstzrange(bookings.starts_at, bookings.ends_at), true
    from scheduling.bookings
    inner join business.businesses on businesses.id = bookings.business_id;
    insert into scheduling.booking_history (
        business_id, booking_id, to_status, to_starts_at, actor, at
    )
    select business_id, id, 'confirmed', starts_at, 'customer', now() from scheduling.bookings;
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, business_id, subject, subject_id, user_id, address,
        locale, data
    )
    select
        id, 'booking.confirmed', 'customer', 'mail', business_id, 'booking', id, customer_id, 'a',
        'en', '{}'
    from scheduling.bookings;
    insert into engagement.notifications (
        id, user_id, business_id, subject, subject_id, event, title, body
    )
    select id, user_id, business_id, subject, subject_id, event, 'T', 'B'
    from engagement.notification_deliveries;
    set session_replication_role = origin;
    analyze;
"""
CUSTOMER, OWNER, OPERATOR = "user500", "user5", None
WEEK = "'[2031-01-05Z, 2031-01-06Z)'"
# name: (who asks, the query, the index that it must use)
HOT = {
    "what a resource has taken": (
        OPERATOR,
        "select during from scheduling.allocations where resource_id = md5('resource5')::uuid"
        f" and during && {WEEK} and is_blocking",
        "allocations_no_overlap",
    ),
    "how much a resource has to do": (
        OPERATOR,
        "select count(*) from scheduling.allocations where resource_id = md5('resource5')::uuid"
        " and lower(during) >= '2031-01-05Z' and lower(during) < '2031-01-06Z' and is_blocking",
        "allocations_start_idx",
    ),
    "what a booking has taken of a resource": (
        OPERATOR,
        "select during from scheduling.allocations where business_id = md5('business5')::uuid"
        " and booking_id = md5('booking5')::uuid and resource_id = md5('resource5')::uuid",
        "allocations_(pkey|resource_idx)",
    ),
    "a customer's own bookings": (
        CUSTOMER,
        "select * from public.bookings order by starts_at, id limit 20",
        "bookings_customer_id_starts_at_idx",
    ),
    "a business's bookings of a day": (
        OWNER,
        "select * from public.bookings where business_id = md5('business5')::uuid"
        " and starts_at >= '2031-01-05Z' and starts_at < '2031-01-06Z'",
        "bookings_business_id_starts_at_idx",
    ),
    "a booking by its reference": (
        OPERATOR,
        "select * from scheduling.bookings where reference = 'AAAABCDE'",
        "bookings_reference_unique",
    ),
    "the history of a booking": (
        OWNER,
        "select * from public.booking_history where business_id = md5('business5')::uuid"
        " and booking_id = md5('booking5')::uuid order by id",
        "booking_history_booking_idx",
    ),
    "the catalog page of a business": (
        CUSTOMER,
        "select * from public.services where business_id = md5('business5')::uuid",
        r"services_\w+",
    ),
    "the businesses of a vertical": (
        CUSTOMER,
        "select * from public.businesses where vertical_id = 'clinic'",
        "businesses_vertical",
    ),
    "what a user was told": (
        CUSTOMER,
        "select * from public.notifications where user_id = md5('user500')::uuid"
        " order by created_at desc limit 20",
        "notifications_user_id_idx",
    ),
    "what became of the messages about a booking": (
        OWNER,
        "select * from public.notification_deliveries where booking_id = md5('booking5')::uuid",
        "notification_deliveries_booking_idx",
    ),
    "what was told of a row that is deleted": (
        OPERATOR,
        "delete from engagement.notification_deliveries"
        " where subject = 'booking' and subject_id = md5('booking5')::uuid",
        "notification_deliveries_subject_id_idx",
    ),
    "what became of a provider's message": (
        OPERATOR,
        "select * from engagement.notification_deliveries"
        " where provider = 'twilio' and provider_id = 'SM1'",
        "notification_deliveries_provider_idx",
    ),
}
BIG = re.compile(
    r"Seq Scan on (bookings|booking_items|allocations|booking_history|services|notifications"
    r"|notification_deliveries)\b"
)


@pytest.fixture(scope="module")
def town(databases: DatabaseSession) -> Iterator[Database]:
    with databases.clone() as database:
        database.connection.execute(TOWN.encode())
        yield database


def plan_of(db: Database, who: str | None, query: str) -> str:
    """What EXPLAIN says, asked as somebody."""
    with db.connection.transaction():
        if who:
            db.connection.execute(
                "select set_config('request.jwt.claims', json_build_object("
                "'sub', md5(%s)::uuid, 'role', 'authenticated')::text, true),"
                " set_config('role', 'authenticated', true)",
                (who,),
            )
        lines = db.connection.execute(f"explain {query}".encode()).fetchall()
    return "\n".join(str(line) for (line,) in lines)


@pytest.mark.parametrize("name", HOT)
def test_it_uses_its_index_and_reads_no_big_table_whole(town: Database, name: str) -> None:
    who, query, index = HOT[name]
    plan = plan_of(town, who, query)
    assert re.search(rf"(using|on) {index}", plan), plan
    assert not BIG.search(plan), plan


@pytest.mark.parametrize("view", ["bookings", "notifications", "notification_deliveries"])
def test_policies_ask_who_is_there_once(town: Database, view: str) -> None:
    plan = plan_of(town, CUSTOMER, f"select * from public.{view}")
    assert "InitPlan" in plan
    for line in plan.splitlines():
        if "Filter:" in line or "Cond:" in line:
            assert "auth.uid" not in line and "request.jwt" not in line, line


@pytest.mark.parametrize("name", ["bookings", "booking_items"])
def test_rows_are_passed_on_as_they_are_stored(town: Database, name: str) -> None:
    """A view that leaves a column out builds every row anew, also those that a page leaves out."""
    columns = (
        "select array_agg(attname::text order by attnum) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
    )
    view, table = (
        town.connection.execute(columns, (f"{schema}.{name}",)).fetchone()
        for schema in ("public", "scheduling")
    )
    assert view == table


def test_a_line_fails_without_its_index(town: Database) -> None:
    _, query, index = HOT["a booking by its reference"]
    with town.connection.transaction(force_rollback=True):
        town.connection.execute(f"alter table scheduling.bookings drop constraint {index}".encode())
        plan = plan_of(town, OPERATOR, query)
        assert BIG.search(plan)
