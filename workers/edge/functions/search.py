"""Searching by words and by meaning in one call, with the arguments of search."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from workers.edge.functions import calling
from workers.edge.state import State

PATH = "/functions/v1/search"
LONGEST = 200  # characters of a query; a longer one is refused


async def search(request: Request) -> Response:
    """Add what the query means, and search as the caller."""
    wanted = await calling.arguments(request, "search")
    if isinstance(wanted, Response):
        return wanted
    embedder, query = State.of(request).embedder, wanted.get("q")
    if embedder and isinstance(query, str) and 0 < len(query) <= LONGEST:
        (vector,) = await run_in_threadpool(embedder.embed, [query])
        wanted["meaning"] = {"model": embedder.model, "vector": vector}
    return calling.passed_on(await calling.call(request, "search", wanted))
