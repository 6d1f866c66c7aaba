"""One client's flood keeps no other from an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from cli.settings.config import Gateway
from cli.stack.ports import HOST
from tests.harness.gateway import LoneGateway, lone_gateway
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

CLIENT, PROXY = "127.0.0.2", "127.0.0.3"
LIMITS = Gateway(
    max_requests_per_second=1000,
    max_concurrent_requests=2,
    max_sockets=2,
    unlimited_clients=[HOST],
    trusted_proxies=[PROXY],
)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[LoneGateway]:
    with lone_gateway(tmp_path, LIMITS) as found:
        yield found


def test_reads_and_writes_have_pools_of_their_own(gateway: LoneGateway) -> None:
    pools = {
        method: gateway.ask("/rpc/x", method=method).body["pool"]
        for method in ("GET", "POST", "PATCH", "DELETE")
    }
    assert pools == {"GET": "reads", "POST": "rest", "PATCH": "rest", "DELETE": "rest"}


def busy(gateway: LoneGateway, pool: ThreadPoolExecutor, *, of: str, count: int) -> None:
    """Let requests of an address wait for their answers until the end of the test."""
    before = len(gateway.reads.arrived)
    for _ in range(count):
        pool.submit(gateway.ask, "/slow", of=of)
    wait_until(lambda: len(gateway.reads.arrived) == before + count)


def test_a_client_has_so_many_requests_at_once_and_the_others_do_not_notice(
    gateway: LoneGateway,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        busy(gateway, pool, of=CLIENT, count=2)
        refused = gateway.ask("/", of=CLIENT)
        assert (refused.status, refused.body["details"]) == (429, "rate_limited")
        assert set(refused.body) == {"code", "message", "details", "hint"}
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["access-control-allow-origin"] == "*"
        assert gateway.ask("/", of="127.0.0.9").status == 200
        busy(gateway, pool, of=HOST, count=4)
        assert gateway.ask("/").status == 200, "an unlimited client has as many as it wants"
        gateway.reads.may_answer.set()
        wait_until(lambda: gateway.ask("/", of=CLIENT).status == 200)


@pytest.mark.parametrize("path", ["/websocket", "/sse"])
def test_an_address_has_so_many_sockets_at_once(gateway: LoneGateway, path: str) -> None:
    def ask(query: str, of: str) -> int:
        return gateway.ask(f"{path}?{query}", of=of, below="/realtime/v1").status

    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            pool.submit(ask, "/slow", CLIENT)
        wait_until(lambda: len(gateway.edge.arrived) == 2)
        assert ask("", CLIENT) == 429
        assert ask("", "127.0.0.9") == 200
        gateway.edge.may_answer.set()
        wait_until(lambda: ask("", CLIENT) == 200)


def test_a_client_has_so_many_requests_in_a_second(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"max_requests_per_second": 1})
    with lone_gateway(tmp_path, limits) as gateway:
        wait_until(lambda: gateway.ask("/", of=CLIENT).status == 429)
        assert gateway.ask("/", of="127.0.0.9").status == 200
        assert {gateway.ask("/").status for _ in range(20)} == {200}


def test_a_refusal_of_the_database_with_429_passes(gateway: LoneGateway) -> None:
    answer = gateway.ask("/refused", of=CLIENT)
    assert (answer.status, answer.body["pool"]) == (429, "reads")


def test_a_trusted_proxy_names_its_clients_and_nobody_else_does(gateway: LoneGateway) -> None:
    def client(of: str, named: str) -> str:
        sent = {"X-Forwarded-For": named}
        return str(gateway.ask("/", of=of, headers=sent).body["headers"]["X-Real-IP"])

    assert client(CLIENT, "203.0.113.9") == CLIENT
    assert client(PROXY, "203.0.113.9") == "203.0.113.9"
    assert client(PROXY, "198.51.100.1, 203.0.113.9") == "203.0.113.9", "the one that it saw"
    assert client(PROXY, "2001:db8::9") == "2001:db8::9"
    assert client(PROXY, "unknown") == PROXY
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            named = {"X-Forwarded-For": "203.0.113.9"}
            pool.submit(gateway.ask, "/slow", of=PROXY, headers=named)
        wait_until(lambda: gateway.reads.arrived.count("/slow") == 2)
        assert gateway.ask("/", of=PROXY, headers=named).status == 429
        assert gateway.ask("/", of=PROXY, headers={"X-Forwarded-For": "192.0.2.1"}).status == 200
        gateway.reads.may_answer.set()


def nested(depth: int, opening: str = "(", closing: str = ")") -> str:
    return "select=" + f"a{opening}" * depth + "id" + closing * depth


def terms(count: int, key: str = "or", comma: str = ",") -> str:
    return f"{key}=(" + comma.join(f"n.eq.{number}" for number in range(count)) + ")"


@pytest.mark.parametrize(
    "query",
    [
        nested(7),
        nested(7, "%28", "%29"),
        "select=x(id),y(z(id))," + nested(7)[7:],
        "order=(" * 7,
        terms(501),
        terms(2500, key="%6fr"),
        terms(1500, key="a.not.and", comma="%2C"),
        "&".join(["n=neq.1"] * 202),
        "select=" + ",".join(["a:b(id)"] * 102),
    ],
    ids=range(9),
)
def test_a_query_that_would_cost_too_much_is_refused(gateway: LoneGateway, query: str) -> None:
    answer = gateway.ask(f"/services?{query}")
    assert (answer.status, answer.body["details"]) == (400, "too_complex")
    assert gateway.reads.arrived == ["/ready"]


@pytest.mark.parametrize(
    "query",
    [
        nested(6),
        nested(6, "%28", "%29"),
        "select=" + ",".join(["a(b(c(id)))"] * 30),
        terms(500),
        "name=in.(" + ",".join(f"name{number}" for number in range(4000)) + ")",
        "name=eq.:(((",
        "&".join(["n=neq.1"] * 200),
    ],
    ids=range(7),
)
def test_a_query_that_people_write_passes(gateway: LoneGateway, query: str) -> None:
    assert gateway.ask(f"/services?{query}").status == 200


@pytest.mark.parametrize(
    "evil", ["(", "()", "(a", "(a)(b", "%2", "&or=", "((((((" + "))))))", "or="]
)
def test_no_query_keeps_the_gateway_busy(gateway: LoneGateway, evil: str) -> None:
    """A search that tries everything would not end before the suite does."""
    query = (evil * 40_000)[:38_000]
    assert gateway.ask(f"/services?{query}").status in (200, 400)


def test_half_open_connections_and_bodies_that_do_not_come_are_in_nobodys_way(
    gateway: LoneGateway,
) -> None:
    with ExitStack() as ends:
        for number in range(100):
            half = ends.enter_context(
                socket.create_connection((HOST, gateway.port), source_address=(CLIENT, 0))
            )
            head = b"POST /rest/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            half.sendall(head + (b"\r\n" if number % 2 else b""))
        assert gateway.ask("/", method="POST", of="127.0.0.9").status == 200
    assert gateway.rest.arrived == ["/"], "what has not come is not sent on"


HANG = """
    create function public.hang() returns text language sql stable as
    'select pg_advisory_xact_lock_shared(7)::text';
    grant execute on function public.hang() to anon;
    create function public.quick() returns text language sql volatile as 'select current_user';
    grant execute on function public.quick() to anon;
"""


def waiting(database: psycopg.Connection) -> int:
    """Return how many sessions wait for the lock."""
    ((count,),) = database.execute(
        "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    ).fetchall()
    return int(count)


def test_a_writer_has_a_connection_while_reads_hang(tmp_path: Path) -> None:
    """Reads wait for a lock on all connections that they have; a call that writes is answered."""
    stop = threading.Event()
    with (
        RunningStack.start(tmp_path, "--no-workers") as stack,
        stack.client() as client,
        psycopg.connect(stack.endpoints.db_url, autocommit=True) as database,
        ThreadPoolExecutor(14) as pool,
    ):

        def hang() -> None:
            with stack.client() as reader:
                while not stop.is_set():
                    reader.get("/rest/v1/rpc/hang", timeout=120)

        database.execute(HANG)
        database.execute("select pg_advisory_lock(7)")
        wait_until(lambda: client.post("/rest/v1/rpc/quick").status_code == 200)
        try:
            for _ in range(14):
                pool.submit(hang)
            wait_until(lambda: waiting(database) == 10)
            assert client.post("/rest/v1/rpc/quick", timeout=120).status_code == 200
        finally:
            stop.set()
            database.execute("select pg_advisory_unlock_all()")
