"""Random histories of what people do at once, and an independent checker of where they end."""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg

from tests.harness.acting import DEADLOCKS, connected, number
from tests.harness.database import Database
from tests.property.one_calendar import CLINIC, check_people

THREADS, STEPS = 4, 3
PEOPLE = ["ada", "bob", "cyd", "dan"]
TOWN = """
    select tests.person(called) from unnest('{owner,ada,bob,cyd,dan}'::text[]) as called;
    select tests.business('Salon', 'owner'), tests.resource('Ann', 'Salon'),
        tests.resource('Ben', 'Salon'), tests.resource('Eve', 'Salon'),
        tests.resource('Room', 'Salon', 'room'), tests.hours('Salon');
    insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)
    select tests.id('Salon'), day, '09:00', '17:00' from generate_series(1, 7) as day
    where day not in (select weekday from catalog.working_hours);
    select tests.service('Cut', 'Salon'), tests.service('Massage', 'Salon', 90),
        tests.service('Colour', 'Salon'), tests.service('Yoga', 'Salon');
    select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'),
        tests.takes('Massage', 'Ann'), tests.takes('Massage', 'Room', 'all'),
        tests.takes('Colour', 'Ben'), tests.takes('Yoga', 'Eve');
    update catalog.services set buffer_after_minutes = 15, buffer_before_minutes = 5
    where id = tests.id('Cut');
    update catalog.services set requires_confirmation = true, is_blocked_by_pending = false
    where id = tests.id('Colour');
    update catalog.services set is_class = true, max_party_size = 3 where id = tests.id('Yoga');
    insert into catalog.booking_limits (
        business_id, service_id, resource_id, period, max_bookings, is_per_customer
    )
    values
        (tests.id('Salon'), null, null, 'day', 3, true),
        (tests.id('Salon'), tests.id('Colour'), null, 'upcoming', 1, true),
        (tests.id('Salon'), null, tests.id('Room'), 'day', 2, false);
    update auth.users set email = 'ada@example.com' where id = tests.id('ada');

    -- What was mailed last to a guest.
    create function tests.mailed(what text) returns text language sql security definer as $$
        select message -> 'kwargs' -> 'payload' ->> mailed.what
        from pgmq.q_mail
        where message -> 'kwargs' -> 'payload' ->> 'kind' = 'guest_booking'
        order by msg_id desc
        limit 1
    $$;
    grant execute on all functions in schema tests to anon, authenticated;
"""
GUESTS = ["ada@example.com", "gus@example.com", "hal@example.com"]
TAKES = {"Cut": 1, "Massage": 2, "Colour": 1, "Peel": 1}
LIVE = {"confirmed", "checked_in", "completed"}
STEPS_THAT_EXIST = {
    ("held", "pending"), ("held", "confirmed"), ("held", "cancelled"), ("held", "expired"),
    ("pending", "confirmed"), ("pending", "rejected"), ("pending", "cancelled"),
    ("pending", "expired"), ("confirmed", "cancelled"), ("confirmed", "pending"),
}  # fmt: skip
REFUSALS = {
    "slot_taken", "outside_hours", "too_soon", "invalid_transition", "hold_expired",
    "changed_meanwhile", "capacity_in_use", "in_use", "offer_expired", "already_waiting",
    "forbidden", "not_eligible", "invalid_input", "limit_reached", "rate_limited", "not_found",
    "too_late", "available_now", "double_booked",
}  # fmt: skip
YOGA = "tests.id('Yoga')::text"
SERIES = "select id::text from public.booking_series order by first_at desc limit 1"
MAILED = "tests.mailed('reference'), tests.mailed('code')"
MINE = "select id::text from public.bookings where starts_at::date = %(day)s order by id limit 1"


def step(order: random.Random) -> tuple[str, str]:
    """Something that somebody does on the day: who, and the statement."""
    who = order.choice(PEOPLE)
    service = order.choice(["Cut", "Cut", "Massage", "Colour", "Yoga", "Yoga", "Peel", "Peel"])
    at = f"%(day)s || 'T{order.randint(9, 12):02}:00:00Z'"
    hour = order.randint(9, 12)
    window = f"%(day)s || 'T{hour:02}:00:00Z', %(day)s || 'T{hour:02}:30:00Z'"
    one = f"tests.id('{service}')::text"
    party = order.randint(1, 3) if service == "Yoga" else 1
    guest = order.choice(GUESTS)
    hold = order.choice(["true", "false", "false"])
    return order.choice(
        [
            (who, f"public.book({one}, {at}, party_size => '{party}', hold => '{hold}')"),
            (who, f"public.book({one}, {at}, party_size => '{party}')"),
            (who, f"public.book_series({one}, {at}, 'FREQ=DAILY;COUNT=2', on_conflict => 'skip')"),
            (who, f"public.cancel_booking(({MINE}))"),
            (who, f"public.reschedule_booking(({MINE}), {at})"),
            (who, f"public.confirm_booking(({MINE}))"),
            (who, f"public.join_waitlist({one}, {window})"),
            (who, "public.accept_waitlist_offer(id::text) from public.waitlist_entries"
             " where status = 'offered'"),
            (who, "public.leave_waitlist(id::text) from public.waitlist_entries limit 1"),
            (who, f"public.cancel_series(({SERIES}))"),
            (who, f"public.reschedule_series(({SERIES}), {at})"),
            ("guest", f"public.request_guest_booking({one}, {at}, 'Guest', '{guest}')"),
            ("guest", f"public.request_guest_booking({one}, {at}, 'Guest', '{guest}')"),
            ("guest", f"public.confirm_guest_booking({MAILED})"),
            ("guest", f"public.confirm_guest_booking({MAILED})"),
            ("guest", f"public.reschedule_guest_booking({MAILED}, {at})"),
            ("guest", f"public.cancel_guest_booking({MAILED})"),
            ("guest", f"public.request_guest_code(tests.mailed('reference'), '{guest}')"),
            ("worker", "scheduling.apply_due_transitions(10)"),
            ("owner", f"public.confirm_booking(({MINE}))"),
            ("owner", f"public.reject_booking(({MINE}), 'no')"),
            ("owner", f"public.cancel_booking(({MINE}))"),
            ("eve", "tests.switch_calendar()"),
            ("owner", f"public.create_slots({YOGA}, %(day)s, '09:00', '12:00', '3')"),
        ]
    )  # fmt: skip


def live(db: Database, thread: int, dice: range, dawn: Barrier) -> Counter[str]:
    """Act as one of many: day after day, all at once, some steps each; returns the answers."""
    said: Counter[str] = Counter()
    with connected(db) as connection:
        for day, seed in enumerate(dice):
            dawn.wait()
            order = random.Random(seed * THREADS + thread)
            date = f"(date '2031-05-05' + {day})::text"
            for index in range(STEPS):
                who, statement = step(order)
                said[one(connection, who, statement.replace("%(day)s", date), day, index)] += 1
    return said


def moment(day: int, index: int) -> str:
    """The SQL of the instant of a step of a day."""
    return f"timestamptz '2031-05-04 08:00Z' + interval '{day} days {index * 12} minutes'"


def one(connection: psycopg.Connection, who: str, statement: str, day: int, index: int) -> str:
    """Do it; gives ok, or the token of the refusal. Every step is twelve minutes after the last."""
    # MINE compares dates with dates.
    statement = statement.replace("::date = (date", "::date::text = (date")
    clock = moment(day, index)
    strangers = {"guest": "tests.act_as_anon()", "worker": "tests.act_as_owner()"}
    whom = strangers.get(who, f"tests.act_as('{who}')")
    call = f"begin; select tests.at({clock}); select {whom}; select {statement}"
    try:
        connection.execute(f"{call}; commit".encode())
    except psycopg.Error as error:
        connection.execute("rollback")
        return error.diag.message_detail or f"{error.sqlstate} {error}"
    return "ok"


def facts(db: Database, query: str) -> Iterator[dict[str, Any]]:
    """The rows of a query, by name."""
    with db.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        yield from cursor.execute(query.encode())


def check(db: Database, days: int) -> None:
    """Nothing that was promised twice, nothing half-done, nothing that nobody did."""
    bookings = {row["id"]: row for row in facts(db, "select * from scheduling.bookings")}
    items = list(
        facts(
            db,
            "select booking_items.*, services.name as service, buffer_before_minutes as before,"
            " buffer_after_minutes as after, is_class from scheduling.booking_items"
            " inner join catalog.services on services.id = service_id",
        )
    )
    allocations = list(facts(db, "select * from scheduling.allocations"))
    seats = list(facts(db, "select * from scheduling.seats"))
    check_time(allocations)
    check_seats(db, seats)
    check_items(bookings, items, allocations, seats)
    check_steps(db, bookings)
    check_waitlist(db, bookings)
    check_limits(bookings, items)
    check_sales(db, bookings, items)
    check_people(db, moment(days - 1, STEPS - 1))


def check_sales(
    db: Database, bookings: dict[Any, dict[str, Any]], items: list[dict[str, Any]]
) -> None:
    """What is sold is what was booked: the same buyer, and the price that is still owed."""
    sales = {row["id"]: row for row in facts(db, "select * from sales.sales")}
    owed: Counter[Any] = Counter()
    taxed: Counter[Any] = Counter()
    for line in facts(db, "select * from sales.sale_lines"):
        owed[line["sale_id"], line["revision"]] += line["amount_minor"] - line["discount_minor"]
    for tax in facts(db, "select * from sales.sale_taxes"):
        taxed[tax["sale_id"], tax["revision"]] += tax["base_minor"] + tax["tax_minor"]
    assert {**owed} == {**taxed}
    totals: Counter[Any] = Counter()
    for (sale_id, _revision), amount in owed.items():
        totals[sale_id] += amount
    assert {booking["sale_id"] for booking in bookings.values()} - {None} == set(sales)
    for booking in bookings.values():
        if booking["sale_id"] is None:
            assert booking["status"] in {"held", "cancelled", "expired"}
            continue
        is_off = booking["status"] in {"cancelled", "rejected", "expired", "no_show"}
        provided = sum(
            item["price_minor"]
            for item in items
            if item["booking_id"] == booking["id"] and not is_off and not item["cancelled_at"]
        )
        fees = ("cancellation_fee_minor", "no_show_fee_minor", "reschedule_fee_minor")
        assert totals[booking["sale_id"]] == provided + sum(booking[fee] for fee in fees)
        contact = ("customer_id", "customer_name", "customer_email", "customer_phone")
        sale = sales[booking["sale_id"]]
        assert [sale[name] for name in contact] == [booking[name] for name in contact]


def check_limits(bookings: dict[Any, dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """Nobody has more than their limit, by whatever name they came; nor has the room."""
    people: Counter[Any] = Counter()
    rooms: Counter[Any] = Counter()
    for item in items:
        booking = bookings[item["booking_id"]]
        if booking["status"] not in LIVE | {"pending"} or item["service"] == "Peel":
            continue
        day = item["starts_at"].date()
        people[booking["customer_email"], day] += 1
        rooms[day] += item["service"] == "Massage"
    assert max(people.values()) <= 3
    assert max(rooms.values()) <= 2


def check_time(allocations: list[dict[str, Any]]) -> None:
    """Nobody is in two places."""
    places = defaultdict(list)
    for row in allocations:
        if row["is_blocking"]:
            places[row["resource_id"], row["unit"]].append(row["during"])
    for ranges in places.values():
        ranges.sort(key=lambda during: during.lower)
        assert all(one.upper <= other.lower for one, other in itertools.pairwise(ranges))


def check_seats(db: Database, seats: list[dict[str, Any]]) -> None:
    """Nobody sits on another's lap, or on the floor."""
    capacities = {
        row["id"]: row["capacity"] for row in facts(db, "select * from scheduling.sessions")
    }
    taken = [(row["session_id"], row["number"]) for row in seats if row["is_blocking"]]
    assert len(taken) == len(set(taken))
    assert all(1 <= place <= capacities[session] for session, place in taken)


def check_items(
    bookings: dict[Any, dict[str, Any]],
    items: list[dict[str, Any]],
    allocations: list[dict[str, Any]],
    seats: list[dict[str, Any]],
) -> None:
    """A booking has all that its service takes, when it takes it; what is over has nothing."""
    by_item = defaultdict(list)
    for row in [*allocations, *seats]:
        by_item[row["booking_item_id"]].append(row)
    for item in items:
        booking, taken = bookings[item["booking_id"]], by_item[item["id"]]
        blocking = booking["status"] in LIVE | {"held"} or (
            booking["status"] == "pending" and item["service"] != "Colour"
        )
        assert {row["is_blocking"] for row in taken} == {blocking}, booking["status"]
        assert len(taken) == (booking["party_size"] if item["is_class"] else TAKES[item["service"]])
        for row in taken:
            if "during" in row:
                before = (item["starts_at"] - row["during"].lower).total_seconds() / 60
                after = (row["during"].upper - item["ends_at"]).total_seconds() / 60
                assert (before, after) == (item["before"], item["after"])
            assert (row["expires_at"] is None) == (booking["status"] != "held")


def check_steps(db: Database, bookings: dict[Any, dict[str, Any]]) -> None:
    """Every step exists and follows the one before it; the last is where the booking is."""
    at: dict[Any, str] = {}
    for row in facts(db, "select * from scheduling.booking_history order by id"):
        was, becomes = row["from_status"], row["to_status"]
        assert was == at.get(row["booking_id"])
        assert was is None or was == becomes or (was, becomes) in STEPS_THAT_EXIST
        at[row["booking_id"]] = becomes
    assert at == {key: row["status"] for key, row in bookings.items()}


def check_waitlist(db: Database, bookings: dict[Any, dict[str, Any]]) -> None:
    """What was accepted is theirs, and what is offered is held for nobody else."""
    for entry in facts(db, "select * from scheduling.waitlist_entries"):
        assert (entry["status"] == "accepted") == (entry["booking_id"] is not None)
        if entry["booking_id"]:
            assert bookings[entry["booking_id"]]["customer_id"] == entry["customer_id"]
    turns = defaultdict(list)
    for offer in facts(db, "select * from scheduling.waitlist_offers"):
        booking = bookings[offer["booking_id"]]
        if offer["accepted_booking_id"] is None:
            assert booking["customer_id"] != offer["customer_id"]
        else:
            assert bookings[offer["accepted_booking_id"]]["customer_id"] == offer["customer_id"]
        if booking["status"] == "held":
            assert booking["customer_id"] is None
            assert offer["expires_at"] <= booking["hold_expires_at"] <= booking["starts_at"]
        turns[offer["booking_id"]].append((offer["opens_at"], offer["expires_at"]))
    for booking_id, times in turns.items():
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(sorted(times)))
        if bookings[booking_id]["status"] == "held":
            assert max(times)[1] == bookings[booking_id]["hold_expires_at"]


def play(db: Database, dice: range) -> None:
    """Play a history for each number, one on each day, and check where they end."""
    db.connection.execute(TOWN)
    db.connection.execute(CLINIC)
    db.connection.execute("grant execute on all functions in schema tests to authenticated")
    deadlocks = number(db, DEADLOCKS)
    dawn = Barrier(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        lives = pool.map(lambda thread: live(db, thread, dice, dawn), range(THREADS))
        said = sum(lives, Counter[str]())
    assert set(said) <= REFUSALS | {"ok"}, said
    assert said["ok"] > len(dice) * THREADS * STEPS / 3
    check(db, len(dice))
    assert number(db, DEADLOCKS) == deadlocks


def test_whatever_people_do_at_once_it_ends_well(db: Database) -> None:
    play(db, range(150))
