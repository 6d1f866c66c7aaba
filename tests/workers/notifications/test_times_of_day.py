"""A time of day in a mail says of which clock it is, in a way that means one thing everywhere."""

from __future__ import annotations

import re

import pytest

from workers.actors.rendering import render


def written(zone: str, at: str = "2031-01-15T12:00:00Z", locale: str = "en") -> str:
    job = {
        "event": "booking.confirmed",
        "reader_locale": locale,
        "locale": locale,
        "types": {"starts_at": "instant"},
        "title": "Booked",
        "body": "{{ starts_at }}",
        "data": {"time_zone": zone, "starts_at": at},
    }
    return render(job).text


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Asia/Manila", "8:00 PM (UTC+08:00)"),
        ("America/Los_Angeles", "4:00 AM (UTC-08:00)"),
        ("America/St_Johns", "8:30 AM (UTC-03:30)"),
        ("Asia/Kathmandu", "5:45 PM (UTC+05:45)"),
        ("Europe/London", "12:00 PM (UTC+00:00)"),
    ],
)
def test_a_time_of_day_has_its_offset(zone: str, ends: str) -> None:
    assert written(zone).endswith(ends)


def test_the_offset_is_that_of_the_day() -> None:
    assert "(UTC+01:00)" in written("Europe/London", "2031-07-15T12:00:00Z")


@pytest.mark.parametrize("locale", ["en", "de", "fr", "ja", "ar"])
def test_no_time_of_day_has_an_abbreviated_zone(locale: str) -> None:
    for zone in ("Asia/Manila", "Asia/Kolkata", "Europe/Dublin", "America/Havana", "Asia/Shanghai"):
        assert re.search(r" \(UTC[+-]\d\d:\d\d\)$", written(zone, locale=locale)), zone
