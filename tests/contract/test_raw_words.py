"""What PostgREST and PostgreSQL refuse in words of their own is listed, with its status and code.

Whatever else a client can send is refused by a token of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.options import ROOT
from tests.contract.conftest import Town, built
from tests.contract.test_bad_input import TOKENS

LISTED = {
    (int(status), code)
    for statuses, codes in re.findall(
        r"^\| ((?:\d{3},? ?)+) \| ((?:`\w+`,? ?)+) \|",
        (ROOT / "docs" / "errors.md").read_text("utf-8"),
        re.MULTILINE,
    )
    for status in re.findall(r"\d{3}", statuses)
    for code in re.findall(r"\w+", codes)
}
COLUMNS = """
    select relname, array_agg(attname::text order by attnum),
        array_agg(format_type(atttypid, atttypmod) order by attnum)
    from pg_class
    inner join pg_attribute on attrelid = pg_class.oid and attnum > 0
    where relnamespace = 'public'::regnamespace and relkind = 'v'
    group by relname
    order by relname
"""
FILTERS = ("eq.x", "like.*x*", "gt.1", "fts.x", "cs.{x}", "is.true", "in.(1,2)", "ov.[1,2]")
UPSERT = {"Prefer": "resolution=merge-duplicates"}
CUT = {"name": "A", "duration_minutes": 5, "price_minor": 1, "currency": "EUR"}
TOO_LONG = {"items": "x" * 200_000 + "\u0000"}
NOBODY = "00000000-0000-4000-8000-000000000000"
# A request for every code of the list.
RAW: list[tuple[int, str, str, str, dict[str, Any]]] = [
    (400, "PGRST100", "GET", "/services?name=foo.x", {}),
    (400, "PGRST108", "GET", "/services?businesses.id=eq.1", {}),
    (400, "PGRST109", "PATCH", "/services?limit=1", {"json": {"name": "A"}}),
    (400, "PGRST118", "GET", "/businesses?select=services(id)&order=services(name)", {}),
    (
        400,
        "PGRST122",
        "GET",
        "/services",
        {"headers": {"Prefer": "handling=strict, nonsense=1"}},
    ),
    (400, "PGRST123", "GET", "/services?select=price_minor.sum()", {}),
    (400, "PGRST102", "POST", "/services", {"content": b"{"}),
    (400, "PGRST115", "PUT", f"/services?id=eq.{NOBODY}", {"json": ["own"]}),
    (400, "PGRST200", "GET", "/services?select=bookings(*)", {}),
    (400, "PGRST204", "POST", "/services", {"json": {"nonsense": 1}}),
    (404, "PGRST202", "POST", "/rpc/nonsense", {"json": {}}),
    (400, "42703", "GET", "/services?nonsense=eq.1", {}),
    (404, "42P01", "GET", "/nonsense", {}),
    (400, "42704", "GET", "/services?select=name::nonsense", {}),
    (404, "42883", "GET", "/services?price_minor=like.x", {}),
    (400, "22003", "GET", "/services?price_minor=eq.99999999999999999999", {}),
    (400, "22007", "GET", "/services?created_at=eq.x", {}),
    (400, "22008", "GET", "/closures?starts_on=eq.2031-02-30", {}),
    (400, "22009", "GET", "/services?created_at=eq.2031-01-01T00:00:00%2B99:00", {}),
    (400, "22025", "GET", "/services?name=like.*%5C", {}),
    (400, "2201B", "GET", "/services?name=match.(", {}),
    (400, "22P02", "GET", "/services?id=eq.x", {}),
    (400, "42601", "GET", "/services?name=fts.a b", {}),
    (400, "42804", "GET", "/services?id=is.true", {}),
    (400, "42846", "GET", "/services?select=id::int", {}),
    (400, "22P05", "POST", "/rpc/quote", {"json": TOO_LONG}),
    (400, "0A000", "PATCH", "/sessions?id=is.null", {"json": {"free_seats": 1}}),
    (400, "428C9", "PATCH", "/activity?id=is.null", {"json": {"id": 1}}),
    (400, "21000", "POST", "/services", {"headers": UPSERT, "json": ["own", "own"]}),
    (
        400,
        "42P10",
        "POST",
        "/services?on_conflict=name",
        {"headers": UPSERT, "json": ["own"]},
    ),
    (409, "23505", "POST", "/services", {"json": ["secret"]}),
    (401, "42501", "POST", "/services", {"json": {"name": "A"}}),
    (403, "42501", "POST", "/bookings", {"json": {"notes": "A"}}),
    (401, "PGRST301", "GET", "/services", {"headers": {"Authorization": "Bearer x"}}),
    (406, "PGRST106", "GET", "/services", {"headers": {"Accept-Profile": "private"}}),
    (
        406,
        "PGRST116",
        "GET",
        "/services?id=is.null",
        {"headers": {"Accept": "application/vnd.pgrst.object+json"}},
    ),
    (416, "PGRST103", "GET", "/services", {"headers": {"Range": "5-2"}}),
]


@pytest.fixture(scope="module")
def own_town(town: Town) -> Town:
    """A town of this module."""
    return built(town.stack)


def refused(response: httpx.Response) -> tuple[int, str]:
    """The status with our token, or with a code of theirs."""
    body = response.json()
    if body["code"] == f"PT{response.status_code}":
        assert body["details"] in TOKENS, response.text
        return response.status_code, body["details"]
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("status", "code", "method", "path", "sent"), RAW, ids=[f"{row[1]}-{row[0]}" for row in RAW]
)
def test_each_code_of_the_list_is_real(
    own_town: Town, status: int, code: str, method: str, path: str, sent: dict[str, Any]
) -> None:
    own = {"id": own_town.ids["salon_service"], "business_id": own_town.ids["salon"], **CUT}
    known = {"own": own, "secret": {**own, "id": own_town.ids["secret_service"]}}
    if isinstance(sent.get("json"), list):
        sent = {**sent, "json": [known[name] for name in sent["json"]]}
    person = None if status == 401 else "owner"
    with own_town.client(person) as client:
        assert refused(client.request(method, path, **sent)) == (status, code)


def test_the_list_has_nothing_else() -> None:
    assert {(status, code) for status, code, *_ in RAW} == LISTED


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("TRACE", "/services", {}, (405, "method_not_allowed")),
        ("PUT", "/rpc/book", {}, (405, "method_not_allowed")),
        ("GET", "/rpc/mark_notifications_read", {}, (405, "method_not_allowed")),
        ("GET", "/services", {"Accept": "image/png"}, (406, "not_acceptable")),
    ],
)
def test_what_a_path_does_not_do_has_a_token(
    own_town: Town, method: str, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    with own_town.client("customer") as client:
        response = client.request(method, path, headers=headers)
    assert refused(response) == expected
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        (rb"a\u0000b", True),
        (rb"a\\\u0000b", True),
        (b"x" * 100_000 + rb"\u0000", True),
        (rb"a\\u0000b", False),
        (rb"a\\\\u0000b", False),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/rpc/lookup_booking", b'{"email": "", "reference": "%s"}'),
        ("/addresses", b'{"label": "%s"}'),
    ],
)
def test_a_text_with_the_character_zero_has_a_token(
    own_town: Town, path: str, body: bytes, text: bytes, is_refused: bool
) -> None:
    sent = body.replace(b"%s", text)
    with own_town.client("customer") as client:
        response = client.post(path, content=sent, headers={"Content-Type": "application/json"})
    assert refused(response) == (400, "invalid_input")
    assert ("must not contain the character U+0000" in response.text) == is_refused


@pytest.mark.parametrize("person", [None, "customer", "owner"])
def test_no_view_and_no_column_answers_in_other_words(own_town: Town, person: str | None) -> None:
    unlisted = []
    with own_town.client(person) as client:
        for view, names, types in own_town.run(COLUMNS):
            assert isinstance(names, list)
            assert isinstance(types, list)
            for method, path, body in requests(str(view), dict(zip(names, types, strict=True))):
                response = client.request(method, path, json=body)
                if not response.is_success:
                    answer = refused(response)
                    if answer not in LISTED and answer[1] not in TOKENS:
                        unlisted.append(f"{method} {path} {body}: {response.text}")
    assert unlisted == []


def requests(view: str, columns: dict[str, str]) -> Iterator[tuple[str, str, object]]:
    """Every write of every column, and every filter of a column of every type."""
    nothing = f"/{view}?{next(iter(columns))}=is.null"
    yield "POST", f"/{view}", {}
    yield "DELETE", nothing, None
    for name in columns:
        yield "PATCH", nothing, {name: None}
        yield "PATCH", nothing, {name: {"a": 1}}
    for name in {kind: name for name, kind in columns.items()}.values():
        for filtered in FILTERS:
            yield "GET", f"/{view}?{name}={filtered}&limit=1", None
