"""The demo: believable, whole, and the same every time."""

from __future__ import annotations

import datetime
import json
import re

import psycopg
from rich.progress import Progress

from cli.commands.demo import Size, fill, is_there
from tests.harness.database import Database
from tests.harness.session import DatabaseSession
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

MONDAY = datetime.date(2026, 9, 7)
CHECKSUM = """
    select md5(string_agg(bookings::text, '' order by bookings.id))
    from scheduling.bookings
"""
ON_A_HOLIDAY = """
    select count(*)
    from scheduling.bookings
    inner join business.closures on closures.business_id = bookings.business_id
    where (bookings.starts_at at time zone bookings.time_zone)::date
        between closures.starts_on and closures.ends_on
"""
OFFSETS_OF_ONE_BUSINESS = """
    select count(distinct
        (starts_at at time zone bookings.time_zone) - (starts_at at time zone 'UTC'))
    from scheduling.bookings
    inner join business.businesses on businesses.id = bookings.business_id
    where businesses.slug = 'demo-salon-mitte'
"""


# By a word that only the synonyms have.
FOUND = """
    select array(
        select distinct kind::text
        from search.entries
        where business_id in (select business_id from search.synonyms)
        and (kind <> 'service' or words @@ 'hairdo')
        order by 1)
"""
WALK_INS = """
    select count(*)
    from scheduling.bookings
    inner join scheduling.booking_history on booking_history.booking_id = bookings.id
    where bookings.customer_id is null and bookings.customer_name is not null
    and booking_history.actor = 'business' and booking_history.overridden = '{notice}'
"""
ORDERS = """
    select string_agg(concat_ws(' ', status, kind, orders), ', ' order by status)
    from (
        select orders.status::text, orders.delivery_kind::text as kind, count(*) as orders
        from commerce.orders
        inner join commerce.order_items on order_items.order_id = orders.id
        where (orders.status = 'shipped') = (order_items.shipped_quantity = order_items.quantity)
        group by 1, 2
    ) as counted
"""


BEFORE = """
    select tests.person('owner'), tests.person('customer'), tests.business('Salon', 'owner'),
        tests.at('2031-05-01 00:00Z'), tests.service('Cut', 'Salon'), tests.hours('Salon'),
        tests.resource('Ann', 'Salon'), tests.takes('Cut', 'Ann');
    select tests.act_as('customer');
    select public.book(tests.id('Cut')::text, '2031-05-02T10:00:00Z');
    select tests.act_as_owner();
    insert into reviews.reviews (business_id, booking_id, rating, locale, status, created_at)
    select business_id, id, 4, 'en', 'published', now() from scheduling.bookings;
    insert into crm.conversations (business_id, customer_id, created_at, last_message_at)
    select business_id, id, now(), now() from customers.customers;
"""


def filled(database: Database) -> psycopg.Connection:
    connection = psycopg.connect(database.dsn, autocommit=True)
    fill(connection, Size.small, MONDAY, Progress(disable=True))
    return connection


def value(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_two_databases_get_the_same_bookings(databases: DatabaseSession) -> None:
    with (
        databases.clone() as one,
        databases.clone() as other,
        filled(one) as first,
        filled(other) as second,
    ):
        assert value(first, CHECKSUM) == value(second, CHECKSUM)


def test_it_is_about_a_thousand_bookings_none_of_them_on_a_holiday(db: Database) -> None:
    with filled(db) as connection:
        assert is_there(connection)
        assert 800 < int(str(value(connection, "select count(*) from scheduling.bookings"))) < 3000
        assert int(str(value(connection, "select count(*) from business.closures"))) > 100
        assert value(connection, ON_A_HOLIDAY) == 0
        assert int(str(value(connection, "select count(*) from scheduling.sessions"))) > 100
        assert value(connection, OFFSETS_OF_ONE_BUSINESS) == 2, "both sides of the clock change"
        assert int(str(value(connection, WALK_INS))) > 10
        assert value(connection, ORDERS) == "paid pickup 8, shipped delivery 8"


def test_the_demo_holds_nothing_that_a_trigger_would_refuse(db: Database) -> None:
    with filled(db) as connection:
        # Each row is written again with every trigger awake: eligibility, input, references.
        connection.execute("update scheduling.allocations set resource_id = resource_id")
        connection.execute("update catalog.services set name = name")
        connection.execute("update catalog.working_hours set weekday = weekday")
        connection.execute("update business.closures set title = title")


def test_what_was_there_before_the_demo_stays_as_it_was(db: Database) -> None:
    db.connection.execute(BEFORE)
    salon = "business_id = (select tests.id('Salon'))"
    with filled(db) as connection:
        assert value(connection, "select count(*) from reviews.miscounts()") == 0
        assert value(connection, FOUND) == ["business", "product", "service"]
        assert "popular" in value(connection, "select array_agg(reason) from recommend('popular')")
        assert value(connection, f"select count(*) from reviews.review_history where {salon}") == 1
        assert value(connection, f"select count(*) from crm.messages where {salon}") == 0


def test_a_second_demo_changes_nothing_and_a_tour_works_beside_it(stack: RunningStack) -> None:
    first = stack.cli("demo", "--json")
    assert first.returncode == 0, first.stderr
    second = stack.cli("demo", "--json")
    assert second.returncode == 0
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert "there already" in second.stderr
    third = stack.cli("demo")
    password = re.search(r"with the password (\S+) as", third.stderr)
    assert password is not None, third.stderr
    wait_until(lambda: "Salon Mitte.png" in shown_pictures(stack))
    people = re.findall(r"^  (\S+@example.com)$", third.stderr, re.MULTILINE)
    assert len(people) == 4
    with stack.client() as client:
        for email in people:
            signed_in = client.post(
                "/auth/v1/token?grant_type=password",
                json={"email": email, "password": password[1]},
            )
            assert signed_in.status_code == 200, signed_in.text
    tour = stack.cli("tour", "--json")
    assert tour.returncode == 0, tour.stderr
    outcomes = [step["outcome"] for step in json.loads(tour.stdout)]
    assert any(outcome.startswith("slot_taken") for outcome in outcomes)
    assert any(outcome.startswith("too_soon") for outcome in outcomes)
    assert "the till's next request is refused: invalid_api_key" in outcomes
    assert any("6 renditions" in outcome for outcome in outcomes)
    assert "completed" in outcomes
    assert "placed → paid → shipped → delivered" in outcomes
    assert outcomes[-1].endswith("mails: ./frontdesk mail")


def shown_pictures(stack: RunningStack) -> set[str]:
    """The pictures of businesses that a visitor sees."""
    with stack.client() as client:
        rows = client.get("/rest/v1/business_media?select=media(file_name)").json()
    return {row["media"]["file_name"] for row in rows}


def test_a_tour_without_a_stack_says_what_to_do(tmp_path: object) -> None:
    from tests.harness.stack import run_cli

    done = run_cli("tour", "--state", f"{tmp_path}/none")
    assert done.returncode == 1
    assert "up" in done.stderr and "Traceback" not in done.stderr


EMPTYING = """
    select
        relation::text,
        format(
            'update %s set %s', relation, string_agg(format('%I = %s', column_name, emptied), ', ')
        )
    from (select distinct relation from private.tagged_columns() where is_personal) as tagged
    cross join lateral private.erasable_columns(tagged.relation, with_kept => false)
    where not exists (
        select 1
        from private.tagged_columns() as deleted
        where deleted.relation = tagged.relation and deleted.deletes_row
    )
    group by relation
"""


def test_what_is_personal_can_be_emptied_in_every_row(databases: DatabaseSession) -> None:
    with databases.clone() as database, filled(database) as connection:
        for relation, statement in connection.execute(EMPTYING).fetchall():
            with connection.transaction(force_rollback=True):
                try:
                    connection.execute(statement)
                except psycopg.Error as error:
                    raise AssertionError(f"{relation}: {error}") from None
