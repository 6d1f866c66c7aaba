"""Services that can never be booked, in words: what is wrong, and what their business does."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

MOST = 10  # that are named
PROBLEMS = {
    "no_resource": (
        "nobody who is active gives it",
        "Add somebody to service_resources, or set resources.is_active.",
    ),
    "too_small": (
        "nobody has as many places as it takes",
        "Lower service_resources.quantity, or raise resources.capacity.",
    ),
    "no_hours": (
        "nobody who gives it has hours",
        "Add working_hours, for the business or for who gives it.",
    ),
    "too_short": (
        "it is longer than every opening",
        "Lengthen working_hours, or lower services.duration_minutes.",
    ),
    "no_session": ("it is a class without a session to come", "Make some: create_slots."),
    "over": ("its bookable_until is gone", "Set services.bookable_until later, or to null."),
    "notice_past_advance": (
        "its notice reaches past its advance",
        "Lower services.min_notice_minutes, or raise services.max_advance_days.",
    ),
    "limit_of_none": (
        "a limit leaves no room for one",
        "Raise max_bookings or max_minutes in booking_limits.",
    ),
}


def unbookable(db_url: str) -> list[tuple[str, str, str]]:
    """Active services that can never be booked: business, service and problem."""
    with psycopg.connect(db_url) as connection:
        return connection.execute(
            "select business, service, problem from scheduling.unbookable()"
        ).fetchall()


def in_words(found: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """What was found, and what to do about each kind of problem in it."""
    named = [
        f"{service} of {business}: {PROBLEMS[problem][0]}"
        for business, service, problem in found[:MOST]
    ]
    if len(found) > MOST:
        named.append(f"and {len(found) - MOST} more")
    kinds = [problem for problem in PROBLEMS if any(problem == row[2] for row in found)]
    steps = " · ".join(PROBLEMS[problem][1] for problem in kinds)
    return f"Services that nobody can ever book: {'; '.join(named)}.", steps
