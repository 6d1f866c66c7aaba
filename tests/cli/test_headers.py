"""Browsers are told what they may do with each answer, and which sites may read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from cli.settings.config import Gateway
from cli.stack.ports import HOST
from tests.harness.gateway import LoneGateway, lone_gateway

SHOP, OTHER, PROXY = "https://shop.example", "https://other.example", "127.0.0.3"
LIMITS = Gateway(allowed_origins=[SHOP], trusted_proxies=[PROXY])
ANSWERS = [
    ("/rest/v1", "/services"),
    ("/rest/v1", "/refused"),
    ("/functions/v1", "/x"),
    ("", "/docs"),
    ("", "/nothing"),
    ("/rest/v1", "/services?or=(" + "(" * 9),
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneGateway]:
    with lone_gateway(tmp_path_factory.mktemp("headers"), LIMITS) as found:
        yield found


@pytest.mark.parametrize(("below", "path"), ANSWERS)
def test_every_answer_has_the_headers_once(gateway: LoneGateway, below: str, path: str) -> None:
    headers = gateway.ask(path, below=below, headers={"Origin": SHOP}).headers
    assert headers["x-content-type-options"] == "nosniff"
    of_edge = below == "/functions/v1" or path == "/docs"
    assert headers["content-security-policy"] == (
        "default-src 'self'" if of_edge else "default-src 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize(("below", "path"), ANSWERS)
def test_the_origin_of_a_listed_site_is_repeated_and_no_other(
    gateway: LoneGateway, below: str, path: str
) -> None:
    for origin, allowed in ((SHOP, SHOP), (OTHER, None), ("null", None), (SHOP + ".evil", None)):
        headers = gateway.ask(path, below=below, headers={"Origin": origin}).headers
        assert headers.get("access-control-allow-origin") == allowed, origin
        assert "Origin" in headers["vary"]
    assert "access-control-allow-origin" not in gateway.ask(path, below=below).headers


def test_hsts_is_sent_where_tls_ends_at_a_trusted_proxy(gateway: LoneGateway) -> None:
    by_tls = {"X-Forwarded-Proto": "https"}
    for below, path in ANSWERS:
        sent = gateway.ask(path, of=PROXY, below=below, headers=by_tls).headers
        assert sent["strict-transport-security"] == "max-age=31536000"
    for of, headers in ((HOST, by_tls), (PROXY, {"X-Forwarded-Proto": "http"})):
        assert "strict-transport-security" not in gateway.ask("/", of=of, headers=headers).headers


def test_every_site_may_read_answers_unless_sites_are_listed(tmp_path: Path) -> None:
    with lone_gateway(tmp_path, Gateway()) as gateway:
        for below, path in ANSWERS:
            headers = gateway.ask(path, below=below, headers={"Origin": OTHER}).headers
            assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("origin", ["shop.example", "https://a;b", "https://a/path", ""])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        Gateway(allowed_origins=[origin])
