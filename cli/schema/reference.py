"""The reference of the API, a page for each domain, from the comments of views and functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.refusal import Refusal
from cli.schema.connection import connect
from cli.schema.layout import Checkout, Domain
from cli.schema.ownership import owners

QUERY = Path(__file__).with_suffix(".sql")
HEAD = """\
<!-- Written by `./frontdesk gen reference` from the comments in sql/{folder}. Do not edit. -->

# {title}
"""
# Types as clients write them: without the schema, and without the domains of arguments.
SCHEMA = re.compile(r"\b(?:public|analytics)\.")
CAST = re.compile(r"('[^']*'|NULL)::[a-z_. ]+(?:\[\])?")


@dataclass(frozen=True)
class Column:
    """A column of a view."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Offered:
    """A view or a function that clients use."""

    kind: str
    schema: str
    name: str
    signature: str
    description: str
    columns: list[Column]


def reference_pages(dsn: str, schemas: list[str], checkout: Checkout) -> dict[str, str]:
    """File name → text of the page of every domain that offers something.

    Raises:
        Refusal: when no file of sql/ creates what a schema offers.
    """
    known = owners(checkout)
    offered: dict[Domain, list[Offered]] = defaultdict(list)
    for each in _offered(dsn, schemas):
        domain = known.get(f"{each.schema}.{each.name}")
        if domain is None:
            raise Refusal(f"No file of sql/ creates {each.name}.", "Declare it there.")
        offered[domain].append(each)
    return {f"{domain.name}.md": _page(domain, parts) for domain, parts in offered.items()}


def _offered(dsn: str, schemas: list[str]) -> Iterator[Offered]:
    with connect(dsn) as connection:
        connection.execute("set search_path = ''")
        rows = connection.execute(QUERY.read_bytes(), {"schemas": schemas}).fetchall()
    for kind, schema, name, signature, description, columns in rows:
        parts = [
            Column(part["name"], _type(part["type"]), part["description"] or "") for part in columns
        ]
        yield Offered(kind, schema, name, _type(signature), description or "", parts)


def _page(domain: Domain, offered: list[Offered]) -> str:
    title = domain.name.replace("_", " ").capitalize()
    parts = [HEAD.format(folder=domain.path.name, title=title)]
    views = [each for each in offered if each.kind == "view"]
    functions = [each for each in offered if each.kind == "function"]
    parts += ["## Views\n", *map(_view, views)] if views else []
    parts += ["## Functions\n", *map(_function, functions)] if functions else []
    return "\n".join(parts)


def _view(view: Offered) -> str:
    heading = view.name if view.schema == "public" else f"{view.schema}.{view.name}"
    rows = [f"| `{each.name}` | {each.type} | {_cell(each.description)} |" for each in view.columns]
    return "\n".join(
        [
            f"### {heading}\n",
            f"{_prose(view.description)}\n",
            "| column | type | description |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _function(function: Offered) -> str:
    return (
        f"### {function.name}\n\n```sql\n{function.signature}\n```\n\n"
        f"{_prose(function.description)}\n"
    )


def _prose(description: str) -> str:
    """Each line of a comment is a paragraph; what stands in braces is not Markdown."""
    return "\n\n".join(_escaped(line) for line in description.splitlines() if line)


def _cell(description: str) -> str:
    return _escaped(" ".join(description.split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    return re.sub(r"([<*])", r"\\\1", text)


def _type(described: str) -> str:
    return CAST.sub(r"\1", SCHEMA.sub("", described))
