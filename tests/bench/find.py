"""Searches for products, suggestions, and names with a typing error, beside tantivy in process."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.handwritten import python_for
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

PEER = HERE / "peers" / "tantivy"
SIZES = (10_000, 100_000)
CALLS = 40
CATALOG = "select id::text, name, description from catalog.products order by id"
SEARCH = b"select public.search(%s)"
FACETS = b"select public.search(%s, facets => 'true')"
SUGGEST = b"select count(*) from public.autocomplete(%s)"
Rows = list[tuple[str, str, str]]


def find(stack: RunningStack) -> Iterator[Figure]:
    """Words of names at two sizes of the catalog: half and the slowest twentieth of the calls."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        for size in SIZES:
            fill = (HERE / "find.sql").read_text("utf-8").replace("{count}", str(size))
            for statement in fill.split(";\n"):
                connection.execute(statement.encode())
            yield from _of_size(connection, size)


def _of_size(connection: psycopg.Connection, size: int) -> Iterator[Figure]:
    """The figures of a catalog."""
    rows: Rows = connection.execute(CATALOG).fetchall()
    dice = random.Random(1)
    names = [dice.choice(rows)[1].split() for _ in range(CALLS)]
    queries = [" ".join(dice.sample(name, dice.choice([1, 2, 3]))) for name in names]
    beginnings = [dice.choice(name)[: dice.choice([1, 2, 3, 5])] for name in names]
    yield compare(
        f"search for words among {size:,} products",
        unit="ms",
        ours=lambda: statistics.median(_taken(connection, SEARCH, queries)),
        measure="tantivy in process",
        beside=_peer(rows, queries),
        aim="at most 5",
    )
    for name, call, asked, aim in (
        ("search for words", SEARCH, queries, 30.0),
        ("search with facets", FACETS, queries, 30.0),
        ("suggestions", SUGGEST, beginnings, 10.0),
    ):
        yield compare(
            f"{name} among {size:,} products, 95 % within",
            unit="ms",
            ours=lambda call=call, asked=asked: _slowest(_taken(connection, call, asked)),
            measure="the aim",
            beside=lambda aim=aim: aim,
            aim="at most 1",
        )
    wrong = [(key, _with_error(name, dice)) for key, name, _text in dice.sample(rows, CALLS)]
    yield compare(
        f"names with a typing error among {size:,} products, found in the first ten",
        unit="",
        ours=lambda: statistics.mean(_finds(connection, key, name) for key, name in wrong),
        measure="the aim",
        beside=lambda: 0.95,
        aim="at least 1",
        rounds=1,
    )


def _taken(connection: psycopg.Connection, call: bytes, queries: list[str]) -> list[float]:
    """The milliseconds of each query."""
    taken = []
    for query in queries:
        began = time.perf_counter()
        connection.execute(call, (query,)).fetchall()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _slowest(taken: list[float]) -> float:
    """What 95 % of the calls stay within."""
    return statistics.quantiles(taken, n=20)[-1]


def _peer(rows: Rows, queries: list[str]) -> Callable[[], float]:
    """A round of the peer: half of its queries take at most so many milliseconds."""

    def round_of() -> float:
        with tempfile.TemporaryDirectory() as folder:
            catalog, asked = Path(folder) / "catalog", Path(folder) / "queries"
            catalog.write_text("\n".join("\t".join(row) for row in rows), "utf-8")
            asked.write_text("\n".join(queries), "utf-8")
            done = subprocess.run(
                [python_for(PEER), PEER / "find.py", catalog, asked],
                check=True,
                capture_output=True,
                text=True,
            )
        return statistics.median(json.loads(done.stdout))

    return round_of


def _with_error(name: str, dice: random.Random) -> str:
    """The name with one letter of its third word wrong, missing, doubled or swapped."""
    words = name.lower().split()
    word = words[2]
    at = dice.randrange(len(word) - 1)
    words[2] = dice.choice(
        [
            f"{word[:at]}q{word[at + 1 :]}",
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return " ".join(words)


def _finds(connection: psycopg.Connection, key: str, query: str) -> bool:
    """Whether a product is among the first ten results."""
    row = connection.execute(SEARCH, (query,)).fetchone()
    assert row is not None
    return key in [result["id"] for result in row[0]["results"][:10]]
