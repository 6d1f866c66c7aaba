"""A shop sends its whole range: 100,000 variants, against COPY of the same rows."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from tests.bench.figures import Figure, compare
from tests.bench.shared import BUSINESS
from tests.harness.stack import RunningStack

ROWS, CHUNK, SIZES = 100_000, 5_000, 5
SECONDS_OF_TEN_THOUSAND = 60  # what we state for 10,000 rows in one call
SHOP = """
    insert into business.businesses (slug, name, vertical_id, country, time_zone, currency)
    select %s, name, vertical_id, country, time_zone, currency
    from business.businesses where id = %s
    returning id
"""
UPSERT = "select public.bulk_upsert_products(%s::text, %s::text)"
TABLES: dict[str, tuple[str, ...]] = {
    "products": (
        *("id", "business_id", "name", "slug", "description", "currency", "is_published"),
    ),
    "product_options": ("business_id", "product_id", "name", "allowed_values"),
    "product_variants": (
        *("business_id", "product_id", "sku", "options", "price_minor", "weight_grams"),
    ),
}


def products(stack: RunningStack) -> Iterator[Figure]:
    """Rows a second of the bulk upsert and of COPY, and how long ten thousand rows take."""
    with psycopg.connect(stack.endpoints.db_url) as connection:
        yield compare(
            "a bulk upsert of 100,000 rows",
            unit="rows/s",
            ours=lambda: ROWS / _upserted(connection, ROWS),
            measure="COPY into the same tables",
            beside=lambda: ROWS / _copied(connection),
            aim="at least 0.3",
            rounds=1,
        )
        yield compare(
            "a bulk upsert of 10,000 rows",
            unit="s",
            ours=lambda: _upserted(connection, 10_000),
            measure="the time that we state",
            beside=lambda: SECONDS_OF_TEN_THOUSAND,
            aim="at most 1",
            rounds=1,
        )


def _upserted(connection: psycopg.Connection, rows: int) -> float:
    """Return the seconds of an upsert into a new shop; nothing of it is kept."""
    shop = _new_shop(connection)
    chunks = [
        json.dumps([_row(number) for number in chunk])
        for chunk in (range(first, first + CHUNK) for first in range(0, rows, CHUNK))
    ]
    began = time.perf_counter()
    for chunk in chunks:
        connection.execute(UPSERT, (shop, chunk))
    return _undone(connection, began)


def _copied(connection: psycopg.Connection) -> float:
    """Return the seconds of COPY of the same rows into a new shop; nothing of it is kept."""
    shop = _new_shop(connection)
    ids = [uuid.uuid4() for _ in range(ROWS // SIZES)]
    rows: dict[str, Iterator[tuple[Any, ...]]] = {
        "products": (
            (key, shop, f"Product {n}", f"product-{n}", "Nice to have.", "EUR", True)
            for n, key in enumerate(ids)
        ),
        "product_options": ((shop, key, "Size", [str(n) for n in range(SIZES)]) for key in ids),
        "product_variants": (
            (shop, ids[n // SIZES], row["sku"], json.dumps(row["options"]), row["price_minor"], 100)
            for n, row in enumerate(map(_row, range(ROWS)))
        ),
    }
    began = time.perf_counter()
    for table, columns in TABLES.items():
        statement = sql.SQL("copy catalog.{} ({}) from stdin").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows[table]:
                copy.write_row(row)
    return _undone(connection, began)


def _row(number: int) -> dict[str, Any]:
    return {
        "product": f"product-{number // SIZES}",
        "name": f"Product {number // SIZES}",
        "description": "Nice to have.",
        "currency": "EUR",
        "is_published": True,
        "sku": f"SKU-{number}",
        "options": {"Size": str(number % SIZES)},
        "price_minor": 1000 + number % 500,
        "weight_grams": 100,
    }


def _new_shop(connection: psycopg.Connection) -> uuid.UUID:
    found = connection.execute(SHOP, (f"shop-{uuid.uuid4().hex[:8]}", BUSINESS)).fetchall()
    ((shop,),) = found
    return uuid.UUID(str(shop))


def _undone(connection: psycopg.Connection, began: float) -> float:
    seconds = time.perf_counter() - began
    connection.rollback()
    return seconds
