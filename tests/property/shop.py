"""A world of the model written into the database, and asked there."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.property.model import Booked, Hours, Limit, Resource, Span, World


class Shop:
    """A world written into the database, and asked there."""

    def __init__(self, connection: psycopg.Connection, world: World) -> None:
        self.connection = connection
        self.world = world
        self.ids = {item.key: uuid.uuid4() for item in (*world.staff, *world.rooms)}
        self._run("select tests.person('owner'), tests.person('customer'), tests.person('rival')")
        self._run("select tests.business('Shop', 'owner', %s)", world.zone)
        ((self.business, self.service),) = self._run(
            "select tests.id('Shop'), tests.service('Visit', 'Shop', %s)", world.minutes
        )
        self._run(
            "update catalog.services set buffer_before_minutes = %s, buffer_after_minutes = %s,"
            " slot_interval_minutes = %s, slot_offset_minutes = %s, min_notice_minutes = %s,"
            " max_party_size = 4 where id = %s",
            world.before,
            world.after,
            world.interval,
            world.offset,
            world.notice,
            self.service,
        )
        for item in (*world.staff, *world.rooms):
            self._write_resource(item)
        self._write_hours(world.hours, None)
        for first, last in world.closures:
            self._run(
                "insert into business.closures (business_id, starts_on, ends_on)"
                " values (%s, %s, %s)",
                self.business,
                first,
                last,
            )
        self._write_blocks(world.blocked, None)
        for limit in world.limits:
            self._write_limit(limit)

    def _run(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []

    def _write_resource(self, item: Resource) -> None:
        key = self.ids[item.key]
        self._run(
            "insert into catalog.resources (id, business_id, kind, name, capacity, time_zone)"
            " values (%s, %s, %s, %s, %s, %s)",
            key,
            self.business,
            item.kind,
            item.key,
            item.capacity,
            item.zone,
        )
        mode = self.world.rooms_mode if item.kind == "room" else "any"
        self._run(
            "insert into catalog.service_resources (business_id, service_id, resource_id, mode,"
            " pool, priority, weight) values (%s, %s, %s, %s, %s, %s, %s)",
            self.business,
            self.service,
            key,
            mode,
            item.kind,
            item.priority,
            item.weight,
        )
        self._write_hours(item.hours, key)
        self._write_blocks(item.blocked, key)
        self._import_busy_time(item.busy, key)
        for first, last, zone in item.travels:
            self._run(
                "insert into catalog.travel_zones (business_id, resource_id, starts_on, ends_on,"
                " time_zone) values (%s, %s, %s, %s, %s)",
                self.business,
                key,
                first,
                last,
                zone,
            )

    def _write_hours(self, plan: Hours, owner: uuid.UUID | None) -> None:
        for weekday, found in plan.weekly.items():
            for opens, closes in found:
                self._run(
                    "insert into catalog.working_hours (business_id, resource_id, weekday,"
                    " opens_at, closes_at) values (%s, %s, %s, %s, %s::time)",
                    self.business,
                    owner,
                    weekday,
                    opens,
                    str(closes) if closes else "24:00",
                )
        for rule in plan.exceptions:
            opens, closes = rule.window or (None, None)
            until = "24:00" if rule.window and closes is None else closes and str(closes)
            self._run(
                "insert into catalog.schedule_exceptions (business_id, resource_id, starts_on,"
                " ends_on, opens_at, closes_at) values (%s, %s, %s, %s, %s, %s::time)",
                self.business,
                owner,
                rule.first,
                rule.last,
                opens,
                until,
            )

    def _write_blocks(self, blocked: list[Span], owner: uuid.UUID | None) -> None:
        for low, high in blocked:
            self._run(
                "insert into catalog.blocked_periods (business_id, resource_id, during)"
                " values (%s, %s, tstzrange(%s, %s))",
                self.business,
                owner,
                low,
                high,
            )

    def _write_limit(self, limit: Limit) -> None:
        self._run(
            "insert into catalog.booking_limits (business_id, service_id, resource_id,"
            " is_per_customer, period, max_bookings, max_minutes)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            self.business,
            self.service if limit.subject == "service" else None,
            self.ids.get(limit.subject),
            limit.is_per_customer,
            limit.period,
            limit.max_bookings,
            limit.max_minutes,
        )

    def _import_busy_time(self, busy: list[Span], owner: uuid.UUID) -> None:
        """As a worker does that has read a calendar, in which events may overlap."""
        events = [
            {"uid": "", "starts": f"{low:%Y-%m-%dT%H:%M:%S}Z", "ends": f"{high:%Y-%m-%dT%H:%M:%S}Z"}
            for low, high in busy
        ]
        self._run(
            "insert into catalog.calendar_imports (business_id, resource_id, url, requested_at)"
            " values (%s, %s, 'https://calendar.example/', now())",
            self.business,
            owner,
        )
        read = {"attempt": 0, "events": events, "skipped_count": 0}
        self._run(
            "select catalog.finish_import(id, %s) from catalog.calendar_imports"
            " where resource_id = %s",
            Jsonb(read),
            owner,
        )

    def slots(
        self, from_at: dt.datetime, to_at: dt.datetime, customer: str
    ) -> set[tuple[dt.datetime, str, int]]:
        """What the API offers a customer: each start with each who may give it, and its places."""
        rows = self.starts(from_at, to_at, customer)
        return {(at, name, left) for at, names, left in rows for name in names}

    def starts(
        self, from_at: dt.datetime, to_at: dt.datetime, customer: str
    ) -> list[tuple[dt.datetime, list[str], int]]:
        """The rows of the API: one a start, with its people in the order of assignment."""
        names = {key: name for name, key in self.ids.items()}
        self._run("select tests.act_as(%s)", customer)
        rows = self._run(
            "select starts_at, resource_ids, remaining from public.available_slots("
            "%s::text, %s::text, %s::text, party_size => %s::text)",
            self.service,
            from_at.isoformat(),
            to_at.isoformat(),
            self.world.party,
        )
        self._run("select tests.act_as_owner()")
        assert [row[0] for row in rows] == sorted({row[0] for row in rows})
        return [
            (start.astimezone(dt.UTC), [names[key] for key in keys], left)
            for start, keys, left in rows
        ]

    def book(self, start: dt.datetime, name: str, customer: str, *, is_hold: bool = False) -> str:
        """Try to book as a customer, or to hold; gives `booked`, or the token of the refusal."""
        try:
            with self.connection.transaction():
                self._run("select tests.act_as(%s)", customer)
                self._run(
                    "select public.book(%s::text, %s::text, %s::text, %s::text, hold => %s::text)",
                    self.service,
                    start.isoformat(),
                    self.ids[name],
                    self.world.party,
                    is_hold,
                )
                self._run("select tests.act_as_owner()")
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
        self.learn()
        return "booked"

    def assigned(self, start: dt.datetime, customer: str) -> str:
        """Book as a customer who names nobody; gives the name of whoever is assigned."""
        names = {key: name for name, key in self.ids.items()}
        self._run("select tests.act_as(%s)", customer)
        ((booking_id,),) = self._run(
            "select (public.book(%s::text, %s::text, party_size => %s::text)).id",
            self.service,
            start.isoformat(),
            self.world.party,
        )
        self._run("select tests.act_as_owner()")
        ((key,),) = self._run(
            "select resource_id from scheduling.booking_items where booking_id = %s", booking_id
        )
        self.learn()
        return names[key]

    def repeat(self, start: dt.datetime, name: str, customer: str) -> None:
        """Book it three days in a row, as far as it can be had."""
        self._run("select tests.act_as(%s)", customer)
        self._run(
            "select public.book_series(%s::text, %s::text, 'FREQ=DAILY;COUNT=3', %s::text,"
            " %s::text, on_conflict => 'skip')",
            self.service,
            start.isoformat(),
            self.ids[name],
            self.world.party,
        )
        self._run("select tests.act_as_owner()")
        self.learn()

    def cancel_for_who_waits(self, start: dt.datetime, name: str) -> None:
        """The rival waits for a time of the customer's, if it is taken; the customer cancels."""
        with contextlib.suppress(psycopg.Error), self.connection.transaction():
            self._run("select tests.act_as('rival')")
            self._run(
                "select public.join_waitlist(%s::text, %s::text, %s::text, %s::text, %s::text)",
                self.service,
                start.isoformat(),
                (start + dt.timedelta(minutes=1)).isoformat(),
                self.ids[name],
                self.world.party,
            )
        self._run("select tests.act_as('customer')")
        self._run(
            "select public.cancel_booking(id::text) from public.bookings"
            " where starts_at = %s and status = 'confirmed'",
            start,
        )
        self._run("select tests.act_as_owner()")
        self.learn()

    def learn(self, *, with_offers: bool = True) -> None:
        """Tell the model what is taken now, and by whose bookings."""
        offers = (
            "select booking_id from scheduling.waitlist_offers where expires_at > private.now()"
        )
        counted = "true" if with_offers else f"booking_id not in ({offers})"
        names = {key: name for name, key in self.ids.items()}
        self.world.booked = [
            Booked(who or "nobody yet", start.astimezone(dt.UTC), {names[key] for key in keys})
            for who, start, keys in self._run(
                "select names.name, starts_at, array_agg(distinct resource_id)"
                " from scheduling.bookings"
                " inner join scheduling.allocations on booking_id = bookings.id"
                " left join tests.names on names.id = customer_id"
                f" where status in ('held', 'pending', 'confirmed') and {counted}"
                " and (hold_expires_at is null or hold_expires_at > private.now())"
                " group by bookings.id, names.name"
            )
        ]
        for item in (*self.world.staff, *self.world.rooms):
            item.taken = [
                (unit, (low.astimezone(dt.UTC), high.astimezone(dt.UTC)))
                for unit, low, high in self._run(
                    "select unit, lower(during), upper(during) from scheduling.allocations"
                    f" where resource_id = %s and is_blocking and {counted}"
                    " and (expires_at is null or expires_at > private.now())",
                    self.ids[item.key],
                )
            ]
