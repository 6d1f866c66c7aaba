"""Reads the filter of a binding in Realtime's own syntax: `a=eq.1,b=not.in.(2,3)`.

The words of the errors are those of Supabase, which prints them as Elixir does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS = {
    "eq": "=",
    "neq": "<>",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "in": "= any",
    "like": "like",
    "ilike": "ilike",
    "is": "is",
    "match": "~",
    "imatch": "~*",
    "isdistinct": "is distinct from",
}


class FilterError(ValueError):
    """A filter that cannot be read; its words are for the client."""


@dataclass(frozen=True)
class Filter:
    """A condition on one column. The value of `in` is an array in PostgreSQL's syntax."""

    column: str
    operator: str
    value: str
    is_negated: bool

    def in_words(self) -> str:
        """Return it as Supabase prints it."""
        quoted = ", ".join(inspect(part) for part in (self.column, self.operator, self.value))
        return f"{{{quoted}, {str(self.is_negated).lower()}}}"


def inspect(text: str) -> str:
    """Return a text in quotes, as Elixir prints it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def parse(text: str) -> tuple[Filter, ...]:
    """Return the conditions of a filter, all of which must hold.

    Raises:
        FilterError: when it is none.
    """
    if not text.strip():
        return ()
    return tuple(_condition(segment.strip()) for segment in _segments(text.strip()))


def _segments(text: str) -> Iterator[str]:
    """Split at commas that are neither in parentheses nor in quotes."""
    depth, is_quoted, before, current = 0, False, "", ""
    characters = iter(text)
    for character in characters:
        if is_quoted and character == "\\":
            current += character + next(characters, "")
            continue
        if character == '"' and (is_quoted or before in (".", "(", ",")):
            is_quoted = not is_quoted
        elif not is_quoted and character == "," and depth == 0:
            yield current
            before, current = "", ""
            continue
        elif not is_quoted:
            depth = max(0, depth + {"(": 1, ")": -1}.get(character, 0))
        before = character
        current += character
    yield current


def _condition(segment: str) -> Filter:
    if not segment:
        raise FilterError("filter must not contain empty segments (check for extra commas)")
    column, equals, rest = segment.partition("=")
    if not equals:
        raise FilterError(f"[{inspect(segment)}]")
    is_negated = rest.startswith("not.")
    rest = rest.removeprefix("not.")
    operator, dot, value = rest.partition(".")
    if not dot:
        raise FilterError(f"[{inspect(rest)}]")
    if operator not in OPERATORS:
        raise FilterError(f"[{inspect(operator)}, {inspect(value)}]")
    if operator != "in":
        return Filter(column, operator, _unquoted(value), is_negated)
    if not (len(value) >= 2 and value[0] == "(" and value[-1] == ")"):
        raise FilterError("`in` filter value must be wrapped by parentheses")
    return Filter(column, operator, f"{{{value[1:-1]}}}", is_negated)


def _unquoted(value: str) -> str:
    """Return what is between quotes, if the whole value is."""
    if len(value) < 2 or value[0] != '"':
        return value
    found = ""
    characters = iter(value[1:])
    for character in characters:
        if character == "\\":
            found += next(characters, "")
        elif character == '"':
            return value if next(characters, None) is not None else found
        else:
            found += character
    return value
