"""What a worker and the edge do with the model of meaning: a small one, which counts letters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from dramatiq.brokers.stub import StubBroker
from psycopg_pool import ConnectionPool
from starlette.requests import Request

from tests.harness.database import Database
from workers.actors import search as actors
from workers.actors.database import Database as Calls
from workers.edge.functions import search as function
from workers.providers.meaning.from_settings import build
from workers.providers.meaning.protocol import Embedder

SHOP = """
    insert into flags.flags (key, is_enabled) values ('search_by_meaning', true);
    select tests.person('owner');
    select tests.business('Shop', 'owner');
    insert into catalog.products (business_id, name, slug, currency, is_published)
    select tests.id('Shop'), 'Chair ' || number, number::text, 'EUR', true
    from generate_series(1, 60) as number
"""
VECTORS = "select count(*) from search.vectors where model = 'letters'"


@dataclass(frozen=True)
class Letters:
    """Two texts with the same letters mean the same."""

    model: str = "letters"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(text.lower().count(chr(97 + at))) for at in range(26)] for text in texts]


def embed_entries(calls: Calls, embedder: Embedder | None, payload: dict[str, Any]) -> None:
    broker = StubBroker()
    actors.declare(broker, calls, embedder)
    broker.get_actor("embed_entries").fn("search.changed", payload)


def test_a_worker_writes_the_vectors_of_what_changed_and_on_a_tick_of_everything(
    db: Database,
) -> None:
    for statement in SHOP.split(";"):
        db.connection.execute(statement.encode())
    ((ids,),) = db.rows("select message #> '{kwargs,payload,ids}' from pgmq.q_meaning offset 1")
    with ConnectionPool(db.dsn, min_size=1, kwargs={"autocommit": True}) as pool:
        calls = Calls(pool)
        embed_entries(calls, None, {"ids": ids})
        assert db.rows(VECTORS) == [(0,)]
        embed_entries(calls, Letters(), {"ids": ids[:3]})
        assert db.rows(VECTORS) == [(3,)]
        embed_entries(calls, Letters(), {"tick": "now"})
        assert db.rows(VECTORS) == [(61,)]
        # A text without letters has no direction, and does not keep the worker busy for ever.
        db.connection.execute("update catalog.products set name = '7' where name = 'Chair 7'")
        embed_entries(calls, Letters(), {"tick": "now"})
        assert db.rows(VECTORS) == [(60,)]


def asked(embedder: Embedder | None, body: object) -> Any:
    """What PostgREST is asked when the edge is asked for a search."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"results": []})

    async def ask() -> int:
        rest = httpx.AsyncClient(base_url="http://rest", transport=httpx.MockTransport(answer))
        state = SimpleNamespace(rest=rest, embedder=embedder)
        scope = {
            "type": "http",
            "headers": [(b"authorization", b"Bearer mine")],
            "state": {"edge": state},
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        return (await function.search(Request(scope, receive))).status_code

    status = asyncio.run(ask())
    if not seen:
        return status
    assert seen[0].url.path == "/rpc/search"
    assert seen[0].headers["authorization"] == "Bearer mine"
    return json.loads(seen[0].content)


def test_the_edge_adds_what_a_query_means() -> None:
    meaning = asked(Letters(), {"q": "abba", "limit": 5})["meaning"]
    assert meaning == {"model": "letters", "vector": [2, 2, *[0] * 24]}


@pytest.mark.parametrize("body", [{"q": "a" * 10_000}, {"q": 7}, {"q": ""}, {"limit": 5}])
def test_what_has_no_meaning_is_searched_as_it_is(body: dict[str, Any]) -> None:
    assert asked(Letters(), body) == body


def test_without_a_model_the_edge_searches_by_words() -> None:
    assert asked(None, {"q": "abba"}) == {"q": "abba"}
    assert asked(Letters(), ["q"]) == 400


def test_a_model_that_is_not_there_stops_the_program() -> None:
    assert build(None) is None
    with pytest.raises(SystemExit, match="FRONTDESK_MEANING_MODEL"):
        build("nowhere")
