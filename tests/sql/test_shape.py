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
LONG_FILES: set[str] = set()
LONG_FUNCTIONS: set[str] = set()
NUMBERED_FILES: set[str] = set()
LONG_ROWS: set[str] = set()
HIDDEN_ARGUMENTS: set[str] = set()

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
