"""New tables keep the order of columns in which they were declared.

pg-delta makes a table first and adds the columns whose type or default comes later in its plan, so
they would end up last. Here they return into `create table`: types move before the tables, and a
default that calls something is set where the column would have been added.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from cli.schema.connection import connect

QUERY = Path(__file__).with_suffix(".sql")
TABLE = re.compile(r'CREATE TABLE ("[^"]+"\."[^"]+") \((.*)\);')
ADDED = re.compile(r'ALTER TABLE ("[^"]+"\."[^"]+") ADD COLUMN ("[^"]+")( .*);')
TYPE = re.compile(r"CREATE (TYPE .* AS ENUM|DOMAIN ).*;")
CALLING_DEFAULT = re.compile(r"(.*) DEFAULT (.*\(.*)")


def column_order(dsn: str) -> dict[str, list[str]]:
    """The columns of every table, in order; the table as "schema"."table"."""
    with connect(dsn) as connection:
        rows = connection.execute(QUERY.read_bytes()).fetchall()
    return dict(rows)


def keep_column_order(sql: str, order: dict[str, list[str]]) -> str:
    """A rendered plan in which new tables have their columns in `order`."""
    lines = sql.split("\n")
    new = {match[1] for line in lines if (match := TABLE.fullmatch(line))}
    added: dict[str, list[str]] = defaultdict(list)
    types: list[str] = []
    rest: list[str] = []
    for line in lines:
        match = ADDED.fullmatch(line)
        if match and match[1] in new:
            definition, default = _split_default(match[3])
            added[match[1]].append(match[2] + definition)
            if default:
                rest.append(
                    f"ALTER TABLE {match[1]} ALTER COLUMN {match[2]} SET DEFAULT {default};"
                )
        else:
            (types if TYPE.fullmatch(line) else rest).append(line)
    if not added:
        return sql
    rest = [_with_columns(line, added, order) for line in rest]
    start = next(number for number, line in enumerate(rest) if TABLE.fullmatch(line))
    return "\n".join([*rest[:start], *types, *rest[start:]])


def _with_columns(line: str, added: dict[str, list[str]], order: dict[str, list[str]]) -> str:
    match = TABLE.fullmatch(line)
    if not match or match[1] not in added:
        return line
    items = _items(match[2]) + added[match[1]]
    positions = {f'"{column}"': number for number, column in enumerate(order[match[1]])}
    items.sort(key=lambda item: positions.get(item.partition(" ")[0], len(positions)))
    return f"CREATE TABLE {match[1]} ({', '.join(items)});"


def _split_default(definition: str) -> tuple[str, str]:
    match = CALLING_DEFAULT.fullmatch(definition)
    return (match[1], match[2]) if match else (definition, "")


def _items(body: str) -> list[str]:
    """The parts of a column list: cut at commas outside of quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for character in body:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
