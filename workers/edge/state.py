"""What the routes of the edge work with while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from workers.edge.functions.webhooks.intake import Intake
from workers.edge.settings import Settings
from workers.providers.meaning.protocol import Embedder
from workers.providers.payments.protocol import PaymentProvider


@dataclass(frozen=True)
class State:
    """Settings and open connections. Sign-in has its own: workers.edge.auth.service.Service."""

    settings: Settings
    pool: AsyncConnectionPool
    rest: httpx.AsyncClient
    rest_admin: httpx.AsyncClient
    intake: Intake
    # The payment providers that are set up, by name.
    payments: Mapping[str, PaymentProvider]
    # What knows the meaning of queries; None without a model.
    embedder: Embedder | None

    @classmethod
    def of(cls, request: Request) -> State:
        """Return the state of the application that received this request."""
        state: State = request.state.edge
        return state
