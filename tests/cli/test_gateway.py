"""What a client sends reaches PostgREST, and what PostgREST answers reaches the client."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

# Says what arrived, so that a header that the gateway changes is seen.
ECHO = """
create function public.echo(json) returns json language sql volatile as $$
    select json_build_object(
        'headers', current_setting('request.headers')::json,
        'path', current_setting('request.path'),
        'method', current_setting('request.method'),
        'role', current_user,
        'bytes', length($1::text)
    )
$$;
grant execute on function public.echo(json) to anon, authenticated, service_role;
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with RunningStack.start(tmp_path_factory.mktemp("gateway"), "--no-workers") as stack:
        with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
            connection.execute(ECHO)
        client = stack.client()
        wait_until(lambda: client.post("/rest/v1/rpc/echo", json={}).status_code == 200)
        yield stack


@pytest.fixture(scope="module")
def client(running: RunningStack) -> Iterator[httpx.Client]:
    with running.client() as open_client:
        yield open_client


def echoed(client: httpx.Client, **headers: str) -> dict[str, str]:
    answer = client.post("/rest/v1/rpc/echo", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()["headers"]
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("prefer", "return=representation, tx=commit"),
        ("x-client-info", "supabase-js/2"),
        ("idempotency_key", "an underscore"),
        ("user-agent", "somebody/1.0"),
    ],
)
def test_a_request_header_arrives_unchanged(client: httpx.Client, name: str, value: str) -> None:
    assert echoed(client, **{name: value})[name] == value


def test_counts_and_ranges_pass_the_gateway(client: httpx.Client) -> None:
    answer = client.get(
        "/rest/v1/currencies?order=code",
        headers={"Prefer": "count=exact", "Range-Unit": "items", "Range": "0-4"},
    )
    assert (answer.status_code, answer.reason_phrase) == (206, "Partial Content")
    assert answer.headers["content-range"].startswith("0-4/")
    assert answer.headers["preference-applied"] == "count=exact"
    assert len(answer.json()) == 5


def test_vendor_media_types_pass_the_gateway(client: httpx.Client) -> None:
    one = {"Accept": "application/vnd.pgrst.object+json"}
    answer = client.get("/rest/v1/currencies?code=eq.JPY", headers=one)
    assert answer.json()["code"] == "JPY"
    assert answer.headers["content-type"].startswith("application/vnd.pgrst.object+json")
    none = client.get("/rest/v1/currencies?code=eq.XX_", headers=one)
    assert (none.status_code, none.json()["code"]) == (406, "PGRST116")
    csv = client.get("/rest/v1/currencies?code=eq.JPY&select=code", headers={"Accept": "text/csv"})
    assert csv.text == "code\nJPY"


def test_profiles_choose_the_schema_and_hide_private_ones(client: httpx.Client) -> None:
    analytics = client.get("/rest/v1/", headers={"Accept-Profile": "analytics"})
    assert analytics.status_code == 200
    assert analytics.headers["content-profile"] == "analytics"
    hidden = client.get("/rest/v1/bookings", headers={"Accept-Profile": "private"})
    assert (hidden.status_code, hidden.json()["code"]) == (406, "PGRST106")
    written = client.post("/rest/v1/x", json={}, headers={"Content-Profile": "private"})
    assert written.json()["code"] == "PGRST106"


def test_head_has_the_headers_and_no_body(client: httpx.Client) -> None:
    answer = client.head("/rest/v1/currencies?limit=1", headers={"Prefer": "count=exact"})
    assert answer.status_code in (200, 206)
    assert answer.headers["content-range"].startswith("0-0/")
    assert answer.content == b""


def test_the_path_is_not_rewritten(client: httpx.Client) -> None:
    answer = client.get("/rest/v1/currencies?name=eq.Sw%2Fiss%20franc%2C&select=code")
    assert (answer.status_code, answer.json()) == (200, [])
    assert client.get("/rest/v1").status_code == 200
    assert client.get("/rest/v1?select=x").status_code == 200
    assert client.get("/rest/v12/currencies").json()["details"] == "not_found"


def test_urls_are_accepted_up_to_a_limit(client: httpx.Client) -> None:
    names = ",".join(f"name{number}" for number in range(4_000))
    assert len(names) > 32_000
    answer = client.get(f"/rest/v1/currencies?name=in.({names})&select=code")
    assert (answer.status_code, answer.json()) == (200, [])
    too_long = client.get(f"/rest/v1/currencies?name=eq.{'x' * 50_000}")
    assert (too_long.status_code, too_long.json()["details"]) == (414, "url_too_long")
    heavy = client.get("/rest/v1/currencies", headers={"X-Heavy": "x" * 50_000})
    assert (heavy.status_code, heavy.json()["details"]) == (431, "headers_too_large")


def test_large_bodies_up_to_the_limit(client: httpx.Client) -> None:
    big = client.post("/rest/v1/rpc/echo", json={"text": "x" * 9_000_000})
    assert big.json()["bytes"] > 9_000_000
    too_big = client.post("/rest/v1/rpc/echo", json={"text": "x" * 11_000_000})
    assert (too_big.status_code, too_big.json()["details"]) == (413, "body_too_large")


def test_a_cut_connection_leaves_the_gateway_well(
    running: RunningStack, client: httpx.Client
) -> None:
    address = urlsplit(running.endpoints.api_url)
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as cut:
            cut.sendall(
                b"POST /rest/v1/rpc/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
            )
    assert client.post("/rest/v1/rpc/echo", json={}).status_code == 200


def test_connections_are_kept(running: RunningStack) -> None:
    address = urlsplit(running.endpoints.api_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request("GET", "/rest/v1/currencies?limit=1")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("GET", "/rest/v1/currencies?limit=1")
    assert connection.getresponse().status == 200
    assert connection.sock is kept


@pytest.mark.parametrize("path", ["/rest/v1/currencies", "/auth/v1/signup", "/nowhere"])
def test_browsers_of_any_origin_may_read(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": "https://shop.example"})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_preflight_and_exposed_headers(client: httpx.Client) -> None:
    preflight = client.options(
        "/rest/v1/currencies",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "apikey,authorization,x-client-info,prefer",
        },
    )
    assert preflight.status_code == 200
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "apikey" in preflight.headers["access-control-allow-headers"]
    answer = client.get("/rest/v1/currencies?limit=1", headers={"Origin": "https://shop.example"})
    assert "Content-Range" in answer.headers["access-control-expose-headers"]


def test_an_apikey_alone_stands_for_its_role(running: RunningStack) -> None:
    def role(key: str, **headers: str) -> object:
        with running.client(key, **headers) as client:
            return client.post("/rest/v1/rpc/echo", json={}).json()["role"]

    keys = running.endpoints
    assert role("") == "anon"
    assert role(keys.anon_key) == "anon"
    assert role(keys.service_role_key) == "service_role"
    bearer = f"Bearer {running.token('00000000-0000-0000-0000-000000000001')}"
    assert role(keys.service_role_key, Authorization=bearer) == "authenticated"


def test_a_wrong_key_is_refused(running: RunningStack) -> None:
    with running.client("not-a-key") as client:
        assert client.get("/rest/v1/currencies").status_code == 401


def test_the_edge_answers_beside_it(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json() == {"status": "ok", "database": "ok", "rest": "ok"}
    assert "\nfrontdesk_database_up 1\n" in client.get("/metrics").text
    page = client.get("/docs")
    assert "available_slots" in page.text
    for outside in ("<script", "<link", "<img", "@import", "url("):
        assert outside not in page.text, "the page is readable without the internet"
    assert client.get("/auth/v1/health").json()["name"] == "GoTrue"
    assert client.get("/storage/v1/bucket").json() == []
    assert client.post("/realtime/v1/api/broadcast", json={"messages": []}).status_code == 202
    nowhere = client.post("/realtime/v1/nowhere", json={})
    assert (nowhere.status_code, nowhere.json()) == (404, {"error": "Not Found"})
    unknown = client.get("/admin")
    assert (unknown.status_code, unknown.json()["details"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/functions/v1/unsubscribe?token=00000000-0000-4000-8000-000000000000"],
)
def test_pages_are_no_scripts_and_in_no_frame(client: httpx.Client, path: str) -> None:
    page = client.get(path)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_front_page_leads_on_and_shows_no_key(
    running: RunningStack, client: httpx.Client
) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert running.endpoints.api_url in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for link in re.findall(r'href="([^"]+)"', answer.text):
        assert client.get(link).status_code == 200, link
    for secret in (running.endpoints.anon_key, running.endpoints.service_role_key):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("apikey=x", 401, "The token provided is not a valid JWT"),
        ("vsn=2.0.0", 401, "An API key is required"),
        ("apikey=x&vsn=3.0.0", 400, "The serializer vsn must be 1.0.0 or 2.0.0"),
    ],
)
def test_a_socket_without_a_valid_key_is_refused_in_words(
    client: httpx.Client, query: str, status: int, message: str
) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = client.get(f"/realtime/v1/websocket?{query}", headers=handshake)
    assert (answer.status_code, answer.json()) == (status, {"error": message})


def test_long_answers_are_compressed(client: httpx.Client) -> None:
    path = "/rest/v1/currencies?select=*"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.json() == plain.json()
    assert packed.num_bytes_downloaded * 3 < len(plain.content)


def test_answers_with_tokens_are_not_compressed(client: httpx.Client) -> None:
    answer = client.post("/auth/v1/signup", json={}, headers={"Accept-Encoding": "gzip"})
    assert len(answer.json()["access_token"]) > 200
    assert "content-encoding" not in answer.headers


def test_schema_changes_by_hand_show_in_the_api(
    running: RunningStack, client: httpx.Client
) -> None:
    def columns() -> set[str]:
        answer = client.get("/rest/v1/by_hand")
        return set(answer.json()[0]) if answer.status_code == 200 else set()

    with psycopg.connect(running.endpoints.db_url, autocommit=True) as connection:
        for statement, shown in (
            ("create view public.by_hand as select 1 as a", {"a"}),
            ("create or replace view public.by_hand as select 1 as a, 2 as b", {"a", "b"}),
            ("alter view public.by_hand rename column a to c", {"b", "c"}),
            ("drop view public.by_hand", set()),
        ):
            connection.execute(statement)
            if shown:
                connection.execute("grant select on public.by_hand to anon")
            wait_until(lambda shown=shown: columns() == shown)
        connection.execute("create function public.made() returns integer return 7")
        connection.execute("grant execute on function public.made to anon")
        wait_until(lambda: client.get("/rest/v1/rpc/made").text == "7")
        connection.execute("create domain public.made_domain as text; drop function public.made")
        wait_until(lambda: client.get("/rest/v1/rpc/made").status_code == 404)
