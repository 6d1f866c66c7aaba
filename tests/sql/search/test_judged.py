"""Judged queries: searching by words and meaning is not worse than by words, nor by meaning."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from statistics import fmean
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from tests.harness.database import Database

# Products and queries by hand; their vectors by the model, a byte a number.
JUDGED = json.loads((Path(__file__).parent / "judged.json").read_text())
MODEL = JUDGED["model"]
SETUP = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person('owner');
    select tests.business('Shop', 'owner');
    insert into flags.flags (key, is_enabled) values ('search_by_meaning', true);
    insert into catalog.products (business_id, name, description, slug, currency, is_published)
    select
        tests.id('Shop'), product ->> 'name', product ->> 'description', number::text, 'EUR', true
    from jsonb_array_elements(%s) with ordinality as products (product, number)
"""
DUE = "select search.texts_to_embed(%s, null, 1000)"
STORE = "select search.store_vectors(%s, %s)"
FIND: LiteralString = """
    select array(
        select result ->> 'name'
        from jsonb_array_elements(public.search(
            %(q)s, '["product"]', "limit" => '10', meaning => %(meaning)s) -> 'results'
        ) with ordinality as found (result, position)
        order by position)
"""
# As though no entry had the words.
NEAREST: LiteralString = """
    select array(
        select entries.name
        from unnest(search.nearest(
            search.for_caller(null), %(model)s, search.normalized(%(vector)s)
        )) with ordinality as near (id, position)
        inner join search.entries on entries.subject_id = near.id
        order by position limit 10)
"""


def vector(each: dict[str, Any]) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in base64.b64decode(each["vector"])]


def ndcg(found: list[str], relevant: list[str]) -> float:
    """The normalized discounted cumulative gain of the first ten."""
    gain = sum(1 / math.log2(place + 2) for place, name in enumerate(found) if name in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(len(relevant)))


def value(connection: psycopg.Connection, statement: LiteralString, arguments: Any) -> Any:
    row = connection.execute(statement, arguments).fetchone()
    return row[0] if row else None


def embed(connection: psycopg.Connection) -> None:
    """Write the vectors, as the worker does."""
    known = {f"{each['name']}. {each['description']}": each for each in JUDGED["products"]}
    due = [each for each in value(connection, DUE, (MODEL,)) if each["text"] in known]
    named = [{**each, "vector": vector(known[each["text"]])} for each in due]
    assert value(connection, STORE, (MODEL, Jsonb(named))) == len(JUDGED["products"])


def quality(connection: psycopg.Connection, way: str) -> float:
    """How well a way of searching answers the queries, from 0 to 1."""
    gains = []
    for query in JUDGED["queries"]:
        numbers = vector(query)
        meaning = json.dumps({"model": MODEL, "vector": numbers}) if way == "mixed" else None
        arguments = {"q": query["q"], "meaning": meaning, "model": MODEL, "vector": numbers}
        found = value(connection, NEAREST if way == "meaning" else FIND, arguments)
        gains.append(ndcg(found, query["relevant"]))
    return fmean(gains)


def test_words_and_meaning_together_are_not_worse_than_either(db: Database) -> None:
    with psycopg.connect(db.dsn) as connection:
        for statement in SETUP.strip().split(";"):
            arguments = (Jsonb(JUDGED["products"]),) if "%s" in statement else None
            connection.execute(statement.encode(), arguments)
        embed(connection)
        words, meaning, mixed = (quality(connection, way) for way in ("words", "meaning", "mixed"))
        print(f"nDCG at 10: words {words:.3f}, meaning {meaning:.3f}, mixed {mixed:.3f}")
        connection.rollback()
    assert mixed >= meaning - 0.02
    assert mixed >= words + 0.2
