"""The schema is what its migrations make, is written in one style, and says what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

from cli.options import ROOT
from cli.schema import CHECKOUT, planning

ERRORS = ROOT / "docs" / "errors.md"
REFUSE = re.compile(r"private\.refus(?:e|al)\(\s*'PT(\d{3})',\s*'(\w+)'")
REFUSE_LATER = re.compile(r"private\.refuse_later\(\s*'(\w+)'")
ANY_REFUSE = re.compile(r"private\.refus(?:e|al)\((?!errcode text|text, text)")
INVALID = re.compile(r"private\.invalid\(")
# | `token` | 409 | … and, for two that belong together, | `a`, `b` | 422, 409 | …
ROW = re.compile(r"^\|(?P<tokens>(?: *`\w+`,?)+) *\|(?P<statuses>(?: *\d{3},?)+) *\|", re.MULTILINE)


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


def test_the_migrations_make_what_is_declared() -> None:
    assert planning.drift() == []


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
