"""Who has time: 10,000 businesses and a million allocations, by several shapes of the question."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

AIM_MS = 50.0
CALLS = 40  # a round; each with other arguments
TOWNS = [(52.52, 13.405), (48.8566, 2.3522), (51.5072, -0.1276), (40.7128, -74.006)]
WORDS = ["haircut", "elan", "beard tr", "massage calm", "sakura colour", "nordstern", "consul"]
AT_FIVE = ("2035-06-05T15:00:00Z", "2035-06-05T16:00:00Z")
AT_NIGHT = ("2035-06-05T01:00:00Z", "2035-06-05T02:00:00Z")
A_DAY = ("2035-06-05T00:00:00Z", "2035-06-06T00:00:00Z")
TWO_WEEKS = ("2035-06-05T00:00:00Z", "2035-06-19T00:00:00Z")
Arguments = dict[str, str]
Shape = Callable[[random.Random], Arguments]

ASK = """
select count(*)
from public.search_availability(
    %(from_at)s, %(to_at)s, vertical => %(vertical)s, near => %(near)s, q => %(q)s,
    price_max => %(price_max)s
)
"""


def _during(period: tuple[str, str], **more: str) -> Arguments:
    return {"from_at": period[0], "to_at": period[1], **more}


def _near(dice: random.Random) -> str:
    latitude, longitude = dice.choice(TOWNS)
    return json.dumps(
        {
            "latitude": round(latitude + dice.uniform(-0.1, 0.1), 4),
            "longitude": round(longitude + dice.uniform(-0.1, 0.1), 4),
        }
    )


SHAPES: dict[str, Shape] = {
    "at five near me": lambda dice: _during(AT_FIVE, near=_near(dice)),
    "a day near me": lambda dice: _during(A_DAY, near=_near(dice)),
    "two weeks near me": lambda dice: _during(TWO_WEEKS, near=_near(dice)),
    "at five, near me, a vertical, words, a price": lambda dice: _during(
        AT_FIVE, near=_near(dice), vertical="salon", q=dice.choice(WORDS), price_max="4000"
    ),
    "at five, words": lambda dice: _during(AT_FIVE, q=dice.choice(WORDS)),
    "at five, anywhere": lambda dice: _during(AT_FIVE),
    "at night near me, when nobody has time": lambda dice: _during(AT_NIGHT, near=_near(dice)),
}


def search(stack: RunningStack) -> Iterator[Figure]:
    """The slowest twentieth of searches for 20 businesses, in the database, shape by shape."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "search.sql").read_bytes())
        connection.execute("set frontdesk.now = '2035-06-03T00:00:00Z'")
        for name, shape in SHAPES.items():
            yield compare(
                f"search: {name}, 95 % within",
                unit="ms",
                ours=partial(_slowest_twentieth, connection, shape),
                measure="the aim",
                beside=lambda: AIM_MS,
                aim="at most 1",
            )


def _slowest_twentieth(connection: psycopg.Connection, shape: Shape) -> float:
    dice = random.Random(1)  # the same places in every round
    taken = []
    for _ in range(CALLS):
        arguments = dict.fromkeys(("vertical", "near", "q", "price_max")) | shape(dice)
        began = time.perf_counter()
        connection.execute(ASK, arguments).fetchall()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(taken, n=20)[-1]
