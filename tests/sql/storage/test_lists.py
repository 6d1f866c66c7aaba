"""Lists of objects: what they show, page by page, and how little they read."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from tests.harness.database import Database

NAMES = ("B.txt", "a", "a/1", "a/2/x", "a/2/y", "a!", "b/", "c/d/e", "z.txt")
DIRECT = ["B.txt", "a", "a!", "a/", "b/", "c/", "z.txt"]


@pytest.fixture(name="objects")
def _objects(db: Database) -> psycopg.Connection:
    """A bucket that everybody may list, with few objects beside many."""
    connection = db.connection
    connection.execute("insert into storage.buckets (id, name) values ('few', 'few')")
    connection.execute("insert into storage.buckets (id, name) values ('many', 'many')")
    connection.execute("create policy few on storage.objects for select to anon using (true)")
    for n, name in enumerate(NAMES):
        connection.execute(
            "insert into storage.objects (bucket_id, name, created_at)"
            " values ('few', %s, timestamptz '2026-01-01' + %s * interval '1 hour')",
            (name, -n),
        )
    return connection


def keys(connection: psycopg.Connection, query: LiteralString, *arguments: object) -> list[str]:
    """The first column of a list."""
    return [str(row[0]) for row in connection.execute(query, arguments).fetchall()]


def test_a_list_shows_objects_and_folders_by_name(objects: psycopg.Connection) -> None:
    search: LiteralString = "select name from storage.search(%s, 'few', %s, 1, %s, %s, 'name', %s)"
    shown = [key.rstrip("/") for key in DIRECT]
    assert keys(objects, search, "", 100, 0, "", "asc") == shown
    assert keys(objects, search, "", 100, 0, "", "desc") == shown[::-1]
    assert keys(objects, search, "", 2, 3, "", "asc") == shown[3:5]
    assert keys(objects, search, "a/", 100, 0, "", "asc") == ["1", "2"]
    assert keys(objects, search, "", 100, 0, "A", "asc") == ["a", "a!", "a"]
    assert keys(objects, search, "", 100, 0, "b", "desc") == ["b", "B.txt"]
    assert keys(objects, search, "none/", 100, 0, "", "asc") == []


def test_a_list_by_time_begins_with_the_folders(objects: psycopg.Connection) -> None:
    search: LiteralString = (
        "select name from storage.search('', 'few', 100, 1, 0, '', 'created_at', %s)"
    )
    assert keys(objects, search, "asc") == ["a", "b", "c", "z.txt", "a!", "a", "B.txt"]
    assert keys(objects, search, "desc") == ["c", "b", "a", "B.txt", "a", "a!", "z.txt"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("column", ["name", "created_at"])
@pytest.mark.parametrize("function", ["search_v2", "list_flat"])
def test_pages_by_a_cursor_add_up_to_the_whole(
    objects: psycopg.Connection, function: str, column: str, order: str
) -> None:
    levels = "1, " if function == "search_v2" else ""
    page = (
        f"select key, created_at, id from storage.{function}"
        f"('', 'few', 2, {levels}%s, '{order}', '{column}', %s)"
    )
    found: list[str] = []
    after, at = "", ""
    for _ in range(20):
        rows = objects.execute(page.encode(), (after, at)).fetchall()
        if not rows:
            break
        found += [str(row[0]) for row in rows]
        after = found[-1]
        at = str(rows[-1][1]) if column != "name" and rows[-1][2] is not None else ""
    expected = DIRECT if function == "search_v2" else sorted(NAMES)
    assert sorted(found) == sorted(expected)
    if column == "name":
        assert found == (sorted(expected) if order == "asc" else sorted(expected)[::-1])


@pytest.mark.parametrize(
    "call",
    [
        "search('', 'many', 20, 1, 0, '', 'name', 'asc')",
        "search('', 'many', 20, 1, 0, '', 'name', 'desc')",
        "search('f0007/', 'many', 20, 1, 0, '', 'name', 'asc')",
        "search('f0007/', 'many', 20, 1, 0, 'N', 'name', 'asc')",
        "search('f0007/', 'many', 20, 1, 0, '', 'created_at', 'desc')",
        "search_v2('f0007/', 'many', 20, 1, 'f0007/n00107', 'asc', 'name', '')",
        "search_v2('f0007/', 'many', 20, 1, '', 'desc', 'updated_at', '')",
        "list_flat('', 'many', 20, 'f0050/', 'asc', 'name', '')",
        "list_flat('', 'many', 20, 'f0050/', 'desc', 'name', '')",
        "list_flat('f0007/', 'many', 20, '', 'asc', 'created_at', '')",
    ],
)
def test_a_page_reads_what_it_shows_also_under_policies(
    objects: psycopg.Connection, call: str
) -> None:
    objects.execute(
        "insert into storage.objects (bucket_id, name) select 'many',"
        " 'f' || lpad((i % 100)::text, 4, '0') || '/n' || lpad(i::text, 5, '0')"
        " from generate_series(1, 10000) as i"
    )
    objects.execute("analyze storage.objects")
    read = (
        "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
        " from pg_stat_xact_user_tables where relid = 'storage.objects'::regclass"
    )
    with objects.transaction():
        objects.execute("set local role anon")
        assert objects.execute(f"select * from storage.{call}".encode()).fetchall()
        ((rows,),) = objects.execute(read.encode()).fetchall()
    assert rows <= 500, "of 10,000"
