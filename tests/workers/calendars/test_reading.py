"""What other programs have been seen to write, and what blocks then: nothing vanishes.

The resource is in Berlin. Times with Z are instants, the others are of the resource's clock. The
cases were seen in calendars of Outlook, Exchange, Google, Apple, Evolution, Thunderbird and others,
and in the public trackers of programs that read them.
"""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.calendars.salon import HEAD, calendar
from workers.calendars import expanding
from workers.calendars.expanding import Read, busy_time
from workers.calendars.unreadable import Unreadable

START = datetime.datetime(2031, 2, 28, 8, tzinfo=datetime.UTC)
STOP = START + datetime.timedelta(days=401)
HOUR = "UID:1\nDTSTART:20310402T100000Z\nDURATION:PT1H"
BLOCKED_HOUR = "04-02 10:00Z 04-02 11:00Z"
WEEKLY = "UID:1\nDTSTART;TZID=Europe/Berlin:20310317T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
WEEKS = [
    "03-17 09:00Z 03-17 10:00Z",
    "03-24 09:00Z 03-24 10:00Z",
    "03-31 08:00Z 03-31 09:00Z",
    "04-07 08:00Z 04-07 09:00Z",
]
DAILY = "UID:1\nDTSTART;VALUE=DATE:20310401\nRRULE:FREQ=DAILY"
DAYS = [f"04-0{day} 00:00 04-0{day + 1} 00:00" for day in range(1, 5)]
PIECES = [
    *(b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"BEGIN:VCALENDAR\r\n", b"RRULE:FREQ=HOURLY\r\n"),
    *(b"\r\nRDATE:00010101T000000Z\r\n", b"\r\nDURATION:-P99999W\r\n", b"99991231T235959Z"),
    *(b"\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20310401T000000\r\n", b"T246060", b"00000000"),
]
SUMMER_TIME = """BEGIN:VTIMEZONE
TZID:{0}
X-LIC-LOCATION:{0}
BEGIN:DAYLIGHT
TZNAME:BST
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
DTSTART:16010101T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
DTSTART;VALUE=DATE-TIME:16010101T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def read(content: bytes, zone: str = "Europe/Berlin") -> Read:
    return busy_time(content, start=START, stop=STOP, time_zone=zone)


def blocked(found: Read) -> list[str]:
    """The occurrences, as MM-DD HH:MM, in their order."""
    return sorted(f"{_short(busy.starts)} {_short(busy.ends)}" for busy in found.events)


def _short(text: str) -> str:
    moment = datetime.datetime.fromisoformat(text.removesuffix("Z"))
    return f"{moment:%m-%d %H:%M}{'Z' if text.endswith('Z') else ''}"


def between(inner: str, head: str = HEAD) -> bytes:
    """A calendar with these lines."""
    return f"{head}{inner.strip()}\nEND:VCALENDAR\n".encode()


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "08:00"),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"', "08:00"),
        ("(GMT+01.00) Sarajevo/Warsaw/Zagreb", "08:00"),
        ("W. Europe Standard Time (UTC+01:00)", "08:00"),
        ("(UTC+01:00) W. Europe Standard Time", "08:00"),
        ("w. europe daylight time", "08:00"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "14:00"),
        ("(UTC−05:00) Eastern Time (US & Canada)", "14:00"),
        ("(UTC-03:00) Brasilia", "13:00"),
        ("(UTC-03:00) Brasília", "13:00"),
        ("(UTC+04:00) Abu Dhabi, Muscat", "06:00"),
        ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "02:00"),
        ("Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "09:00"),
        ("Dublin, Edinburgh, Lisbon, London", "09:00"),
        ("(UTC) Coordinated Universal Time", "10:00"),
        ("(UTC+05:30)", "04:30"),
        ("GMT+0530", "04:30"),
        ("UTC-3", "13:00"),
        ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "13:00"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "08:00"),
        ("tzone://Microsoft/Utc", "10:00"),
        ("europe/berlin", "08:00"),
        ("Etc/GMT+3", "13:00"),
    ],
)
def test_a_zone_has_many_names(name: str, blocks: str) -> None:
    found = read(calendar(f"UID:1\nDTSTART;TZID={name}:20310402T100000\nDURATION:PT1H"))
    assert [busy.starts for busy in found.events] == [f"2031-04-02T{blocks}:00Z"]
    assert found.skipped == []


@pytest.mark.parametrize(
    "name", ["Customized Time Zone", "(UTC+02:00) Nowhere", "Zone\x07\x00 of\x85nobody" + "x" * 99]
)
def test_a_zone_that_nobody_knows_is_said_and_not_guessed(name: str) -> None:
    event = f"UID:1\nDTSTART;TZID={name}:20310402T100000\nDURATION:PT1H"
    found = read(calendar(event, HOUR.replace("UID:1", "UID:2")))
    assert blocked(found) == [BLOCKED_HOUR]
    (reason,) = found.skipped
    assert reason.reason.startswith("The time zone “") and reason.count == 1
    assert reason.reason.isprintable() and len(reason.reason) < 100


@pytest.mark.parametrize("name", ["GMT", "Europe/Moscow", "Customized Time Zone", "/Our/Own"])
def test_the_file_s_own_definition_of_a_zone_wins(name: str) -> None:
    event = f"BEGIN:VEVENT\nUID:1\nDTSTART;TZID={name}:{{}}T100000\nDURATION:PT1H\nEND:VEVENT\n"
    inner = SUMMER_TIME.format(name) + event.format("20310402") + event.format("20311203")
    found = read(between(inner))
    assert blocked(found) == ["04-02 09:00Z 04-02 10:00Z", "12-03 10:00Z 12-03 11:00Z"]


def test_a_definition_may_come_after_its_use_and_list_its_dates() -> None:
    event = "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Ours:20310402T100000\nDURATION:PT1H\nEND:VEVENT\n"
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+05:00\nTZOFFSETTO:+0500\nRDATE:20310401T000000,20321001T000000\n"
        "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20310402T000000\nTZOFFSETFROM:+0500\n"
        "TZOFFSETTO:+0600\nEND:DAYLIGHT\nEND:VTIMEZONE"
    )
    assert blocked(read(between(event + zone))) == ["04-02 04:00Z 04-02 05:00Z"]


def test_a_definition_that_nobody_can_read_leaves_a_known_name() -> None:
    broken = (
        "BEGIN:VTIMEZONE\nTZID:{0}\nBEGIN:STANDARD\nTZOFFSETTO:x\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    event = "BEGIN:VEVENT\nUID:1\nDTSTART;TZID={0}:20310402T100000\nDURATION:PT1H\nEND:VEVENT\n"
    known, unknown = (
        read(between((broken + event).format(name))) for name in ("Europe/Berlin", "Ours")
    )
    assert blocked(known) == ["04-02 08:00Z 04-02 09:00Z"]
    assert blocked(unknown) == [] and unknown.skipped_count == 1


@pytest.mark.parametrize(
    ("event", "blocks"),
    [
        ("DTSTART;VALUE=DATE:20310402\nDTEND;VALUE=DATE:20310402", "04-02 00:00 04-03 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDTEND;VALUE=DATE:20310401", "04-02 00:00 04-03 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDTEND;VALUE=DATE:20310404", "04-02 00:00 04-04 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDURATION:P2D", "04-02 00:00 04-04 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDURATION:PT0S", "04-02 00:00 04-03 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDTEND:", "04-02 00:00 04-03 00:00"),
        ("DTSTART;TZID=Asia/Tokyo;VALUE=DATE:20310402", "04-02 00:00 04-03 00:00"),
        ("DTSTART:20310402", "04-02 00:00 04-03 00:00"),
        ("DTSTART;VALUE=DATE:20310402\nDTEND:20310402T170000", "04-02 00:00 04-02 17:00"),
        ("DTSTART;VALUE=DATE:20310402\nDTEND:20310402T150000Z", "04-02 00:00 04-02 17:00"),
        ("DTSTART:20310402T100000Z\nDTEND;VALUE=DATE:20310403", "04-02 10:00Z 04-03 00:00Z"),
        ("DTSTART:20310402T100000Z\nDTEND;VALUE=DATE:20310402", "04-02 10:00Z 04-03 00:00Z"),
        ("DTSTART:20310402T100000Z\nDTEND:20310402T110000", "04-02 10:00Z 04-02 11:00Z"),
        ("DTSTART:20310402T100000\nDTEND:20310402T090000Z", "04-02 10:00 04-02 11:00"),
        (
            "DTSTART;TZID=Europe/Berlin:20310402T230000\nDTEND;TZID=Asia/Tokyo:20310403T190000",
            "04-02 21:00Z 04-03 10:00Z",
        ),
        ("DTSTART;TZID=Asia/Tokyo:20310402T100000Z\nDURATION:PT1H", BLOCKED_HOUR),
        ("DTSTART:20310402T1000Z\nDURATION:PT1H", BLOCKED_HOUR),
        ("dtstart:20310402t100000z\nduration:pt1h", BLOCKED_HOUR),
        ("DTSTART:20310402T120000+0200\nDURATION:PT1H", BLOCKED_HOUR),
        ("DTSTART:20310402T100000Z\nDURATION:P0DT0H60M0S", BLOCKED_HOUR),
        ("DTSTART:20310401T240000Z\nDURATION:PT1H", "04-02 00:00Z 04-02 01:00Z"),
        ("DTSTART:20310402T235960Z\nDTEND:20310403T005959Z", "04-02 23:59Z 04-03 00:59Z"),
        (
            "DTSTART;TZID=Europe/Berlin:20310329T220000\nDURATION:PT8H",
            "03-29 21:00Z 03-30 05:00Z",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20310329T220000\nDURATION:P1D",
            "03-29 21:00Z 03-30 20:00Z",
        ),
        ("DTSTART:20310329T220000\nDURATION:PT8H", "03-29 22:00 03-30 07:00"),
    ],
)
def test_starts_and_ends_have_many_forms(event: str, blocks: str) -> None:
    found = read(calendar(f"UID:1\n{event}"))
    assert blocked(found) == [blocks]
    assert found.skipped == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("SUMMARY:Some day", "It has no start."),
        ("DTSTART:tomorrow", "A date or time in it cannot be read."),
        ("DTSTART:20310230T100000Z", "A date or time in it does not exist."),
        ("DTSTART:20310402T250000Z", "A date or time in it does not exist."),
        ("DTSTART:20310402T100000Z\nDTEND:soon", "A date or time in it cannot be read."),
        ("DTSTART:20310402T100000Z\nDTEND:20310402T090000Z", "It ends before it starts."),
        ("DTSTART:20310402T100000Z\nDURATION:-PT1H", "It ends before it starts."),
        ("DTSTART:20310402T100000Z\nDURATION:long", "Its duration cannot be read."),
        (
            "DTSTART:20310402T100000Z\nDURATION:P99999999999999D",
            "Its duration cannot be read.",
        ),
        ("DTSTART:20310402T100000Z\nDURATION:P9999999D", "It cannot be understood."),
        (
            "DTSTART:20310402T100000Z\nDURATION:PT1H\nRRULE:FREQ=NEVER",
            "Its repeat rule cannot be read.",
        ),
        (
            "DTSTART:20310402T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;INTERVAL=0",
            "Its repeat rule cannot be read.",
        ),
        (
            "DTSTART:20310402T100000Z\nDURATION:PT1H\nRRULE:RSCALE=CHINESE;FREQ=YEARLY",
            "Its repeat rule is of a calendar that we do not know.",
        ),
    ],
)
def test_events_that_cannot_be_read_are_counted_with_their_reason(event: str, reason: str) -> None:
    found = read(calendar(f"UID:2\n{event}", HOUR))
    assert blocked(found) == [BLOCKED_HOUR]
    assert [(skipped.reason, skipped.count) for skipped in found.skipped] == [(reason, 1)]
    assert found.skipped_count == 1


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20310331", 3),
        ("20310331T080000Z", 3),
        ("20310331T075959Z", 2),
        ("20310331T100000", 3),
        ("20310331T095959", 2),
        ("20310316", 0),
    ],
)
def test_until_may_be_in_another_form_than_the_start(until: str, count: int) -> None:
    found = read(calendar(f"{WEEKLY};UNTIL={until}"))
    assert (blocked(found), found.skipped) == (WEEKS[:count], [])
    floating = WEEKLY.replace(";TZID=Europe/Berlin", "")
    assert len(read(calendar(f"{floating};UNTIL={until}")).events) == count


@pytest.mark.parametrize(
    ("until", "zone", "count"),
    [
        ("20310403", "Europe/Berlin", 3),
        ("20310402T220000Z", "Europe/Berlin", 3),
        ("20310403T000000Z", "America/New_York", 3),
        ("20310403T040000Z", "America/New_York", 3),
        ("20310403T235959", "Europe/Berlin", 3),
    ],
)
def test_a_series_of_days_may_end_at_an_instant(until: str, zone: str, count: int) -> None:
    assert blocked(read(calendar(f"{DAILY};UNTIL={until}"), zone)) == DAYS[:count]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;COUNT=4;",
        "freq=weekly; count=4",
        "FREQ=WEEKLY;COUNT=4;BYDAY=;X-MINE=1;SKIP=OMIT",
        "FREQ=WEEKLY;UNTIL=20310407T080000Z;COUNT=-1",
        "RSCALE=GREGORIAN;FREQ=WEEKLY;COUNT=4",
    ],
)
def test_recurrence_rules_are_read_in_many_forms(rule: str) -> None:
    found = read(calendar(WEEKLY.replace("FREQ=WEEKLY", rule)))
    assert (blocked(found), found.skipped) == (WEEKS, [])


@pytest.mark.parametrize(
    "left_out",
    [
        "EXDATE;TZID=Europe/Berlin:20310324T100000",
        "EXDATE:20310324T090000Z",
        "EXDATE:20310324T100000",
        "EXDATE;VALUE=DATE:20310324",
        "EXDATE;TZID=(UTC-05:00) Eastern Time (US & Canada):20310324T050000",
        "EXDATE:20310101T090000Z,20310324T090000Z",
        "EXDATE:\nEXDATE:20310324T090000Z,",
        "EXRULE:FREQ=DAILY;COUNT=1;BYMONTHDAY=24",
    ],
)
def test_an_excluded_date_may_be_in_another_form(left_out: str) -> None:
    found = read(calendar(f"{WEEKLY};COUNT=4\n{left_out}"))
    assert (blocked(found), found.skipped) == ([WEEKS[0], *WEEKS[2:]], [])


@pytest.mark.parametrize(
    "left_out",
    [
        "EXDATE;VALUE=DATE:20310402",
        "EXDATE:20310402T000000",
        "EXDATE;TZID=W. Europe Standard Time:20310402T000000",
        "EXDATE:20310401T220000Z",
        "EXDATE:20310402T000000Z",
    ],
)
def test_a_day_may_be_left_out_of_a_series_of_days(left_out: str) -> None:
    found = read(calendar(f"{DAILY};COUNT=4\n{left_out}"))
    assert (blocked(found), found.skipped) == ([DAYS[0], *DAYS[2:]], [])


def test_an_unreadable_excluded_date_blocks_and_is_counted() -> None:
    found = read(calendar(f"{WEEKLY};COUNT=2\nEXDATE:then,20310324T090000Z"))
    assert blocked(found) == WEEKS[:1]
    assert [skipped.count for skipped in found.skipped] == [1]


@pytest.mark.parametrize(
    ("added", "blocks"),
    [
        ("RDATE;TZID=Europe/Berlin:20310402T150000", "04-02 13:00Z 04-02 14:00Z"),
        ("RDATE;VALUE=DATE:20310402", "04-02 08:00Z 04-02 09:00Z"),
        ("RDATE:20310402T150000", "04-02 13:00Z 04-02 14:00Z"),
        ("RDATE;VALUE=PERIOD:20310402T130000Z/PT30M", "04-02 13:00Z 04-02 13:30Z"),
        (
            "RDATE;VALUE=PERIOD:20310402T130000Z/20310402T150000Z",
            "04-02 13:00Z 04-02 15:00Z",
        ),
    ],
)
@pytest.mark.parametrize("rule", ["RRULE:FREQ=WEEKLY;COUNT=1", "STATUS:CONFIRMED"])
def test_further_dates_have_many_forms(rule: str, added: str, blocks: str) -> None:
    found = read(calendar(f"{WEEKLY.partition('RRULE')[0]}{rule}\n{added}"))
    assert (blocked(found), found.skipped) == ([WEEKS[0], blocks], [])


@pytest.mark.parametrize(
    "which",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20310324T100000",
        "RECURRENCE-ID:20310324T090000Z",
        "RECURRENCE-ID:20310324T100000",
        "RECURRENCE-ID;VALUE=DATE:20310324",
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_moved_occurrence_is_at_its_new_time_only(which: str, is_first: bool) -> None:
    series = f"{WEEKLY};COUNT=3"
    moved = f"UID:1\n{which}\nDTSTART:20310326T120000Z\nDURATION:PT2H"
    found = read(calendar(*([moved, series] if is_first else [series, moved])))
    assert blocked(found) == [WEEKS[0], "03-26 12:00Z 03-26 14:00Z", WEEKS[2]]


def test_an_occurrence_may_move_into_the_period_and_out_of_it() -> None:
    series = "UID:1\nDTSTART:20310101T100000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;COUNT=4"
    into = "UID:1\nRECURRENCE-ID:20310101T100000Z\nDTSTART:20310402T100000Z\nDURATION:PT1H"
    out = "UID:1\nRECURRENCE-ID:20310401T100000Z\nDTSTART:20300402T100000Z\nDURATION:PT1H"
    found = read(calendar(series, into, out))
    assert blocked(found) == ["03-01 10:00Z 03-01 11:00Z", BLOCKED_HOUR]


def test_all_later_occurrences_may_move() -> None:
    moved = (
        "UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20310324T090000Z\n"
        "DTSTART;TZID=Europe/Berlin:20310325T120000\nDURATION:PT2H"
    )
    found = read(calendar(f"{WEEKLY};COUNT=4", moved))
    assert blocked(found) == [
        WEEKS[0],
        "03-25 11:00Z 03-25 13:00Z",
        "04-01 10:00Z 04-01 12:00Z",
        "04-08 10:00Z 04-08 12:00Z",
    ]
    called_off = read(calendar(f"{WEEKLY};COUNT=4", f"{moved}\nSTATUS:CANCELLED"))
    assert blocked(called_off) == WEEKS[:1]


def test_an_occurrence_that_was_moved_and_left_out_counts_by_which_came_last() -> None:
    series = f"{WEEKLY};COUNT=2\nEXDATE:20310324T090000Z\nSEQUENCE:{{}}"
    moved = (
        "UID:1\nRECURRENCE-ID:20310324T090000Z\nDTSTART:20310326T120000Z\nDURATION:PT1H\nSEQUENCE:1"
    )
    assert len(blocked(read(calendar(series.format(1), moved)))) == 2
    assert blocked(read(calendar(series.format(2), moved))) == WEEKS[:1]


def test_the_newer_of_two_revisions_counts() -> None:
    first = f"{HOUR}\nSEQUENCE:1"
    second = f"{HOUR.replace('T10', 'T14')}\nSEQUENCE:2"
    for order in ((first, second), (second, first)):
        assert blocked(read(calendar(*order))) == ["04-02 14:00Z 04-02 15:00Z"]


def test_events_that_share_a_uid_by_mistake_all_block() -> None:
    for uid in ("UID:same", "UID:", "SUMMARY:no UID"):
        both = (HOUR.replace("UID:1", uid), HOUR.replace("UID:1", uid).replace("T10", "T14"))
        assert blocked(read(calendar(*both))) == [BLOCKED_HOUR, "04-02 14:00Z 04-02 15:00Z"]


def test_a_broken_change_leaves_its_series_and_a_broken_series_its_changes() -> None:
    change = "UID:1\nRECURRENCE-ID:20310324T090000Z\nDTSTART:20310326T120000Z\nDURATION:PT1H"
    found = read(calendar(f"{WEEKLY};COUNT=2", change.replace("DTSTART:", "DTSTART:x")))
    assert (blocked(found), found.skipped_count) == (WEEKS[:2], 1)
    found = read(calendar(WEEKLY.replace("WEEKLY", "NEVER"), change))
    assert (blocked(found), found.skipped_count) == (["03-26 12:00Z 03-26 13:00Z"], 1)


@pytest.mark.parametrize(
    ("shown", "blocks"),
    [
        ("TRANSP:TRANSPARENT", False),
        ("TRANSP:transparent ", False),
        ("STATUS:CANCELLED", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        ("TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", True),
        ("TRANSP;X-A=b:OPAQUE", True),
        ("STATUS:TENTATIVE", True),
        ("STATUS:NEEDS-ACTION", True),
    ],
)
def test_busy_events_block(shown: str, blocks: bool) -> None:
    found = read(calendar(f"{HOUR}\n{shown}"))
    assert (blocked(found), found.skipped) == ([BLOCKED_HOUR] if blocks else [], [])


def test_a_calendar_that_cancels_its_events_blocks_nothing() -> None:
    content = calendar(HOUR).replace(b"PRODID", b"METHOD:CANCEL\r\nPRODID")
    assert blocked(read(content)) == []


def test_free_busy_time_blocks() -> None:
    inner = (
        "BEGIN:VFREEBUSY\nUID:f\nDTSTART:20310401T000000Z\nDTEND:20310501T000000Z\n"
        "FREEBUSY:20310402T100000Z/PT1H\n"
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20310403T100000Z/20310403T110000Z,"
        "20310404T100000Z/P1D\n"
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20310406T100000Z/PT1H\n"
        "FREEBUSY;FBTYPE=X-HOLIDAY:20310407T100000Z/PT1H\n"
        "FREEBUSY;FBTYPE=FREE:20310408T100000Z/PT1H\n"
        "FREEBUSY:whenever,20310409T100000Z/PT1H\nEND:VFREEBUSY"
    )
    found = read(between(inner))
    assert [start[:5] for start in blocked(found)] == [f"04-0{day}" for day in (2, 3, 4, 6, 7, 9)]
    assert found.skipped_count == 1


def test_availability_is_said_not_to_be_read() -> None:
    inner = "BEGIN:VAVAILABILITY\nUID:a\nBEGIN:AVAILABLE\nUID:b\nEND:AVAILABLE\nEND:VAVAILABILITY"
    found = read(between(inner))
    assert [skipped.reason for skipped in found.skipped] == [
        "Availability (VAVAILABILITY) is not supported."
    ]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("lines that end with LF", lambda text: text.replace("\r\n", "\n")),
        ("lines that end with CR", lambda text: text.replace("\r\n", "\r")),
        ("lines that end with CR CR LF", lambda text: text.replace("\r\n", "\r\r\n")),
        ("blank lines", lambda text: f"\r\n \r\n\n{text}".replace("\r\n", "\r\n\r\n")),
        ("a byte order mark", lambda text: f"\ufeff{text}"),
        ("a byte order mark and a blank line", lambda text: f"\ufeff\r\n{text}"),
        ("small letters", lambda text: text.lower()),
        ("folded lines", lambda text: text.replace("0402T", "0402\r\n T")),
        ("lines folded with tabs", lambda text: text.replace("DTSTART", "DTST\r\n\tART")),
        ("no break at the end", lambda text: text.rstrip()),
        ("spaces around names and values", lambda text: text.replace("TART:", "TART : ")),
        ("words before and after", lambda text: f"Here it is:\r\n{text}\r\nRegards"),
        (
            "an alarm that does not end",
            lambda text: text.replace("END:VEV", "BEGIN:VALARM\r\nEND:VEV"),
        ),
        ("an END too many", lambda text: text.replace("END:VEV", "END:VALARM\r\nEND:VEV")),
        ("lines that are none", lambda text: text.replace("UID", "<p>\r\n;:\r\n:\r\nUID", 1)),
        ("control characters", lambda text: text.replace("UID:1", "UID:\x00\x1b1\r\nX:\x00")),
    ],
)
def test_calendar_files_are_read_in_many_forms(what: str, change: object) -> None:
    assert callable(change)
    found = read(change(calendar(HOUR).decode()).encode())
    assert blocked(found) == [BLOCKED_HOUR], what


@given(
    at=st.integers(0, 2000),
    length=st.integers(0, 200),
    junk=st.binary(max_size=40) | st.sampled_from(PIECES),
)
def test_whatever_a_stranger_writes_is_read_or_refused(at: int, length: int, junk: bytes) -> None:
    whole = between(SUMMER_TIME.format("GMT") + calendar(WEEKLY, f"{DAILY};COUNT=2").decode())
    try:
        found = read(whole[:at] + junk + whole[at + length :])
    except Unreadable:
        return
    assert all(busy.starts < busy.ends and busy.uid.isprintable() for busy in found.events)
    assert all(skipped.reason.isprintable() for skipped in found.skipped)
    assert found.skipped_count == sum(skipped.count for skipped in found.skipped)


def test_a_file_may_be_in_utf_16() -> None:
    assert blocked(read(calendar(HOUR).decode().encode("utf-16"))) == [BLOCKED_HOUR]


def test_an_event_that_does_not_end_leaves_the_others_alone() -> None:
    content = calendar(HOUR, HOUR.replace("UID:1", "UID:2").replace("T10", "T14"))
    content = content.replace(b"END:VEVENT\r\n", b"", 1)
    assert blocked(read(content)) == [BLOCKED_HOUR, "04-02 14:00Z 04-02 15:00Z"]


@pytest.mark.parametrize("content", [b"", b"\x00", b"<html>", calendar(HOUR)[:-20]])
def test_a_part_of_a_file_is_no_calendar(content: bytes) -> None:
    with pytest.raises(Unreadable, match="not a calendar"):
        read(content)


def test_a_uid_is_passed_on_without_control_characters() -> None:
    found = read(calendar(HOUR.replace("UID:1", "UID:a\x00b\x1bc\u2028d" + "e" * 999)))
    assert found.events[0].uid == "abcd" + "e" * 251


def test_a_series_has_limits_of_its_own() -> None:
    hourly = "UID:2\nDTSTART:20310402T100000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY;COUNT={}"
    assert len(read(calendar(hourly.format(5000), HOUR)).events) == 5001
    found = read(calendar(hourly.format(5001), HOUR))
    assert blocked(found) == [BLOCKED_HOUR]
    assert found.skipped[0].reason == "It takes place more than 5,000 times in 401 days."


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYSETPOS=9;BYSECOND=1"]
)
def test_a_rule_without_end_takes_only_its_own_series(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expanding, "SERIES_SECONDS", 0.2)
    endless = f"UID:2\nDTSTART:20310101T000000Z\nDURATION:PT1S\nRRULE:{rule}"
    found = read(calendar(endless, HOUR))
    assert blocked(found) == [BLOCKED_HOUR]
    reasons = [skipped.reason for skipped in found.skipped]
    assert reasons == ["It takes too long to find out when it takes place."]


def test_a_zone_without_end_takes_only_its_own_events() -> None:
    endless = SUMMER_TIME.format("Ours").replace("FREQ=YEARLY", "FREQ=SECONDLY")
    event = HOUR.replace("DTSTART:", "DTSTART;TZID=Ours:").replace("Z", "").replace("TID", "TZID")
    inner = f"{endless}BEGIN:VEVENT\n{HOUR}\nEND:VEVENT\nBEGIN:VEVENT\n{event}\nEND:VEVENT"
    assert BLOCKED_HOUR in blocked(read(between(inner)))


def test_a_calendar_has_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "MOST", 3)
    events = [HOUR.replace("UID:1", f"UID:{number}") for number in range(5)]
    found = read(calendar(f"{WEEKLY.replace('UID:1', 'UID:w')}", *events))
    assert len(found.events) == 3
    assert [(skipped.reason, skipped.count) for skipped in found.skipped] == [
        ("The calendar has more than 3 events in 401 days.", 3)
    ]


def test_after_too_much_work_only_what_does_not_repeat_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expanding, "ALL_SECONDS", 0.0)
    found = read(calendar(WEEKLY.replace("UID:1", "UID:2"), HOUR))
    assert blocked(found) == [BLOCKED_HOUR]
    assert found.skipped[0].reason == "The calendar takes too long to read."


def test_at_most_ten_reasons_for_skipped_events_are_kept() -> None:
    events = (
        f"UID:{number}\nDTSTART;TZID=Nowhere {number}:20310402T100000" for number in range(20)
    )
    found = read(calendar(*events))
    assert (found.skipped_count, len(found.skipped)) == (20, 10)
    assert found.skipped[-1].reason == "Other reasons." and found.skipped[-1].count == 11
