"""The functions of sql/ as they are written: header, text and body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTION = re.compile(
    r"(?:^/\*(?P<header>(?:(?!\*/).)*)\*/\n)?"
    r"^(?P<text>create (?:or replace )?(?:function|procedure) (?P<name>[a-z_]+\.[a-z_0-9]+)\(.*?"
    r"(?:(?P<tag>\$\w*\$)(?P<quoted>.*?)(?P=tag)"
    r"|^begin atomic\n(?P<atomic>.*?)^end"
    r"|^return (?P<expression>[^;]*)).*?;)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Function:
    """One `create function` of sql/."""

    path: Path
    name: str
    header: str
    text: str
    body: str

    @property
    def lines(self) -> int:
        """Its lines from `create` to its end."""
        return self.text.count("\n") + 1

    @property
    def body_lines(self) -> int:
        """The lines of its body that are not empty."""
        return sum(bool(line.strip()) for line in self.body.splitlines())


def functions(files: list[Path]) -> Iterator[Function]:
    """Every function that the files create."""
    for path in files:
        for match in FUNCTION.finditer(path.read_text("utf-8")):
            body = match["quoted"] or match["atomic"] or match["expression"] or ""
            yield Function(path, match["name"], match["header"] or "", match["text"], body)
