"""What programs write about time, and what it blocks, in UTC. The resource is in Berlin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.database import Database
from tests.workers.calendars.salon import HEAD, Salon, calendar, salon

WEEKLY = (
    "UID:1\nDTSTART;TZID=Europe/Berlin:20310317T100000\nDTEND;TZID=Europe/Berlin:20310317T110000"
)
CUSTOM = """BEGIN:VTIMEZONE\r
TZID:Ours\r
BEGIN:STANDARD\r
DTSTART:19700101T000000\r
TZOFFSETFROM:+0530\r
TZOFFSETTO:+0530\r
END:STANDARD\r
END:VTIMEZONE\r
"""


@pytest.fixture
def ann(db: Database) -> Iterator[Salon]:
    with salon(db) as opened:
        yield opened


@pytest.mark.parametrize(
    ("what", "events", "blocked"),
    [
        (
            "a weekly event keeps its wall clock over the change of 30 March",
            [f"{WEEKLY}\nRRULE:FREQ=WEEKLY;COUNT=3"],
            ["03-17 09:00 03-17 10:00", "03-24 09:00 03-24 10:00", "03-31 08:00 03-31 09:00"],
        ),
        (
            "a date that is left out, and one more",
            [
                f"{WEEKLY}\nRRULE:FREQ=WEEKLY;COUNT=2\n"
                "EXDATE;TZID=Europe/Berlin:20310317T100000\n"
                "RDATE;TZID=Europe/Berlin:20310402T150000"
            ],
            ["03-24 09:00 03-24 10:00", "04-02 13:00 04-02 14:00"],
        ),
        (
            "one of them moved, one of them cancelled",
            [
                f"{WEEKLY}\nRRULE:FREQ=WEEKLY;COUNT=3",
                "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20310324T100000\n"
                "DTSTART:20310325T120000Z\nDTEND:20310325T130000Z",
                "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20310331T100000\n"
                "DTSTART:20310331T080000Z\nDTEND:20310331T090000Z\nSTATUS:CANCELLED",
            ],
            ["03-17 09:00 03-17 10:00", "03-25 12:00 03-25 13:00"],
        ),
        (
            "until an instant",
            [f"{WEEKLY}\nRRULE:FREQ=WEEKLY;UNTIL=20310324T090000Z"],
            ["03-17 09:00 03-17 10:00", "03-24 09:00 03-24 10:00"],
        ),
        (
            "what is free, called off or of no length does not block",
            [
                f"{WEEKLY}\nTRANSP:TRANSPARENT",
                f"{WEEKLY}\nSTATUS:CANCELLED".replace("UID:1", "UID:2"),
                "UID:3\nDTSTART:20310317T120000Z",
            ],
            [],
        ),
        (
            "what is tentative does",
            [f"{WEEKLY}\nSTATUS:TENTATIVE\nTRANSP:OPAQUE"],
            ["03-17 09:00 03-17 10:00"],
        ),
        (
            "a whole day is one of the resource's, 23 hours long when the clock changes",
            ["UID:1\nDTSTART;VALUE=DATE:20310330\nDTEND;VALUE=DATE:20310331"],
            ["03-29 23:00 03-30 22:00"],
        ),
        (
            "a time without a zone is of the resource's clock",
            ["UID:1\nDTSTART:20310402T100000\nDURATION:PT30M"],
            ["04-02 08:00 04-02 08:30"],
        ),
        (
            "Windows' names",
            ["UID:1\nDTSTART;TZID=Eastern Standard Time:20310402T100000\nDURATION:PT1H"],
            ["04-02 14:00 04-02 15:00"],
        ),
        (
            "an hour that the clock skips is as long as on paper",
            ["UID:1\nDTSTART;TZID=Europe/Berlin:20310330T023000\nDURATION:PT1H"],
            ["03-30 01:30 03-30 02:30"],
        ),
        (
            "across midnight in Kathmandu",
            ["UID:1\nDTSTART;TZID=Asia/Kathmandu:20310402T233000\nDURATION:PT1H"],
            ["04-02 17:45 04-02 18:45"],
        ),
        (
            "events that touch or overlap are one",
            [
                "UID:1\nDTSTART:20310402T100000Z\nDURATION:PT1H",
                "UID:2\nDTSTART:20310402T110000Z\nDURATION:PT1H",
                "UID:3\nDTSTART:20310402T103000Z\nDURATION:PT1H",
            ],
            ["04-02 10:00 04-02 12:00"],
        ),
        (
            "what is over, and what is more than 400 days ahead",
            [
                "UID:1\nDTSTART:20310227T100000Z\nDURATION:PT1H",
                "UID:2\nDTSTART:20320403T100000Z\nDURATION:PT1H",
                "UID:3\nDTSTART:20320407T100000Z\nDURATION:PT1H",
            ],
            ["04-03 10:00 04-03 11:00"],
        ),
    ],
)
def test_an_imported_event_blocks_its_time(
    ann: Salon, what: str, events: list[str], blocked: list[str]
) -> None:
    assert ann.reads(ann.imports(content=calendar(*events))) is None
    assert ann.blocked() == blocked, what
    assert ann.db.rows("select skipped_count from catalog.calendar_imports") == [(0,)]


def test_a_zone_that_the_file_describes_is_believed(ann: Salon) -> None:
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Ours:20310402T100000\r\nDURATION:PT1H\r\n"
    content = f"{HEAD}{CUSTOM}{event}END:VEVENT\r\nEND:VCALENDAR\r\n"
    ann.reads(ann.imports(content=content.encode()))
    assert ann.blocked() == ["04-02 04:30 04-02 05:30"]


def test_a_calendar_s_own_zone_is_that_of_times_in_utc(ann: Salon) -> None:
    """Google says so: series in UTC follow the wall clock of X-WR-TIMEZONE."""
    event = "UID:1\nDTSTART:20310317T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"
    content = calendar(event).decode().replace(HEAD, f"{HEAD}X-WR-TIMEZONE:Europe/Berlin\r\n")
    ann.reads(ann.imports(content=content.encode()))
    assert ann.blocked()[-1] == "03-31 08:00 03-31 09:00"


def test_several_calendars_in_a_file_are_all_read(ann: Salon) -> None:
    days = (f"UID:{day}\nDTSTART:203104{day:02}T100000Z\nDURATION:PT1H" for day in (2, 3))
    ann.reads(ann.imports(content=b"".join(calendar(day) for day in days)))
    assert len(ann.blocked()) == 2


def test_times_without_a_zone_meet_instants_in_the_resource_s_zone(ann: Salon) -> None:
    ann.db.connection.execute("update catalog.resources set time_zone = 'America/New_York'")
    ann.reads(
        ann.imports(
            content=calendar(
                "UID:1\nDTSTART:20310402T230000\nDURATION:PT1H\n"
                "RRULE:FREQ=DAILY;UNTIL=20310404T030000Z",
                "UID:2\nDTSTART:20310406T100000\nDTEND:20310406T150000Z",
            )
        )
    )
    assert ann.blocked() == [
        "04-03 03:00 04-03 04:00",
        "04-04 03:00 04-04 04:00",
        "04-06 14:00 04-06 15:00",
    ]


def test_a_day_whose_midnight_comes_twice_is_all_of_it(ann: Salon) -> None:
    ann.db.connection.execute("update catalog.resources set time_zone = 'America/Havana'")
    ann.reads(ann.imports(content=calendar("UID:1\nDTSTART;VALUE=DATE:20311102")))
    assert ann.blocked() == ["11-02 04:00 11-03 05:00"]


def test_a_resource_s_own_zone_comes_first(ann: Salon) -> None:
    ann.db.connection.execute("update catalog.resources set time_zone = 'Australia/Lord_Howe'")
    ann.reads(ann.imports(content=calendar("UID:1\nDTSTART;VALUE=DATE:20310405")))
    assert ann.blocked() == ["04-04 13:00 04-05 13:00"]
