"""A limit of an address, a key or a session is not dodged by how a request is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.settings.config import Gateway
from cli.stack.ports import HOST
from tests.harness.gateway import SHARED_TOKEN, LoneGateway, lone_gateway
from tests.harness.waiting import wait_until

CLIENT, OTHER, THIRD = "127.0.0.2", "127.0.0.3", "127.0.0.4"
KEY, SESSION = "fdk_0a1b", "head.body.signature"
POLICY = '"address";q=1000;w=1, "caller";q=900;w=1'
LIMITS = Gateway(
    max_requests_per_second=1000,
    max_concurrent_requests=2,
    caller_requests_per_second=900,
    caller_concurrent_requests=1,
    unlimited_clients=[HOST],
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneGateway]:
    with lone_gateway(tmp_path_factory.mktemp("limits"), LIMITS) as found:
        yield found


@contextmanager
def waiting(gateway: LoneGateway, *headers: dict[str, str], of: str) -> Iterator[None]:
    """Requests with these headers wait for their answers meanwhile."""
    before = len(gateway.reads.arrived)
    gateway.reads.may_answer.clear()
    with ThreadPoolExecutor(4) as pool:
        try:
            for given in headers:
                pool.submit(gateway.ask, "/slow", of=of, headers=given)
            wait_until(lambda: len(gateway.reads.arrived) == before + len(headers))
            yield
        finally:
            gateway.reads.may_answer.set()


def test_no_header_path_or_method_gets_past_the_limit_of_an_address(gateway: LoneGateway) -> None:
    wishes = [
        *[
            ("GET", "/rest/v1", "/services", {name: "203.0.113.9"})
            for name in (
                "X-Forwarded-For",
                "X-Real-IP",
                "Forwarded",
                "X-Client-IP",
                "X-Api-Key",
                "apikey",
            )
        ],
        *[(method, "/rest/v1", "/rpc/quote", {}) for method in ("HEAD", "POST", "PATCH", "DELETE")],
        *[
            ("GET", prefix, "/services", {})
            for prefix in (
                "//rest/v1",
                "/rest//v1",
                "/%72est/v1",
                "/x/../rest/v1",
                "/REST/v1",
                "/rest/v1/",
            )
        ],
        *[
            ("GET", "/rest/v1", path, {})
            for path in (
                "/Services",
                "/%73ervices",
                "//services",
                "/./services",
                "",
                "?a=1",
                "/services?a=" + "x" * 9000,
            )
        ],
    ]
    with waiting(gateway, {}, {}, of=CLIENT):
        before = len(gateway.reads.arrived) + len(gateway.rest.arrived)
        got = {
            (method, below, path[:20], *headers): gateway.ask(
                path, of=CLIENT, method=method, headers=headers, below=below
            ).status
            for method, below, path, headers in wishes
        }
        assert len(gateway.reads.arrived) + len(gateway.rest.arrived) == before
    assert {wish: status for wish, status in got.items() if status not in (404, 429)} == {}
    assert all(status == 429 for (_, below, *_), status in got.items() if below == "/rest/v1")


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"apikey": KEY}, {"Authorization": f"Bearer {KEY}"}),
        ({"apikey": KEY}, {"apikey": KEY, "Authorization": f"bearer  {KEY}"}),
        ({"Authorization": f"Bearer {SESSION}"}, {"apikey": SESSION}),
        ({"apikey": SESSION}, {"Authorization": f"bearer   {SESSION}"}),
        ({"apikey": SESSION}, {"Authorization": f"Bearer\t{SESSION}"}),
        ({"apikey": SESSION}, {"apikey": "x.y.z", "Authorization": "Bearer head.body.signaturf"}),
    ],
    ids=range(6),
)
def test_a_caller_has_one_limit_from_all_addresses_however_it_is_named(
    gateway: LoneGateway, first: dict[str, str], again: dict[str, str]
) -> None:
    with waiting(gateway, first, of=CLIENT):
        refused = gateway.ask("/", of=OTHER, headers=again)
        assert (refused.status, refused.body["details"]) == (429, "rate_limited")
        assert gateway.ask("/", of=OTHER, headers=again, method="POST").status == 429
        assert gateway.ask("/", of=THIRD, headers={"apikey": "fdk_0a1c"}).status == 200
        assert gateway.ask("/", of=THIRD, headers={"apikey": "head.other.signature"}).status == 200
        assert gateway.ask("/", of=HOST, headers=again).status == 200, "free of limits"


def test_a_key_that_all_clients_share_is_no_caller(gateway: LoneGateway) -> None:
    with waiting(gateway, {"apikey": SHARED_TOKEN}, of=CLIENT):
        assert gateway.ask("/", of=OTHER, headers={"apikey": SHARED_TOKEN}).status == 200


def test_a_caller_has_so_many_requests_in_a_second(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"caller_requests_per_second": 1})
    with lone_gateway(tmp_path, limits) as gateway:
        key = {"apikey": KEY}
        wait_until(lambda: gateway.ask("/", of=CLIENT, headers=key).status == 429)
        assert gateway.ask("/", of=CLIENT).status == 200


def test_answers_name_their_limits(gateway: LoneGateway) -> None:
    assert gateway.ask("/", of=CLIENT).headers["ratelimit-policy"] == POLICY
    assert gateway.ask("/refused", of=CLIENT).headers["ratelimit-policy"] == POLICY
    assert "ratelimit-policy" not in gateway.ask("/").headers
    with waiting(gateway, {}, {}, of=CLIENT):
        refused = gateway.ask("/", of=CLIENT).headers
    assert refused["ratelimit-policy"] == POLICY
    assert refused["ratelimit"] == '"address";r=0;t=1, "caller";r=0;t=1'
    assert refused["retry-after"] == "1"
    assert "RateLimit" in refused["access-control-expose-headers"]
