"""Which domain an object belongs to: the one whose file of sql/ creates it."""

from __future__ import annotations

import re

from cli.schema.layout import Checkout, Domain

COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
CREATE = re.compile(
    r"^create (?:or replace )?(?:unlogged )?"
    r"(?:schema|table|view|materialized view|function|procedure|type|domain|sequence)"
    r" (?:if not exists )?(?P<name>[a-z_]+(?:\.[a-z_0-9]+)?)",
    re.MULTILINE,
)
NAME = re.compile(r"\b[a-z_]+(?:\.[a-z_0-9]+)?")


def without_comments(sql: str) -> str:
    """The text with its comments blanked; every line keeps its number."""
    return COMMENT.sub(lambda match: "\n" * match[0].count("\n"), sql)


def created(sql: str) -> list[str]:
    """The names of the schemas, relations, functions and types that a text creates."""
    return [match["name"] for match in CREATE.finditer(without_comments(sql))]


def owners(checkout: Checkout) -> dict[str, Domain]:
    """Name → domain of every object that sql/ creates."""
    return {
        name: domain
        for domain in checkout.domains()
        for path in domain.files()
        for name in created(path.read_text("utf-8"))
    }


def owner_of(described: str, known: dict[str, Domain]) -> Domain | None:
    """The domain of the first object that a description names.

    A description is what the catalog prints, such as `policy parcels_select on trial.parcels` or
    `trial.describe(uuid)`.
    """
    names = (match[0] for match in NAME.finditer(described.replace('"', "")))
    return next((known[name] for name in names if name in known), None)
