"""Whatever a client sends gets an answer: a refusal with its token, and nothing changed."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from cli.options import ROOT
from tests.contract.conftest import Town

LEAKS = re.compile(
    r"constraint|violates|PL/pgSQL|syntax error|pg_catalog|"
    r"\b(?:private|identity|business|catalog|scheduling|pricing|auth)\.[a-z_]+",
)
TOKENS = set(
    re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE)
)
# What is wrong for every argument of a kind.
ODD: list[Any] = [{"a": 1}, [[1]], "x" * 1_000_000, "\u0007bell", "-1e999", "' or 1=1 --"]
WRONG: dict[str, list[Any]] = {
    "identifier": [*ODD, 7, "not-a-uuid", "00000000-0000-4000-8000-00000000000g", ""],
    "instant": [
        *ODD,
        0,
        "2031-05-05T09:00:00",
        "2031-02-30T09:00:00Z",
        "tomorrow",
        "infinity",
        "2031-05-05T09:00:00+99:00",
        "2031-05-05",
    ],
    "whole_number": [*ODD, -1, 10**20, 1.5, "NaN", "one"],
    "yes_no": [*ODD, "perhaps", 2],
    "place": [
        *ODD,
        7,
        [13.4, 52.5],
        "POINT(13.4 52.5)",
        {"latitude": 52.5},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": 180.1},
        {"latitude": "0", "longitude": "0"},
        {"latitude": 0, "longitude": None},
        {"latitude": 0, "longitude": 0, "altitude": 0},
    ],
    "object": [*ODD[1:], 7, "text", [], {"unknown": 1}],
    "list": [*ODD[:1], *ODD[2:], 7, "text", {"service_id": 1}, [7], ["not-a-uuid"]],
}
COUNTS = """
    select string_agg(format('(select count(*) from %I.%I)', nspname, relname), '||''.''||')
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind = 'r'
    and nspname in ('identity', 'business', 'catalog', 'scheduling', 'pricing', 'private')
    and relname <> 'effects' -- which workers write
"""
OBJECTS = ("object", "place", "list")
UNKNOWN = {"nonsense": 1}
# The arguments of each function, and those that have a default other than null.
DEFAULTS = """
    select proname, proargnames[:pronargs], array_agg(arguments.name)
    from pg_proc
    cross join lateral unnest(proargnames[:pronargs]) with ordinality
        as arguments (name, position)
    where pronamespace = 'public'::regnamespace
    and pg_get_function_arg_default(pg_proc.oid, arguments.position::int) not like 'NULL%'
    group by pg_proc.oid, proname
    order by proname
"""
ARGUMENTS = """
    select proname, array_agg(arguments.name order by position),
        array_agg(coalesce(typname, '') order by position)
    from pg_proc
    cross join lateral unnest(proargnames, proargtypes::oid[]) with ordinality
        as arguments (name, type, position)
    inner join pg_type on pg_type.oid = arguments.type
    where pronamespace = 'public'::regnamespace
    group by pg_proc.oid, proname
    order by proname
"""


def good_arguments(town: Town) -> dict[str, Any]:
    """A value for every argument name, so that only one is wrong at a time."""
    return {
        "service_id": town.ids["salon_service"],
        "shared_product_id": "00000000-0000-4000-8000-000000000000",
        "business_id": town.ids["salon"],
        "booking_id": town.ids["booking"],
        "booking_item_id": town.ids["booking"],
        "at": "2031-05-04T09:00:00Z",
        "from_at": "2031-05-05T00:00:00Z",
        "to_at": "2031-05-06T00:00:00Z",
        "starts_at": "2031-05-05T10:00:00Z",
        "ends_at": "2031-05-05T11:00:00Z",
        "items": [{"service_id": town.ids["salon_service"]}],
        "role": "staff",
        "month": "2031-05-01",
        "email": "a@b.example",
        "reason": "why",
        "reference": "AAAAAAAA",
        "name": "A name",
        "rows": [{"product": "oil"}],
        "changes": [{"name": "Oil"}],
        "vertical": "salon",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "token": "t",
        "is_active": True,
        "is_accepted": True,
        "user_id": town.ids["stranger"],
        "member_id": town.ids["salon_member"],
        "resource_id": town.ids["salon_resource"],
        "stand_in_id": town.ids["note"],
        "invitation_id": town.ids["note"],
        "document_id": town.ids["note"],
        "template_id": town.ids["note"],
        "feed_id": town.ids["note"],
        "session_id": town.ids["note"],
        "calendar_import_id": town.ids["note"],
        "url": "https://calendar.example/a.ics",
        "scopes": ["bookings:read"],
        "events": ["*"],
        "api_key_id": NOBODY,
        "webhook_endpoint_id": NOBODY,
        "event": "booking.confirmed",
        "link_id": town.ids["note"],
        "max_uses": 3,
        "expires_at": "2031-05-05T10:00:00Z",
        "code": "000000",
        "gift_card_id": town.ids["note"],
        "customer_id": town.ids["note"],
        "duplicate_id": town.ids["note"],
        "merge_id": town.ids["note"],
        "before_id": town.ids["note"],
        "conversation_id": town.ids["note"],
        "before_at": "2031-05-05T10:00:00Z",
        "holder_name": "A holder",
        "amount_minor": 100,
        "points": 1,
        "number": "DE89370400440532013000",
        "audience": "customer",
        "channel": "mail",
        "locale": "en",
        "title": "A title",
        "body": "A body",
        "rrule": "FREQ=DAILY;COUNT=2",
        "entry_id": town.ids["note"],
        "series_id": town.ids["note"],
        "from_date": "2031-05-05",
        "to_date": "2031-05-06",
        "from_on": "2031-05-05",
        "to_on": "2031-05-06",
        "opens_at": "09:00",
        "closes_at": "17:00",
        "capacity": 3,
        "from_time": "22:00",
        "to_time": "07:00",
        "platform": "ios",
        "is_enabled": True,
        "is_given": True,
        "purpose": "marketing",
        "source": "paper",
        "near": {"latitude": 52.52, "longitude": 13.405},
        "radius_km": 10,
        "price_max": 5000,
        "limit": 5,
        "q": "cut",
        "customer_name": "A customer",
        "subject": f"business:{town.ids['salon']}",
        "kind": "gallery",
        "region": "DE",
        "size": 1000,
        "content_type": "image/png",
        "media_ids": [],
        "media_id": town.ids["note"],
        "upload_id": town.ids["note"],
        "payment_id": town.ids["note"],
        "setup_id": town.ids["note"],
        "sale_id": town.ids["note"],
        "provider": "sandbox",
        "slug": "terms",
        "version": 1,
        "category_id": town.ids["note"],
        "store_id": town.ids["note"],
        "from_store_id": town.ids["note"],
        "to_store_id": town.ids["note"],
        "variant_id": town.ids["note"],
        "reservation_id": town.ids["note"],
        "quantity": 1,
        "company_name": "A company",
        "tax_number": "DE136695976",
        "wholesale_account_id": town.ids["note"],
        "wholesale_buyer_id": town.ids["note"],
        "wholesale_order_request_id": town.ids["note"],
        "customer_group_id": town.ids["note"],
        "decision": "rejected",
        "order_id": town.ids["note"],
        "order_ids": [town.ids["note"]],
        "shipment_id": town.ids["note"],
        "return_id": town.ids["note"],
        "action": "ship",
        "plan_id": town.ids["note"],
        "membership_id": town.ids["note"],
        "gift_id": town.ids["note"],
        "price_change_id": town.ids["note"],
        "at_period_end": True,
        "until": "2031-05-05T10:00:00Z",
        "message": "A message",
        "price_minor": 100,
        "effective_at": "2031-07-05T10:00:00Z",
        "needs_consent": True,
        "note": "A note",
        "lot_id": town.ids["note"],
        "list": "SKU,1",
        "dry_run": True,
        "ids": [town.ids["note"]],
        "product_id": town.ids["note"],
        "change_id": town.ids["note"],
        "preorder_limit": 1,
        "preorder_until": "2031-05-05T10:00:00Z",
        "cart_item_id": town.ids["note"],
        "cart_token": "t",
        "review_id": town.ids["note"],
        "sale_line_id": town.ids["note"],
        "rating": 5,
        "sub_ratings": {},
        "display_name": "Ann",
        "cursor": "2031-05-05T10:00:00.000000Z,00000000-0000-4000-8000-000000000000",
        "idempotency_key": "key",
        "report": {
            "business_id": town.ids["salon"],
            "subject": "bookings",
            "period": "today",
            "measures": ["bookings"],
        },
        "definition": {"subject": "bookings", "period": "today", "measures": ["bookings"]},
        "report_id": town.ids["note"],
        "item": {"gift_card_minor": 1, "currency": "EUR", "business_id": town.ids["salon"]},
    }


# Functions that mean something else by an argument's name than the others.
PIECES = {"items": [{"variant_id": "00000000-0000-4000-8000-000000000000", "quantity": 1}]}
ORDERED = {"items": [{"order_item_id": "00000000-0000-4000-8000-000000000000", "quantity": 1}]}
# Which keys these may have depends on rows that the caller must see first: pgTAP tests them.
KEYED_BY_ROWS = {"sub_ratings"}
NOBODY = "00000000-0000-4000-8000-000000000000"
MEANINGS: dict[str, dict[str, Any]] = {
    "set_platform_role": {"role": "support"},
    "issue_document": {"kind": "invoice"},
    "create_api_key": {"allowed_addresses": ["192.0.2.1"]},
    "track": {"events": [{"name": "visited"}]},
    "recommend": {"kind": "popular", "for": None},
    "replay_webhook": {"event_id": None},
    "read_events": {"cursor": None},
    "search": {"cursor": None},
    "adjust_stock": {"reason": "received"},
    "count_stock": PIECES,
    "transfer_stock": PIECES,
    "reserve_stock": PIECES,
    "ship_order": ORDERED,
    "hand_over_order": ORDERED,
    "request_return": {"kind": "return"},
    "return_guest_order": {"kind": "return"},
    "receive_return": {
        "items": [{"order_item_id": "00000000-0000-4000-8000-000000000000", "restock": False}]
    },
    "change_order": {"add": PIECES["items"]},
    "order_change_quote": {"add": PIECES["items"]},
    "invite_buyer": {"role": "buyer"},
    "start_conversation": {"order_id": None},
    "bulk_upsert_products": {"mode": "report"},
    "request_wholesale_order": PIECES,
    "review_page": dict.fromkeys(("product_id", "service_id", "resource_id")),
    "checkout": {**PIECES, "gift_card_codes": [], "store_id": None},
}


def fitting(town: Town, function: str, names: Any) -> dict[str, Any]:
    """Good values for those arguments of a function."""
    good = {**good_arguments(town), **MEANINGS.get(function, {})}
    return {name: good[name] for name in names if name in good}


def counts(town: Town) -> str:
    """How many rows there are, table by table."""
    ((query,),) = town.run(COUNTS)
    return str(town.run(f"select {query}")[0][0])


def assert_refused(response: httpx.Response, what: str) -> None:
    """It is a 4xx in our own words, or in PostgREST's for what never reached a function."""
    assert 400 <= response.status_code < 500, (
        f"{what}: {response.status_code} {response.text[:300]}"
    )
    body = response.json()
    if body["code"].startswith("PT"):
        assert body["details"] in TOKENS, f"{what}: {body}"
        assert body["hint"], f"{what}: {body}"
        assert not LEAKS.search(response.text), f"{what}: {response.text[:300]}"
    else:
        assert body["code"].startswith(("PGRST", "22")), f"{what}: {body}"


def test_every_wrong_argument_of_every_function_is_refused_by_name(town: Town) -> None:
    before = counts(town)
    asked = 0
    with town.client("stranger") as client:
        for function, names, types in town.run(ARGUMENTS):
            arguments = dict(zip(names, types, strict=True))  # type: ignore[call-overload]
            fixed = fitting(town, function, arguments)
            for name, kind in arguments.items():
                for value in WRONG.get(kind, []):
                    what = f"{function}({name} := {str(value)[:40]!r})"
                    response = client.post(f"/rpc/{function}", json={**fixed, name: value})
                    assert_refused(response, what)
                    if response.json()["code"] == "PT400":
                        assert name in response.json()["message"], what
                    asked += 1
    assert asked > 200
    assert counts(town) == before


def test_null_is_the_default_of_every_argument_that_has_one(town: Town) -> None:
    """What a client leaves out and what it sends as null are the same."""
    asked = set()
    for function, names, defaults in town.run(DEFAULTS):
        fixed = fitting(town, function, names)
        for name in defaults:
            rest = {other: value for other, value in fixed.items() if other != name}
            answers = []
            for arguments in (rest, {**rest, name: None}):
                with town.client("customer") as client:
                    response = client.post(f"/rpc/{function}", json=arguments)
                answers.append((response.status_code, refusal(response)))
                undo(town)
            assert answers[0] == answers[1], f"{function}({name} := null)"
            asked.add(name)
    assert asked >= {"party_size", "hold", "redeem_points", "on_conflict", "limit"}


def refusal(response: httpx.Response) -> str:
    """What was refused and why; nothing where something was answered."""
    return "" if response.is_success else response.json()["message"]


def undo(town: Town) -> None:
    """Cancel what the customer booked, so that the next call finds the same."""
    town.run("update scheduling.waitlist_entries set status = 'left'")
    town.run(
        "update scheduling.bookings set status = 'cancelled'"
        " where status in ('held', 'confirmed', 'pending') and id <> %s returning id",
        town.ids["booking"],
    )


def test_an_unknown_key_of_every_object_is_refused_by_name(town: Town) -> None:
    """Nothing that a client sends is ignored."""
    good = good_arguments(town)
    asked = []
    with town.client("owner") as client:
        for function, names, types in town.run(ARGUMENTS):
            arguments = dict(zip(names, types, strict=True))  # type: ignore[call-overload]
            fixed = fitting(town, function, arguments)
            objects = [name for name, kind in arguments.items() if kind in OBJECTS]
            for name in set(objects) - KEYED_BY_ROWS:
                value = with_unknown_key(good.get(name, [] if arguments[name] == "list" else {}))
                response = client.post(f"/rpc/{function}", json={**fixed, name: value})
                what = f"{function}({name}): {response.text}"
                assert_refused(response, what)
                assert response.json()["details"] == "invalid_input", what
                if value != [UNKNOWN]:  # a list of something other than objects
                    assert f"{name}.nonsense" in response.json()["message"], what
                asked.append(f"{function}.{name}")
    assert {"quote.items", "book_many.items", "book.answers"} <= set(asked)


def with_unknown_key(value: Any) -> Any:
    """The same value, with a key that nobody knows."""
    if isinstance(value, dict):
        return {**value, **UNKNOWN}
    return [{**each, **UNKNOWN} for each in value if isinstance(each, dict)] or [UNKNOWN]


def test_texts_may_be_long_or_strange_but_never_break_anything(town: Town) -> None:
    with town.client("customer") as client:
        for function, names, types in town.run(ARGUMENTS):
            arguments = dict(zip(names, types, strict=True))  # type: ignore[call-overload]
            fixed = fitting(town, function, arguments)
            for name in [name for name, kind in arguments.items() if kind == "text"]:
                for value in ("x" * 1_000_000, "\u0001", "\u0000", {"a": []}, "' --", ""):
                    response = client.post(f"/rpc/{function}", json={**fixed, name: value})
                    what = f"{function}({name} := {str(value)[:40]!r})"
                    assert response.status_code < 500, f"{what}: {response.text[:300]}"
                    if not response.is_success:
                        assert_refused(response, what)


@pytest.mark.parametrize(
    ("arguments", "token"),
    [
        ({"to_at": "2041-05-05T00:00:00Z"}, "invalid_input"),
        ({"to_at": "2031-05-04T00:00:00Z"}, "invalid_input"),
        ({"service_id": "00000000-0000-4000-8000-000000000000"}, "not_found"),
        ({"party_size": 1000}, "invalid_input"),
        ({"addon_ids": ["00000000-0000-4000-8000-000000000000"]}, "not_found"),
    ],
)
def test_slots_that_cannot_be_are_refused(
    town: Town, arguments: dict[str, Any], token: str
) -> None:
    fixed = {
        "service_id": town.ids["salon_service"],
        "from_at": "2031-05-05T00:00:00Z",
        "to_at": "2031-05-06T00:00:00Z",
    }
    with town.client(None) as client:
        response = client.post("/rpc/available_slots", json={**fixed, **arguments})
    assert_refused(response, str(arguments))
    assert response.json()["details"] == token


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"to_at": "2031-05-19T00:00:01Z"}, "to_at"),
        ({"to_at": "2031-05-05T00:00:00Z"}, "to_at"),
        ({"from_at": None}, "from_at"),
        ({"radius_km": 10}, "radius_km"),
        ({"radius_km": 201, "near": {"latitude": 0, "longitude": 0}}, "radius_km"),
        ({"near": {"latitude": 1e300, "longitude": 0}}, "near"),
        ({"price_max": 10**13}, "price_max"),
        ({"limit": 0}, "limit"),
        ({"limit": 51}, "limit"),
        ({"q": "?!"}, "q"),
        ({"category": "-"}, "category"),
        ({"currency": "EURO"}, "currency"),
    ],
)
def test_searches_that_cannot_be_are_refused(
    town: Town, arguments: dict[str, Any], named: str
) -> None:
    fixed = {"from_at": "2031-05-05T00:00:00Z", "to_at": "2031-05-06T00:00:00Z"}
    with town.client(None) as client:
        assert client.post("/rpc/search_availability", json=fixed).status_code == 200
        response = client.post("/rpc/search_availability", json={**fixed, **arguments})
    assert_refused(response, str(arguments))
    assert response.json()["message"].startswith(named)


@pytest.mark.parametrize(
    "words",
    [
        "' | ! & <-> :*",
        "a'b\\\\c:*d",
        "日本語 ネイル",
        "½ ﷺ Ⅷ ß",
        "x" * 198,
        "1e5 -7 a.b@c.de/f",
        "🙂 cut",
    ],
)
def test_any_words_can_be_searched_for(town: Town, words: str) -> None:
    wish = {"from_at": "2031-05-05T00:00:00Z", "to_at": "2031-05-06T00:00:00Z"}
    with town.client(None) as client:
        response = client.post("/rpc/search_availability", json={**wish, "q": words + " z"})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "path",
    [
        "/bookings?id=eq.7",
        "/bookings?starts_at=gt.never",
        "/services?select=nothing",
        "/services?price_minor=eq.99999999999999999999999",
        "/services?order=name.sideways",
        "/services?select=businesses(secrets)",
        "/services?and=(((((name.eq.a)))))",
        "/nothing",
        "/rpc/nothing",
        "/services?limit=-1",
        "/businesses?id=in.(" + ",".join(["x"] * 3000) + ")",
        "/rpc/book?service_id=x",
        "/services?name=" + "not." * 200 + "eq.a",
    ],
)
def test_malformed_filters_are_refused(town: Town, path: str) -> None:
    with town.client("customer") as client:
        response = client.get(path)
    assert 400 <= response.status_code < 500, response.text[:300]


def test_odd_reads_that_postgrest_accepts_break_nothing(town: Town) -> None:
    deep = "or(" * 300 + "name.eq.a" + ")" * 300
    with town.client("customer") as client:
        for query in ("name=like.%25%00", "select=" + "(" * 500, f"or=({deep})"):
            assert client.get(f"/services?{query}").status_code < 500, query[:40]


@pytest.mark.parametrize(
    ("view", "row"),
    [
        ("services", {"name": "x" * 1_000_000}),
        ("services", {"name": "\u0007"}),
        ("services", {"name": None}),
        ("services", {"duration_minutes": 0}),
        ("services", {"price_minor": -1}),
        ("services", {"currency": "XXL"}),
        ("services", {"slot_interval_minutes": 1}),
        ("services", {"visibility": "foggy"}),
        ("resources", {"kind": "ghost"}),
        ("resources", {"kind": "staff", "name": "A", "capacity": 10**6}),
        ("resources", {"kind": "staff", "name": "A", "time_zone": "Mars/Base"}),
        ("working_hours", {"weekday": 9, "opens_at": "09:00", "closes_at": "10:00"}),
        ("working_hours", {"weekday": 1, "opens_at": "09:00", "closes_at": "10:00"}),
        ("closures", {"starts_on": "2031-01-02", "ends_on": "2031-01-01"}),
        ("cancellation_policies", {"name": "A", "no_show_fee_bps": 10001}),
        ("cancellation_policies", {"name": "A", "late_reschedule_fee_minor": -1}),
        ("cancellation_tiers", {"hours_before": 24}),
        ("service_questions", {"key": "A b", "label": "A", "kind": "text"}),
        ("service_questions", {"key": "a", "label": "A", "kind": "choice"}),
        ("service_questions", {"key": "a", "label": "A", "kind": "riddle"}),
        ("cancellation_tiers", {"hours_before": 0, "fee_bps": 1}),
    ],
)
def test_bad_rows_of_the_owner_are_refused_in_words(
    town: Town, view: str, row: dict[str, Any]
) -> None:
    fixed: dict[str, Any] = {"business_id": town.ids["salon"]}
    if view == "services":
        fixed |= {"name": "A", "duration_minutes": 30, "price_minor": 1, "currency": "EUR"}
    if view == "cancellation_tiers":
        fixed["cancellation_policy_id"] = town.ids["salon_policy"]
    if view == "service_questions":
        fixed["service_id"] = town.ids["salon_service"]
    before = counts(town)
    with town.client("owner") as client:
        response = client.post(f"/{view}", json={**fixed, **row})
    assert_refused(response, f"{view} {str(row)[:60]}")
    assert counts(town) == before


def test_bodies_that_are_no_requests_are_refused(town: Town) -> None:
    with town.client("customer") as client:
        for content, kind in (
            (b"{", "application/json"),
            (b"\xff\xfe", "application/json"),
            (b"[]", "application/json"),
            (b"7", "application/json"),
            (b"<a/>", "application/xml"),
            (b"[" * 100_000, "application/json"),
        ):
            response = client.post("/rpc/book", content=content, headers={"Content-Type": kind})
            assert 400 <= response.status_code < 500, f"{content[:20]!r}: {response.text[:200]}"
        for headers in ({"Range": "x-y"}, {"Prefer": "count=all"}, {"Accept": "image/png"}):
            response = client.get("/services", headers=headers)
            assert response.status_code < 500, f"{headers}: {response.text[:200]}"
        assert client.get("/services", headers={"Range": "5-2"}).status_code < 500


def test_another_tenants_time_cannot_be_booked(town: Town) -> None:
    with town.client("customer") as client:
        response = client.post(
            "/rpc/book",
            json={"service_id": town.ids["secret_service"], "starts_at": "2031-05-05T09:00:00Z"},
        )
        assert response.json()["details"] == "not_found"
        response = client.post(
            "/rpc/book",
            json={
                "service_id": town.ids["salon_service"],
                "resource_id": town.ids["secret_resource"],
                "starts_at": "2031-05-05T12:00:00Z",
            },
        )
        assert response.json()["details"] == "not_eligible"
