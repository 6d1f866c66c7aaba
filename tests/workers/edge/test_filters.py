"""Filters and bindings are read as Supabase reads them, and refused in its words."""

from __future__ import annotations

from typing import Any

import pytest

from workers.edge.realtime.changes.bindings import read
from workers.edge.realtime.changes.filters import Filter, FilterError, parse
from workers.edge.realtime.interfaces import RefusedError

# Source: the examples of Supabase's Extensions.PostgresCdcRls.Subscriptions.
READ = {
    "subject=eq.hey": [("subject", "eq", "hey", False)],
    "subject=in.(hidee,ho)": [("subject", "in", "{hidee,ho}", False)],
    "subject=not.like.hey%": [("subject", "like", "hey%", True)],
    "id=gt.0,id=lt.100": [("id", "gt", "0", False), ("id", "lt", "100", False)],
    "": [],
    "   ": [],
    'name=eq."a,b"': [("name", "eq", "a,b", False)],
    'name=eq."say \\"hi\\""': [("name", "eq", 'say "hi"', False)],
    'name=eq."a"b': [("name", "eq", '"a"b', False)],
    'name=in.("a,b",c),id=eq.1': [("name", "in", '{"a,b",c}', False), ("id", "eq", "1", False)],
    "at=gte.2026-01-01T10:00:00.5Z": [("at", "gte", "2026-01-01T10:00:00.5Z", False)],
    "name=eq.": [("name", "eq", "", False)],
    "url=eq.a=b": [("url", "eq", "a=b", False)],
}  # fmt: skip
REFUSED = {
    "subject=foo.hey": '["foo", "hey"]',
    "undefined": '["undefined"]',
    "subject=eq": '["eq"]',
    "id=in.1,2": "`in` filter value must be wrapped by parentheses",
    "id=eq.1,": "filter must not contain empty segments (check for extra commas)",
}


@pytest.mark.parametrize("text", READ)
def test_a_filter_is_read_as_supabase_reads_it(text: str) -> None:
    assert list(parse(text)) == [Filter(*each) for each in READ[text]]


@pytest.mark.parametrize("text", REFUSED)
def test_a_filter_that_cannot_be_read_is_refused_in_supabases_words(text: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    assert str(refused.value) == REFUSED[text]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "No subscription params provided. Please provide at least a `schema` or `table` "),
        ({"table": "a", "select": "b"}, "Error parsing `select` params: expected a list"),
        ({"schema": "public", "select": ["b"]}, "Column selection is not supported for wildcard"),
        ({"table": "a", "filter": "b=c.d"}, 'Error parsing `filter` params: ["c", "d"]'),
    ],
)
def test_a_binding_that_cannot_be_read_is_refused_in_supabases_words(
    sent: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        read(sent)
    assert str(refused.value).startswith(words)


def test_equal_bindings_share_a_number_whatever_their_cursor() -> None:
    sent = {"event": "*", "schema": "public", "table": "bookings", "filter": "id=eq.1"}
    assert read(sent).id == read({**sent, "cursor": "1.a.1"}).id
    others: list[dict[str, Any]] = [
        {"event": "UPDATE"},
        {"table": "orders"},
        {"filter": "id=eq.2"},
        {"select": ["id"]},
    ]
    assert len({read({**sent, **other}).id for other in ({}, *others)}) == 5
