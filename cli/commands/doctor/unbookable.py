"""Names services that can never be booked: what is wrong, and what the business can do."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

MOST = 10  # that are named
PROBLEMS = {
    "no_resource": (
        "no active resource gives it",
        "Add somebody to service_resources, or set resources.is_active.",
    ),
    "too_small": (
        "no resource has enough capacity for it",
        "Lower service_resources.quantity, or raise resources.capacity.",
    ),
    "no_hours": (
        "no resource that gives it has hours",
        "Add working_hours, for the business or for the resource.",
    ),
    "too_short": (
        "it is longer than every opening",
        "Lengthen working_hours, or lower services.duration_minutes.",
    ),
    "no_session": ("it is a class without a coming session", "Make some: create_slots."),
    "over": ("its bookable_until is over", "Set services.bookable_until later, or to null."),
    "notice_past_advance": (
        "its notice is longer than its advance",
        "Lower services.min_notice_minutes, or raise services.max_advance_days.",
    ),
    "limit_of_none": (
        "a limit leaves no room for a booking",
        "Raise max_bookings or max_minutes in booking_limits.",
    ),
}


def unbookable(db_url: str) -> list[tuple[str, str, str]]:
    """Return the active services that can never be booked: business, service and problem."""
    with psycopg.connect(db_url) as connection:
        return connection.execute(
            "select business, service, problem from scheduling.unbookable()"
        ).fetchall()


def in_words(found: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """Return a sentence about these services, and what to do about each kind of problem."""
    named = [
        f"{service} of {business}: {PROBLEMS[problem][0]}"
        for business, service, problem in found[:MOST]
    ]
    if len(found) > MOST:
        named.append(f"and {len(found) - MOST} more")
    kinds = [problem for problem in PROBLEMS if any(problem == row[2] for row in found)]
    steps = " · ".join(PROBLEMS[problem][1] for problem in kinds)
    return f"Services that nobody can ever book: {'; '.join(named)}.", steps
