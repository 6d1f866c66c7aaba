"""Recommendations on held-out baskets, beside popularity and implicit's least squares.

The baskets are generated: 400 products, each in one of 25 themes, popular by Zipf's law; a basket
has one theme, or two in a third of the cases, and 3 to 9 products, of which a fifth come from
anywhere. Of the first baskets one product is hidden; whoever names it among ten has a hit.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator

import psycopg
from psycopg.types.json import Jsonb

from tests.bench.figures import Figure, compare
from tests.bench.handwritten import python_for
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

PRODUCTS, THEMES, BASKETS, ASKED = 400, 25, 4_000, 300
PEER = HERE / "peers" / "implicit"
FACTORS = (16, 32, 64)
CLAIMS = "select set_config('request.jwt.claims', %s, false)"
ASK = "select array(select substr(name, 2)::integer from public.recommend('personal'))"
BUYER = "select md5('buyer ' || %s)::uuid::text"


def recommend(stack: RunningStack) -> Iterator[Figure]:
    """How often the hidden product is among ten recommendations."""
    hidden, baskets = _split(_baskets(random.Random(1)))
    ours = _share(_ours(stack, baskets), hidden)
    for measure, found, aim in (
        ("popularity", _popular(baskets), "at least 1.3"),
        ("implicit's ALS", _best_of_peer(baskets, hidden), "at least 0.8"),
    ):
        theirs = _share(found, hidden)
        yield compare(
            "recommend: held-out products among ten",
            unit="%",
            ours=lambda: ours,
            measure=measure,
            beside=lambda theirs=theirs: theirs,  # type: ignore[misc]
            aim=aim,
            rounds=1,
        )


def _baskets(dice: random.Random) -> list[list[int]]:
    weights = [1 / (rank + 5) for rank in range(PRODUCTS)]
    themes = [[each for each in range(PRODUCTS) if each % THEMES == at] for at in range(THEMES)]
    baskets = []
    while len(baskets) < BASKETS:
        chosen = dice.sample(range(THEMES), 2 if dice.random() < 1 / 3 else 1)
        shelf = [each for theme in chosen for each in themes[theme]]
        basket: set[int] = set()
        size = dice.randint(3, 9)
        while len(basket) < size:
            some = range(PRODUCTS) if dice.random() < 0.2 else shelf
            basket.add(dice.choices(some, [weights[each] for each in some])[0])
        baskets.append(sorted(basket))
    return baskets


def _split(baskets: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    dice = random.Random(2)
    hidden = [dice.choice(basket) for basket in baskets[:ASKED]]
    seen = [
        [each for each in basket if number >= ASKED or each != hidden[number]]
        for number, basket in enumerate(baskets)
    ]
    return hidden, seen


def _share(found: list[list[int]], hidden: list[int]) -> float:
    hits = sum(each in ten for each, ten in zip(hidden, found, strict=True))
    return 100 * hits / len(hidden)


def _popular(baskets: list[list[int]]) -> list[list[int]]:
    order = [each for each, _ in Counter(item for each in baskets for item in each).most_common()]
    return [[item for item in order if item not in mine][:10] for mine in baskets[:ASKED]]


def _best_of_peer(baskets: list[list[int]], hidden: list[int]) -> list[list[int]]:
    """What the peer recommends with the number of factors that suits it best."""
    python = python_for(PEER)
    tried = []
    for factors in FACTORS:
        wanted = {"baskets": baskets, "products": PRODUCTS, "asked": ASKED, "factors": factors}
        answer = subprocess.run(
            [python, PEER / "als.py"],
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            check=True,
            env={"OPENBLAS_NUM_THREADS": "1"},
        )
        tried.append(json.loads(answer.stdout))
    return max(tried, key=lambda found: _share(found, hidden))


def _ours(stack: RunningStack, baskets: list[list[int]]) -> list[list[int]]:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        arguments = {"baskets": Jsonb(baskets), "products": PRODUCTS, "asked": ASKED}
        connection.execute((HERE / "recommend.sql").read_bytes(), arguments)
        connection.execute("set session_replication_role = origin")
        connection.execute("analyze")
        connection.execute(
            "select search.write_entries_of_businesses(array[md5('basket shop')::uuid])"
        )
        connection.execute("select search.count_sales()")
        found = []
        for number in range(ASKED):
            (row,) = connection.execute(BUYER, (number,)).fetchall()
            claims = json.dumps({"sub": row[0], "role": "authenticated"})
            connection.execute(CLAIMS, (claims,))
            (row,) = connection.execute(ASK).fetchall()
            found.append(row[0])
    return found
