"""Every line of the table in docs/notifications.md, played: who hears of it, on which channels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from cli.options import ROOT
from tests.harness.database import Database
from tests.workers.notifications.goods_plays import GOODS_PLAYS
from tests.workers.notifications.order_plays import ORDER_PLAYS
from tests.workers.notifications.review_plays import REVIEW_PLAYS

LINE = re.compile(r"^\| `(?P<event>[a-z._]+)` \| [^|]* \|(?P<channels>[^|]*(\|[^|]*){3})\|$")
AUDIENCES = ("customer", "business", "staff", "platform")
TOWN = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person(called) from unnest('{owner,ann,ben,customer}'::text[]) as called;
    update identity.profiles set phone = '+491700000001' where id = tests.id('customer');
    insert into identity.devices (user_id, token, platform)
    select names.id, names.name, 'ios' from tests.names;
    select tests.business('Salon', 'owner');
    select tests.member('ann', 'Salon', 'staff'), tests.member('ben', 'Salon', 'staff');
    select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon');
    update catalog.resources set member_id = business_members.id
    from business.business_members
    where business_members.user_id = tests.id(lower(resources.name));
    select tests.hours('Salon');
    select tests.service('Cut', 'Salon'), tests.service('Colour', 'Salon');
    select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'), tests.takes('Colour', 'Ann');
    update catalog.services set requires_confirmation = true where id = tests.id('Colour');
"""
BOOK = (
    "select tests.act_as('customer');"
    "select public.book(tests.id('{}')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text);"
)
BOOK_TWO = (
    "select tests.act_as('customer');"
    "select public.book_many(tests.id('Salon')::text, json_build_array("
    "json_build_object('service_id', tests.id('Cut'), 'resource_id', tests.id('Ann')),"
    "json_build_object('service_id', tests.id('Cut'), 'resource_id', tests.id('Ann'))"
    ")::text, '2031-05-05T09:00:00Z');"
)
BOOKING = "(select id::text from scheduling.bookings)"
AS = "select tests.act_as('{}'); select {};"
PLAN = """
    select set_config('role', 'none', true);
    select engagement.plan(jsonb_agg(jsonb_build_object(
        'message_id', message -> 'message_id', 'topic', message -> 'kwargs' -> 'topic',
        'payload', message -> 'kwargs' -> 'payload'
    ))) from (
        select message from pgmq.q_notifications union all select message from pgmq.q_reminders
    ) as queued
"""
MEMBER = (
    "insert into memberships.membership_plans (id, business_id, name, access)"
    " values (tests.named('gold'), tests.id('Salon'), 'Gold', 'gold');"
    "insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)"
    " values (tests.id('Salon'), tests.id('gold'), 'EUR', 0);"
    "select tests.act_as('customer'); select public.join_membership(tests.id('gold')::text);"
)
DUE = (
    "select tests.act_as_owner(), tests.at('2031-06-01 08:00Z');"
    "update memberships.memberships set price_minor = 1000; select memberships.run_due(10);"
)
# event → what happens, in the words of people; each begins where the town does.
PLAYS = {
    "booking.requested": BOOK.format("Colour"),
    "booking.confirmed": BOOK.format("Cut"),
    "booking.rejected": BOOK.format("Colour")
    + AS.format("owner", f"public.reject_booking({BOOKING}, 'ill')"),
    "booking.cancelled": BOOK.format("Cut")
    + AS.format("customer", f"public.cancel_booking({BOOKING})"),
    "booking.item_cancelled": BOOK_TWO
    + AS.format(
        "customer",
        f"public.cancel_booking_item({BOOKING}, (select id::text from scheduling.booking_items"
        " where position = 2))",
    ),
    "booking.moved": BOOK.format("Cut")
    + AS.format("customer", f"public.reschedule_booking({BOOKING}, '2031-05-05T10:00:00Z')"),
    "booking.reassigned": BOOK.format("Cut")
    + AS.format("owner", f"public.reassign_booking({BOOKING}, tests.id('Ben')::text)"),
    "booking.expired": BOOK.format("Colour")
    + "select tests.act_as_owner(), tests.at('2031-05-05 09:00Z');"
    "select scheduling.apply_due_transitions(10);",
    "booking.paid_too_late": "update catalog.services set prepayment_bps = 10000;"
    + BOOK.format("Cut")
    + f"select public.start_payment('sandbox', booking_id => {BOOKING});"
    "select tests.act_as_owner(), tests.at('2031-05-01 09:00Z');"
    "select scheduling.apply_due_transitions(10);"
    "update catalog.services set prepayment_bps = 0;"
    + BOOK.format("Cut").replace("'customer'", "'ben'")
    + "select tests.act_as_owner(); update money.payments set provider_reference = 'late';"
    "select money.reconcile_payment('sandbox', jsonb_build_object('reference', 'late', 'status',"
    " 'captured', 'captured_minor', amount_minor, 'currency', currency)) from money.payments;",
    "booking.arrived": BOOK.format("Cut") + AS.format("ann", f"public.mark_arrived({BOOKING})"),
    "booking.no_show": BOOK.format("Cut")
    + "select tests.at('2031-05-05 09:20Z');"
    + AS.format("ann", f"public.mark_no_show({BOOKING})"),
    "booking.completed": BOOK.format("Cut")
    + "select tests.at('2031-05-05 09:30Z');"
    + AS.format("ann", f"public.complete_booking({BOOKING})"),
    "reminder.day": BOOK.format("Cut") + "select tests.act_as_owner();" + PLAN + ";",
    "reminder.hour": BOOK.format("Cut") + "select tests.act_as_owner();" + PLAN + ";",
    "waitlist.offered": BOOK.format("Cut")
    + AS.format(
        "ben",
        "public.join_waitlist(tests.id('Cut')::text, '2031-05-05T09:00:00Z',"
        " '2031-05-05T09:30:00Z', tests.id('Ann')::text)",
    )
    + AS.format("customer", f"public.cancel_booking({BOOKING})"),
    **ORDER_PLAYS,
    **GOODS_PLAYS,
    "membership.joined": MEMBER,
    "membership.renewing": MEMBER
    + "select tests.act_as_owner(), tests.at('2031-05-30 08:00Z');"
    + "select memberships.run_due(10);",
    "membership.invoiced": MEMBER + DUE,
    "membership.payment_failed": MEMBER + "select tests.act_as_owner();"
    "insert into money.payment_methods"
    " (user_id, provider, provider_reference, brand, last4, removed_at)"
    " values (tests.id('customer'), 'sandbox', 'gone', 'visa', '4242', now());"
    "update memberships.memberships set method_id = payment_methods.id from money.payment_methods;"
    + DUE,
    "membership.price_changing": MEMBER
    + AS.format(
        "owner",
        "public.announce_membership_price("
        "tests.id('gold')::text, '1000', '2031-07-01T00:00Z', 'EUR')",
    ),
    "membership.cancelled": MEMBER
    + "select tests.act_as_owner();"
    + AS.format("customer", "public.cancel_membership((select id::text from public.memberships))"),
    "membership.ended": MEMBER
    + AS.format(
        "customer", "public.cancel_membership((select id::text from public.memberships), 'false')"
    ),
    "membership.restored": MEMBER
    + DUE
    + "select tests.at('2031-06-09 08:00Z'); select memberships.run_due(10);"
    "select memberships.settle_period(business_id, id) from memberships.membership_periods"
    " where number = 2;",
    "gift.paid": MEMBER
    + "select public.gift_membership(tests.id('gold')::text, email => 'ben@example.com');",
    **REVIEW_PLAYS,
    "gift_card.expiring": AS.format(
        "owner",
        "public.record_cash_payment(public.sell_gift_card(tests.id('Salon')::text, '5000',"
        " 'Gina', 'gina@example.com', '2031-06-10T00:00Z') ->> 'sale_id')",
    )
    + "select tests.act_as_owner(), tests.at('2031-06-01 08:00Z');"
    "select money.announce_expiring_gift_cards();",
    "message.sent": "select tests.act_as('customer');"
    "select public.start_conversation(tests.id('Salon')::text, 'Hello?');"
    + AS.format("owner", "public.send_message((select id::text from public.conversations), 'Hi.')"),
    "offer.made": "select tests.act_as('customer');"
    "select public.set_consent(tests.id('Salon')::text, 'marketing', 'true');"
    + AS.format("owner", "public.send_offer(tests.id('Salon')::text, 'Spring', 'Half price')"),
}


def catalogue() -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """The table's lines: the event, and its (audience, channel) pairs."""
    for line in (ROOT / "docs" / "notifications.md").read_text("utf-8").splitlines():
        if found := LINE.match(line):
            cells = found["channels"].split("|")
            yield (
                found["event"],
                {
                    (audience, channel.strip())
                    for audience, cell in zip(AUDIENCES, cells, strict=True)
                    for channel in cell.split(",")
                    if channel.strip()
                },
            )


def play(db: Database, *scenes: str) -> None:
    """Run them in one transaction, so that the clock stays where it is put."""
    with db.connection.transaction():
        for scene in scenes:
            db.connection.execute(scene.encode())


def told(db: Database, event: str) -> list[tuple[object, ...]]:
    """Audience, channel and person of every delivery of an event."""
    return db.rows(
        "select audience::text, channel::text, names.name"
        " from engagement.notification_deliveries"
        " left join tests.names on names.id = notification_deliveries.user_id"
        " where event = %s order by 1, 2, 3",
        event,
    )


@pytest.fixture
def town(db: Database) -> Callable[[str], Database]:
    """A salon with its people, in which something happens and the workers have planned."""

    def happens(scene: str) -> Database:
        play(db, TOWN, scene, PLAN)
        return db

    return happens


def test_the_table_and_the_plays_are_about_the_same_events() -> None:
    assert [event for event, _ in catalogue()] == list(PLAYS)


@pytest.mark.parametrize(("event", "expected"), list(catalogue()))
def test_everyone_hears_of_it_as_the_table_says(
    town: Callable[[str], Database], event: str, expected: set[tuple[str, str]]
) -> None:
    db = town(PLAYS[event])
    deliveries = told(db, event)
    assert {(audience, channel) for audience, channel, _ in deliveries} == expected
    assert db.rows("select count(*) from engagement.events where subject <> 'account'") == [
        (len(PLAYS),)
    ]
    states = db.rows(
        "select distinct status::text from engagement.notification_deliveries where event = %s",
        event,
    )
    assert states == [("queued",)]
    unsaid = db.rows(
        "select distinct variables.name from engagement.notification_deliveries as deliveries"
        " inner join engagement.variables on variables.subject = deliveries.subject"
        " where event = %s and not data ? variables.name",
        event,
    )
    assert unsaid == []


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("product_change.pending", "ben"),
        ("product_change.rejected", "owner"),
        ("order_request.requested", "customer"),
        ("order_request.approved", "ben"),
    ],
)
def test_a_request_is_told_to_those_who_decide_and_the_decision_to_who_asked(
    town: Callable[[str], Database], event: str, name: str
) -> None:
    db = town(PLAYS[event])
    assert {told_name for _, _, told_name in told(db, event)} == {name}


@pytest.mark.parametrize("event", ["product_change.pending", "order_request.requested"])
def test_a_business_does_not_read_messages_to_the_platform_or_inside_a_company(
    town: Callable[[str], Database], event: str
) -> None:
    db = town(PLAYS[event])
    with db.connection.transaction():
        db.connection.execute("select tests.act_as('owner')")
        read = db.rows("select id from public.notification_deliveries where event = %s", event)
    assert read == []


def test_a_series_is_announced_once_and_reminded_each_time(
    town: Callable[[str], Database],
) -> None:
    db = town(
        "select tests.act_as('customer');"
        "select public.book_series("
        "tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=DAILY;COUNT=3');"
    )
    assert len(told(db, "booking.confirmed")) == 7  # mail, push, in_app; owner's; Ann's
    assert db.rows("select count(*) from engagement.reminders") == [(6,)]


@pytest.mark.parametrize(
    ("event", "step"),
    [
        ("booking.moved", "public.reschedule_series(id::text, '2031-05-06T09:00:00Z')"),
        ("booking.moved", "public.reschedule_series(id::text, '2031-05-04T09:00:00Z')"),
        ("booking.cancelled", "public.cancel_series(id::text)"),
    ],
    ids=["moved to later", "moved to earlier", "cancelled"],
)
def test_a_step_of_a_whole_series_is_told_once_about_its_first_booking(
    town: Callable[[str], Database], event: str, step: str
) -> None:
    db = town(
        "select tests.act_as('customer');"
        "select public.book_series("
        "tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=DAILY;COUNT=3');"
        f"select {step} from public.booking_series;"
    )
    told = db.rows(
        "select distinct bookings.starts_at = (select min(starts_at) from scheduling.bookings)"
        " from engagement.notification_deliveries"
        " inner join scheduling.bookings on bookings.id = subject_id where event = %s",
        event,
    )
    assert told == [(True,)]


def test_whose_turn_passed_on_is_not_told(town: Callable[[str], Database]) -> None:
    db = town(PLAYS["waitlist.offered"])
    assert {name for _, _, name in told(db, "waitlist.offered")} == {"ben"}
    over = (
        "select tests.at('2031-05-01 09:00Z'); update scheduling.waitlist_offers set told_at = null"
    )
    play(db, over, PLAN)
    assert len(told(db, "waitlist.offered")) == 3


@pytest.mark.parametrize("event", ["booking.cancelled", "reminder.day"])
def test_planning_a_notification_twice_sends_it_once(
    town: Callable[[str], Database], event: str
) -> None:
    db = town(PLAYS[event])
    before = told(db, event)
    play(db, "select tests.at('2031-05-01 08:00Z')", PLAN)
    assert told(db, event) == before


def test_a_reassignment_tells_who_gives_and_who_gave_it(town: Callable[[str], Database]) -> None:
    db = town(PLAYS["booking.reassigned"])
    assert {
        name for audience, _, name in told(db, "booking.reassigned") if audience == "staff"
    } == {
        "ann",
        "ben",
    }


def test_a_booking_is_not_deleted_while_a_message_about_it_is_planned(
    town: Callable[[str], Database],
) -> None:
    db = town(PLAYS["booking.confirmed"])
    with db.connection.transaction(), psycopg.connect(db.dsn) as other:
        db.connection.execute(PLAN.encode())
        other.execute("set lock_timeout = '100ms'")
        with pytest.raises(LockNotAvailable):
            other.execute("delete from scheduling.bookings")
