"""Events of payment providers: verified over their raw bytes, stored once, applied by a worker."""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from workers.edge import answers
from workers.edge.state import State
from workers.providers.failures import TryLater
from workers.providers.payments import shapes
from workers.providers.payments.protocol import PaymentProvider


async def receive(request: Request, provider: PaymentProvider) -> Response:
    """Store an event and answer 204; 401 when the provider did not send it."""
    state, raw = State.of(request), await request.body()
    headers = dict(request.headers)
    try:
        if provider.traits.asks_about_events:
            event = await run_in_threadpool(provider.parse_event, headers, raw)
        else:
            event = provider.parse_event(headers, raw)
    except TryLater:
        return answers.unavailable()
    if isinstance(event, shapes.Forged):
        return answers.refusal(
            401,
            event.reason,
            details="invalid_signature",
            hint="Check the provider's webhook secret in the configuration.",
        )
    await state.intake.store(_stored(provider, event), raw)
    return Response(status_code=204)


def _stored(provider: PaymentProvider, event: shapes.ProviderEvent | shapes.Ignored) -> str:
    """Return the fields of an event as JSON; one of which nothing follows has no object."""
    if isinstance(event, shapes.Ignored):
        fields = {"provider": provider.traits.name, "event_id": event.event_id, "kind": event.name}
        return json.dumps(fields)
    return event.model_dump_json()
