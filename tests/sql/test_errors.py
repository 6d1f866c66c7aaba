"""What a function refuses is said once in three places: its header, its comment and docs/errors.md.

The header has `Errors:  PT404 not_found · PT409 slot_taken not_bookable`; the last line of the
comment has `Errors: not_found 404, slot_taken 409, not_bookable 409.` A function that is not in
`public` may refer to another one: `those of scheduling.place_booking`.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from cli.options import ROOT
from cli.schema import CHECKOUT
from tests.harness.functions import Function, functions
from tests.harness.session import DatabaseSession

ERRORS = ROOT / "docs" / "errors.md"
REFUSE = re.compile(r"private\.refus(?:e|al)\(\s*'PT(\d{3})',\s*'(\w+)'")
REFUSE_LATER = re.compile(r"private\.refuse_later\(\s*'(\w+)'")
ANY_REFUSE = re.compile(r"private\.refus(?:e|al)\((?!errcode text|text, text)")
INVALID = re.compile(r"private\.invalid\(")
# | `token` | 409 | … and, for two that belong together, | `a`, `b` | 422, 409 | …
ROW = re.compile(r"^\|(?P<tokens>(?: *`\w+`,?)+) *\|(?P<statuses>(?: *\d{3},?)+) *\|", re.MULTILINE)

HEADER = re.compile(r"^ \* Errors:  (?P<said>.*(?:\n \* {9,}\S.*)*)", re.MULTILINE)
STATUS = re.compile(r"PT(?P<status>\d{3})(?P<tokens>(?: [a-z_]+)+)")
OTHER = re.compile(r"those of (?P<name>[a-z_]+\.[a-z_0-9]+)(?: but [a-z_]+)?")
COMMENT = re.compile(r"Errors: (?:[a-z_]+ \d{3}, )*[a-z_]+ \d{3}\.")
COMMENTS = """
    select format('public.%s', proname), obj_description(oid, 'pg_proc') from pg_proc
    where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
"""


def refusals() -> set[tuple[str, str]]:
    """(token, status) of every refusal in sql/."""
    found = set()
    for path in CHECKOUT.declared_files():
        text = path.read_text("utf-8")
        found |= {(token, status) for status, token in REFUSE.findall(text)}
        found |= {(token, "429") for token in REFUSE_LATER.findall(text)}
        found |= {("invalid_input", "400")} if INVALID.search(text) else set()
    return found


def documented() -> set[tuple[str, str]]:
    """(token, status) of every row of docs/errors.md."""
    found = set()
    for match in ROW.finditer(ERRORS.read_text("utf-8")):
        tokens = re.findall(r"\w+", match["tokens"])
        statuses = re.findall(r"\d+", match["statuses"])
        found |= set(zip(tokens, statuses * (1 if len(statuses) > 1 else len(tokens)), strict=True))
    return found


def groups(header: str) -> list[str]:
    """The parts of a header's errors: each names a status with its tokens, or a function."""
    match = HEADER.search(header)
    if match is None:
        assert "Errors" not in header, "is not in the form of `Errors:  PT404 not_found`"
        return []
    lines = re.sub(r"\n \* +(?=PT|those of )", " · ", match["said"])
    return re.sub(r"\n \* +", " ", lines).split(" · ")


def in_header(header: str) -> set[tuple[str, str]]:
    """(token, status) of everything that the header itself names."""
    statuses = [match for group in groups(header) if (match := STATUS.fullmatch(group))]
    return {(token, match["status"]) for match in statuses for token in match["tokens"].split()}


def in_comment(comment: str) -> set[tuple[str, str]]:
    """(token, status) of the last line of a comment."""
    *others, last = comment.splitlines()
    assert "Errors:" not in "\n".join(others), "errors stand in the last line"
    if not last.startswith("Errors:"):
        assert "Errors:" not in last, "errors have a line of their own"
        return set()
    assert COMMENT.fullmatch(last), last
    return set(re.findall(r"([a-z_]+) (\d{3})", last))


@pytest.fixture(scope="module")
def written() -> list[Function]:
    """Every function of sql/."""
    return list(functions(CHECKOUT.declared_files()))


def test_every_header_names_its_errors_in_one_form(written: list[Function]) -> None:
    names = {each.name for each in written}
    for function in written:
        for group in groups(function.header):
            other = OTHER.fullmatch(group)
            assert STATUS.fullmatch(group) or (other and other["name"] in names), (
                f"{function.path.name} {function.name}: {group}"
            )
        assert in_header(function.header) <= documented(), function.name


def test_header_and_comment_of_an_rpc_name_the_same_errors(
    written: list[Function], databases: DatabaseSession
) -> None:
    headers = {each.name: each.header for each in written}
    with psycopg.connect(databases.declared) as connection:
        comments = dict(connection.execute(COMMENTS).fetchall())
    rpcs = comments.keys() & headers.keys()
    assert len(rpcs) > 50
    for name in rpcs:
        assert in_header(headers[name]) == in_comment(comments[name]), name
        assert not any(OTHER.fullmatch(group) for group in groups(headers[name])), name


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("\n * Book.\n *\n * Errors:  PT404 not_found · PT409 a b\n", {"404 not_found", "409 a b"}),
        ("\n * Errors:  PT404 not_found\n *          PT409 a\n *              b\n * Source:  x\n",
         {"404 not_found", "409 a b"}),
        ("\n * Errors:  PT404 not_found\n *          those of scheduling.place_booking\n",
         {"404 not_found", "those of scheduling.place_booking"}),
        ("\n * Books.\n", set()),
    ],
)  # fmt: skip
def test_a_header_is_read_as_it_is_written(header: str, said: set[str]) -> None:
    assert {group.removeprefix("PT") for group in groups(header)} == said


@pytest.mark.parametrize("comment", ["Book. Errors: not_found 404.", "B.\nErrors: 404 not_found.",
                                     "B.\nErrors: a 404, b 409 (never)."])  # fmt: skip
def test_a_comment_in_another_form_is_noticed(comment: str) -> None:
    with pytest.raises(AssertionError):
        in_comment(comment)


def test_every_refusal_names_its_status_and_token_in_place() -> None:
    for path in CHECKOUT.declared_files():
        text = path.read_text("utf-8")
        assert len(ANY_REFUSE.findall(text)) == len(REFUSE.findall(text)), path


def test_refusals_and_their_documentation_are_the_same() -> None:
    said = documented()
    assert refusals() - said == set(), "not in docs/errors.md"
    by_database = {pair for pair in said if pair[0] not in other_parts_refuse()}
    assert by_database - refusals() == set(), "nothing in sql/ refuses so"


def other_parts_refuse() -> set[str]:
    """Tokens that the gateway and the edge answer with."""
    files = [*(ROOT / "workers").rglob("*.py"), *(ROOT / "cli" / "stack").glob("*.conf")]
    return set(re.findall(r'details"?[=:]"([a-z_]+)"', "\n".join(map(Path.read_text, files))))


def test_every_refusal_has_its_sentence_in_every_language(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        rows = connection.execute(
            "select locale, array_agg(token) from private.refusal_sentences group by locale"
        ).fetchall()
    tokens = {token for token, _ in refusals()}
    assert {locale: tokens ^ set(translated) for locale, translated in rows} == {
        locale: set() for locale in ("ar", "de", "hi", "ja")
    }
