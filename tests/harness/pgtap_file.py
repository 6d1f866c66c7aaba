"""What a file of pgTAP assertions says about itself, read without running it.

pytest needs the name of every test before anything runs, and the same names in every worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

PLAN = re.compile(r"^select plan\((\d+)\);", re.MULTILINE | re.IGNORECASE)
TOKEN = re.compile(
    r"""
    (?P<blank> \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<body> \$(?P<tag>\w*)\$ .*? \$(?P=tag)\$ )
    | '(?P<literal> (?:[^']|'')* )'
    | "[^"]*" | [\w.]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)
ASSERTION = re.compile(
    r"ok|pass|fail|is|isnt|is_empty|isnt_empty|i?matches|doesnt_i?match|(?:un)?i?alike"
    r"|(?:cmp|isa|lives|performs|throws)_\w+|(?:results|set|bag|row)_\w+|has(?:nt)?_\w+"
)
CALL = re.compile(r"(\w+)\(")
ENDS = ("commit", "end", "rollback", "begin", "prepare transaction")


@dataclass(frozen=True)
class Token:
    """A word, a sign, a literal or a quoted body."""

    text: str
    literal: str | None = None


@dataclass(frozen=True)
class Source:
    """The text of a file."""

    text: str

    @cached_property
    def planned(self) -> int | None:
        """How many assertions the plan counts."""
        plan = PLAN.search(self.text)
        return int(plan[1]) if plan else None

    @cached_property
    def sentences(self) -> list[str]:
        """The sentence of each assertion, in order."""
        helpers = {name for found in self._statements for name in _helper(found)}
        found = (_sentence(statement, helpers) for statement in self._statements)
        return [sentence for sentence in found if sentence is not None]

    @property
    def rolls_back(self) -> bool:
        """Whether all that the file does is one transaction that is rolled back."""
        words = [" ".join(token.text for token in found).lower() for found in self._statements]
        inside = words[1:-1]
        return words[:1] == ["begin"] and words[-1:] == ["rollback"] and not set(inside) & set(ENDS)

    @cached_property
    def _statements(self) -> list[list[Token]]:
        return list(_split(self.text))


def _split(text: str) -> Iterator[list[Token]]:
    """The statements; a body of `begin atomic … end` is one with what it belongs to."""
    statement: list[Token] = []
    depth = 0
    for match in TOKEN.finditer(text):
        if match["blank"]:
            continue
        word = match[0].lower()
        literal = match["literal"]
        depth += (word == "atomic") + (word == "case" and depth > 0) - (word == "end" and depth > 0)
        if word == ";" and depth == 0:
            yield statement
            statement = []
        else:
            statement.append(
                Token(match[0], None if literal is None else literal.replace("''", "'"))
            )
    if statement:
        yield statement


def _helper(statement: list[Token]) -> Iterator[str]:
    """The name of the function that a statement makes, if its body asserts something."""
    words = [token.text for token in statement]
    calls = (call for word in words if word.startswith("$") for call in CALL.findall(word))
    if words[:2] == ["create", "function"] and any(map(ASSERTION.fullmatch, calls)):
        yield words[2]


def _sentence(statement: list[Token], helpers: set[str]) -> str | None:
    """The last argument of `select assertion(…)`, where that is a literal."""
    words = [token.text for token in statement]
    if len(words) < 4 or words[0] != "select" or words[2] != "(":
        return None
    if not ASSERTION.fullmatch(words[1]) and words[1] not in helpers:
        return None
    depth = 0
    for position, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word == ")" and depth == 0:
            return _literal(statement[:position])
    return None


def _literal(argument: list[Token]) -> str | None:
    """The last argument if it is a literal; SQL joins those that follow on each other's line."""
    parts: list[str] = []
    for token in reversed(argument):
        if token.literal is None:
            return "".join(reversed(parts)) if parts and token.text in (",", "(") else None
        parts.append(token.literal)
    return None
