"""Fills a stack with believable businesses and their bookings: the same ones every time."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import holidays
import psycopg
import typer
from psycopg.rows import dict_row
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.commands.demo.passwords import PEOPLE, demo_password, set_passwords
from cli.commands.demo.pictures import send_pictures
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show_json, talk
from cli.refusal import Refusal
from cli.stack.state import State
from cli.wording import DAY

SQL = Path(__file__).parent
# These files run with every trigger awake, in this order.
AFTERWARDS = (
    *("prices.sql", "goods.sql", "orders.sql", "money.sql", "shipping.sql", "loyalty.sql"),
    *("memberships.sql", "reviews.sql", "customers.sql", "content.sql", "flags.sql"),
    *("figures.sql", "search.sql"),
)
CHUNK = 20  # businesses whose bookings are written by one statement, some 25,000


class Size(StrEnum):
    """About 10^3, 10^5 and 10^6 bookings."""

    small = "small"
    medium = "medium"
    large = "large"


# size → businesses, customers, days before and after the week's Monday
SCALES = {
    Size.small: (8, 200, 6, 8),
    Size.medium: (80, 5_000, 80, 30),
    Size.large: (560, 20_000, 120, 36),
}


def demo(
    size: Annotated[
        Size, typer.Option(envvar="FRONTDESK_DEMO_SIZE", help="About 10^3, 10^5 or 10^6 bookings.")
    ] = Size.small,
    week: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=[DAY],
            envvar="FRONTDESK_DEMO_WEEK",
            help="A day of the week around which bookings lie.",
            show_default="this week",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Fill the stack with believable businesses, staff, services, customers and bookings."""
    endpoints = State(state).require_running()
    day = week.date() if week else datetime.date.today()
    with psycopg.connect(endpoints.db_url, autocommit=True) as connection:
        if is_there(connection):
            talk("The demo data are there already; `./frontdesk reset` starts afresh.")
        else:
            with _progress() as progress:
                fill(connection, size, day - datetime.timedelta(days=day.weekday()), progress)
        send_pictures(endpoints, connection)
        password = demo_password(endpoints)
        able = set_passwords(connection, password)
        counts = _counts(connection)
    if as_json:
        show_json(counts)
        return
    print("  ".join(f"{count:,} {name}" for name, count in counts.items()))
    talk(f"Sign in with the password {password} as one of them:")
    for email in able:
        talk(f"  {email}")
    talk(f"For scripts there are tokens: ./frontdesk users token {PEOPLE[0]}")


def is_there(connection: psycopg.Connection) -> bool:
    """Whether some demo was loaded before."""
    found = connection.execute("select 1 from business.businesses where slug = 'demo-salon-mitte'")
    return found.fetchone() is not None


def fill(
    connection: psycopg.Connection, size: Size, monday: datetime.date, progress: Progress
) -> None:
    """Load everything in one transaction, or nothing.

    Needs a superuser: the bulk is written without triggers, and checked afterwards.

    Raises:
        Refusal: the written rows contradict each other; nothing is kept.
    """
    businesses = SCALES[size][0]
    steps = 5 + len(AFTERWARDS) + -(-businesses // CHUNK)
    task = progress.add_task("people", total=steps)
    with connection.transaction():
        _set_scale(connection, size, monday)
        _run(connection, "people.sql")
        connection.execute("set local session_replication_role = replica")
        for name in ("businesses.sql", "catalog.sql"):
            progress.update(task, advance=1, description=name[:-4])
            _run(connection, name)
        progress.update(task, advance=1, description="holidays")
        _close_on_holidays(connection, size, monday)
        for first in range(0, businesses, CHUNK):
            progress.update(task, advance=1, description="bookings")
            connection.execute(
                "select set_config('frontdesk.demo_from', %s, true),"
                " set_config('frontdesk.demo_to', %s, true)",
                (str(first), str(min(first + CHUNK, businesses) - 1)),
            )
            _run(connection, "draw_bookings.sql")
            _run(connection, "write_bookings.sql")
            _run(connection, "write_sales.sql")
        connection.execute("set local session_replication_role = origin")
        for name in AFTERWARDS:
            progress.update(task, advance=1, description=name[:-4])
            _run(connection, name)
        progress.update(task, advance=1, description="checks")
        _check(connection)
    connection.execute("analyze")
    progress.update(task, completed=steps, description="done")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _set_scale(connection: psycopg.Connection, size: Size, monday: datetime.date) -> None:
    """Write the row that the statements read: how much, and around which week."""
    businesses, customers, before, after = SCALES[size]
    connection.execute(
        "create temporary table demo_size (businesses integer, customers integer,"
        " monday timestamptz, founded_at timestamptz, first_day date, last_day date,"
        " clock_change date) on commit drop"
    )
    connection.execute(
        "insert into demo_size values (%s, %s, %s, %s, %s, %s, %s)",
        (
            businesses,
            customers,
            _midnight(monday),
            _midnight(monday - datetime.timedelta(days=365)),
            monday - datetime.timedelta(days=before),
            monday + datetime.timedelta(days=after),
            _next_clock_change(monday),
        ),
    )


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def _next_clock_change(monday: datetime.date) -> datetime.date:
    """The next last Sunday of March or October, when clocks change in Europe."""
    day = monday + datetime.timedelta(days=6)
    while day.month not in (3, 10) or (day + datetime.timedelta(days=7)).month == day.month:
        day += datetime.timedelta(days=7)
    return day


def _close_on_holidays(connection: psycopg.Connection, size: Size, monday: datetime.date) -> None:
    """Close on public holidays from the first booked year to next year, in each country."""
    first_day = monday - datetime.timedelta(days=SCALES[size][2])
    years = range(first_day.year, monday.year + 2)
    countries = connection.execute("select distinct country from demo_kinds").fetchall()
    rows = [
        (country, day, name[:200])
        for (country,) in countries
        for day, name in sorted(holidays.country_holidays(country, years=years).items())
        if day.year in years
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into business.closures (id, business_id, starts_on, ends_on, title)"
            " select pg_temp.key('closure ' || n || ' ' || %(day)s::text), id, %(day)s, %(day)s,"
            " %(name)s from demo_businesses where country = %(country)s",
            [{"country": country, "day": day, "name": name} for country, day, name in rows],
        )


def _check(connection: psycopg.Connection) -> None:
    """Check what the triggers and the references would have checked."""
    with connection.cursor(row_factory=dict_row) as cursor:
        faults = cursor.execute((SQL / "find_faults.sql").read_bytes()).fetchone() or {}
    for name, query in connection.execute((SQL / "list_references.sql").read_bytes()).fetchall():
        ((faults[name],),) = connection.execute(query).fetchall()
    ((faults["ratings_that_differ"],),) = connection.execute(
        "select count(*) from reviews.miscounts()"
    ).fetchall()
    wrong = {name: count for name, count in faults.items() if count}
    if wrong:
        raise Refusal(f"The demo data do not hold together: {wrong}.", "Please report this.")


def _run(connection: psycopg.Connection, name: str) -> None:
    connection.execute((SQL / name).read_bytes())


def _counts(connection: psycopg.Connection) -> dict[str, int]:
    """Return how much there is now."""
    rows = connection.execute(
        "select 'businesses', count(*) from business.businesses"
        " union all select 'services', count(*) from catalog.services"
        " union all select 'products', count(*) from catalog.products"
        " union all select 'people', count(*) from identity.profiles"
        " union all select 'orders', count(*) from commerce.orders"
        " union all select 'bookings', count(*) from scheduling.bookings"
        " union all select 'memberships', count(*) from memberships.memberships"
        " union all select 'payments', count(*) from money.payments"
        " union all select 'payouts', count(*) from money.payouts"
    ).fetchall()
    return dict(rows)
