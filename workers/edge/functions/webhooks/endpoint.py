"""The path that providers call.

Each call is verified over its raw bytes, as its provider signs them. A provider without a key has
no path here. The same call twice changes nothing.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workers.edge import answers
from workers.edge.functions.webhooks import payments, sendgrid, twilio
from workers.edge.state import State

PATH = "/functions/v1/webhooks"
NOTE = "select engagement.record_report(%s, %s, %s::engagement.delivery_status, %s)"


async def receive(request: Request) -> Response:
    """Verify a call, record what it reports, and answer 204."""
    state = State.of(request)
    keys = state.settings.webhook_keys
    provider = request.path_params["provider"]
    if provider in state.payments:
        return await payments.receive(request, state.payments[provider])
    body = await request.body()
    if provider == "twilio" and keys.twilio:
        url = f"{keys.public_url}{PATH}/twilio"
        reports = twilio.reports(keys.twilio, url, request.headers, body)
    elif provider == "sendgrid" and keys.sendgrid:
        reports = sendgrid.reports(keys.sendgrid, request.headers, body)
    else:
        return await answers.not_found(request, LookupError(provider))
    if reports is None:
        return answers.refusal(
            401,
            "The signature does not match.",
            details="invalid_signature",
            hint="Check the provider's key and the public URL in the configuration.",
        )
    async with state.pool.connection() as connection, connection.transaction():
        for report in reports:
            await connection.execute(
                NOTE, (report.provider, report.provider_id, report.status, report.reason)
            )
    return Response(status_code=204)
