"""Files and functions stay small, names say what is inside, and arguments are written out."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pytest

from cli.options import ROOT
from cli.schema import CHECKOUT
from cli.schema.ownership import without_comments
from tests.harness.functions import Function, functions

FILE_LINES = 300
FUNCTION_LINES = 60
BODY_LINES = 20  # of half of the functions
ROW_FIELDS = 4

# What is not in shape yet. A test fails when an entry is no longer needed.
LONG_FILES = {
    "sql/00_foundation/functions.sql",
    "sql/20_business/rules.sql",
    "sql/30_catalog/functions/2_calendars.sql",
    "sql/40_scheduling/api/4_steps.sql",
    "sql/40_scheduling/functions/1_timelines.sql",
    "sql/40_scheduling/functions/3_limits.sql",
    "sql/40_scheduling/functions/4_assign.sql",
    "sql/40_scheduling/functions/5_place.sql",
    "sql/40_scheduling/functions/7_move.sql",
    "sql/40_scheduling/functions/8_fees.sql",
    "sql/40_scheduling/functions/8_guests.sql",
    "sql/40_scheduling/functions/8_sessions.sql",
    "sql/40_scheduling/functions/9_series.sql",
    "sql/40_scheduling/functions/9_waitlist.sql",
    "sql/40_scheduling/rules/1_bookings.sql",
    "sql/40_scheduling/tables/2_bookings.sql",
    "sql/80_engagement/functions/1_planning.sql",
    "sql/80_engagement/functions/2_delivering.sql",
    "sql/80_engagement/functions/3_wishes.sql",
}
LONG_FUNCTIONS = {
    "engagement.plan_turn",
    "engagement.start_delivery",
    "public.create_slots",
    "scheduling.claim_series",
    "scheduling.counted",
    "scheduling.create_session",
    "scheduling.days",
    "scheduling.feed_times",
    "scheduling.give_back",
    "scheduling.is_in_hours",
    "scheduling.loads",
    "scheduling.needs",
    "scheduling.occurrences",
    "scheduling.offers",
    "scheduling.openings",
    "scheduling.passed_limit",
    "scheduling.resolve_link",
    "scheduling.session_offers",
    "scheduling.take_seats",
    "scheduling.unbookable",
    "scheduling.unbookable_pools",
    "scheduling.write_move",
    "search.candidates",
    "search.may_be_open",
    "search.services",
}
NUMBERED_FILES = {
    "api/1_businesses.sql",
    "api/1_cancellation.sql",
    "api/1_people.sql",
    "api/1_services.sql",
    "api/1_views.sql",
    "api/2_access.sql",
    "api/2_resources.sql",
    "api/2_slots.sql",
    "api/2_wishes.sql",
    "api/2_workflow.sql",
    "api/3_book.sql",
    "api/3_calendars.sql",
    "api/3_documents.sql",
    "api/3_hours.sql",
    "api/3_words.sql",
    "api/4_members.sql",
    "api/4_questions.sql",
    "api/4_steps.sql",
    "api/5_lookup.sql",
    "api/6_calendars.sql",
    "api/6_links.sql",
    "api/6_preferences.sql",
    "api/6_sessions.sql",
    "api/7_guests.sql",
    "api/7_series.sql",
    "api/8_waitlist.sql",
    "functions/0_broker.sql",
    "functions/1_blocks.sql",
    "functions/1_callers.sql",
    "functions/1_documents.sql",
    "functions/1_messages.sql",
    "functions/1_people.sql",
    "functions/1_planning.sql",
    "functions/1_timelines.sql",
    "functions/2_activity.sql",
    "functions/2_calendars.sql",
    "functions/2_candidates.sql",
    "functions/2_delivering.sql",
    "functions/2_offers.sql",
    "functions/2_profile.sql",
    "functions/2_queues.sql",
    "functions/3_access.sql",
    "functions/3_answers.sql",
    "functions/3_legs.sql",
    "functions/3_limits.sql",
    "functions/3_links.sql",
    "functions/3_refusals.sql",
    "functions/3_time.sql",
    "functions/3_wishes.sql",
    "functions/3_workflow.sql",
    "functions/4_assign.sql",
    "functions/4_availability.sql",
    "functions/4_members.sql",
    "functions/4_take.sql",
    "functions/5_invitations.sql",
    "functions/5_place.sql",
    "functions/6_calendars.sql",
    "functions/6_entries.sql",
    "functions/6_feeds.sql",
    "functions/6_steps.sql",
    "functions/7_move.sql",
    "functions/8_fees.sql",
    "functions/8_guests.sql",
    "functions/8_items.sql",
    "functions/8_preferences.sql",
    "functions/8_recurrence.sql",
    "functions/8_sessions.sql",
    "functions/9_series.sql",
    "functions/9_unbookable.sql",
    "functions/9_waitlist.sql",
    "policies/1_bookings.sql",
    "policies/1_cancellation.sql",
    "policies/1_services.sql",
    "policies/2_resources.sql",
    "policies/2_sessions.sql",
    "policies/3_calendars.sql",
    "policies/3_hours.sql",
    "policies/3_preferences.sql",
    "policies/3_series.sql",
    "policies/4_questions.sql",
    "policies/4_waitlist.sql",
    "policies/5_links.sql",
    "policies/6_calendars.sql",
    "policies/7_guests.sql",
    "rules/1_bookings.sql",
    "rules/1_people.sql",
    "rules/2_activity.sql",
    "rules/2_sessions.sql",
    "rules/3_waitlist.sql",
    "tables/1_cancellation.sql",
    "tables/1_series.sql",
    "tables/1_services.sql",
    "tables/1_sessions.sql",
    "tables/2_bookings.sql",
    "tables/2_resources.sql",
    "tables/3_calendars.sql",
    "tables/3_hours.sql",
    "tables/3_preferences.sql",
    "tables/3_seats.sql",
    "tables/4_questions.sql",
    "tables/4_waitlist.sql",
    "tables/5_links.sql",
    "tables/6_calendars.sql",
    "tables/7_guests.sql",
}
LONG_ROWS = {
    "public.available_slots",
    "public.book",
    "public.request_guest_booking",
    "scheduling.candidates",
    "scheduling.create_session",
    "scheduling.hold_for_waitlist",
    "scheduling.leg",
    "scheduling.moved_legs",
    "scheduling.ranked",
    "scheduling.to_wishes",
}
HIDDEN_ARGUMENTS = {
    "business.give_reason",
    "business.take_reason",
}

HIDES = re.compile(r"set_config\(\s*'frontdesk\.(?!now')")
ROW = re.compile(r"\brow\s*\(")


@pytest.fixture(scope="module")
def written() -> list[Function]:
    """Every function of sql/."""
    return list(functions(CHECKOUT.declared_files()))


def hold(found: set[str], allowed: set[str]) -> None:
    """Fail on what is found and not allowed, and on what is allowed and not found."""
    assert sorted(found - allowed) == [], "is not in shape"
    assert sorted(allowed - found) == [], "is in shape: delete the entry"


def test_every_file_is_short() -> None:
    files = [path for folder in ("sql", "cli", "workers") for path in sources(ROOT / folder)]
    long = {path for path in files if len(path.read_text("utf-8").splitlines()) > FILE_LINES}
    hold({str(path.relative_to(ROOT)) for path in long}, LONG_FILES)


def sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".py", ".sql")]


def test_the_files_of_a_domain_have_no_numbers() -> None:
    inside = {
        path.relative_to(domain.path)
        for domain in CHECKOUT.domains()
        for path in domain.path.rglob("*.sql")
        if re.match(r"\d", path.name)
    }
    hold({str(path) for path in inside}, NUMBERED_FILES)


def test_every_function_is_found(written: list[Function]) -> None:
    texts = (without_comments(path.read_text("utf-8")) for path in CHECKOUT.declared_files())
    starts = re.compile(r"^create (?:or replace )?(?:function|procedure) ", re.MULTILINE)
    assert len(written) == sum(len(starts.findall(text)) for text in texts)


def test_every_function_is_short(written: list[Function]) -> None:
    hold({each.name for each in written if each.lines > FUNCTION_LINES}, LONG_FUNCTIONS)


def test_half_of_the_functions_are_very_short(written: list[Function]) -> None:
    assert median(each.body_lines for each in written) < BODY_LINES


def test_composite_values_are_made_with_named_arguments(written: list[Function]) -> None:
    hold({each.name for each in written if has_long_row(each.body)}, LONG_ROWS)


def has_long_row(sql: str) -> bool:
    """Whether a `row(…)::type` has more fields than one can tell apart."""
    return any(
        fields > ROW_FIELDS and sql[end:].lstrip().startswith("::")
        for fields, end in (measure(sql, match.end()) for match in ROW.finditer(sql))
    )


def measure(sql: str, start: int) -> tuple[int, int]:
    """How many fields a row has, and where it ends."""
    depth, fields, quoted = 1, 1, False
    for position in range(start, len(sql)):
        character = sql[position]
        quoted ^= character == "'"
        if not quoted:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
            fields += character == "," and depth == 1
        if depth == 0:
            return fields, position + 1
    return fields, len(sql)


@pytest.mark.parametrize(
    ("sql", "is_long"),
    [
        ("select row(a, b, c, d)::x.y", False),
        ("select row(a, f(b, c), '(,', array[1, 2], d)::x.y", True),
        ("select row(1, 2, 3, 4, 5) = row(a, b, c, d, e)", False),
        ("v = row(\n    1, 2, 3, 4, 5\n)::x.y;", True),
    ],
)
def test_fields_of_a_row_are_counted(sql: str, is_long: bool) -> None:
    assert has_long_row(sql) is is_long


def test_no_argument_hides_in_a_setting(written: list[Function]) -> None:
    """The clock alone is a setting: tests move it. Everything else is an argument."""
    hold({each.name for each in written if HIDES.search(each.body)}, HIDDEN_ARGUMENTS)
