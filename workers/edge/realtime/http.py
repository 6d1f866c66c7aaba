"""Broadcasts over HTTP, for who has no socket: several at once, or one with any payload."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.realtime.caller import Caller, headers_of
from workers.edge.realtime.errors import RealtimeError
from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.limits import Bucket
from workers.edge.realtime.service import Service
from workers.edge.realtime.wire import dumps, is_text, loads

BLANK = "can't be blank"
REMEMBERED = 10_000  # callers whose rate is known


class Rates:
    """The rate of each caller's messages; the operator's servers have none."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, caller: Caller, count: int) -> bool:
        """Whether a caller may send so many messages more now."""
        if caller.role == "service_role":
            return True
        bucket = self._buckets.setdefault(caller.token, Bucket(self._per_second))
        self._buckets.move_to_end(caller.token)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return all(bucket.take() for _ in range(count))


async def broadcast_many(request: Request) -> Response:
    """Send several messages. Those that the caller may not send are left out, as on Supabase."""
    service: Service = request.state.realtime
    caller = await caller_of(request)
    try:
        body = loads(await request.body())
    except ValueError:
        return _refusal(400, "The body is not valid JSON")
    given = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(given, list):
        return JSONResponse({"errors": {"messages": [BLANK]}}, status_code=422)
    errors = [_errors_of(one) for one in given]
    if any(errors):
        return JSONResponse({"errors": {"messages": errors}}, status_code=422)
    if not service.rates.take(caller, len(given)):
        return _refusal(429, "You have exceeded your rate limit")
    messages = [_message_of(one) for one in given]
    if any(_is_too_large(service, message) for message in messages):
        return _refusal(413, "payload_size_exceeded")
    await _send(service, caller, messages)
    return Response(status_code=202)


async def broadcast_one(request: Request) -> Response:
    """Send one message, whose payload is the body: JSON, or bytes."""
    service: Service = request.state.realtime
    caller = await caller_of(request)
    body = await request.body()
    is_binary = request.headers.get("content-type", "").startswith("application/octet-stream")
    if not is_binary:
        try:
            loads(body)
        except ValueError:
            return _refusal(400, "The body is not valid JSON")
    message = Message(
        topic=request.path_params["topic"],
        event=request.path_params["event"],
        payload=body,
        is_private=request.query_params.get("private") == "true",
        is_binary=is_binary,
    )
    if not is_text(message.topic) or not is_text(message.event):
        return _refusal(422, "Topic and event must be text")
    if not service.rates.take(caller, 1):
        return _refusal(429, "You have exceeded your rate limit")
    if _is_too_large(service, message):
        return _refusal(413, "payload_size_exceeded")
    if not await _send(service, caller, [message]):
        return _refusal(403, "You do not have permissions to write to this Channel topic")
    return Response(status_code=202)


async def caller_of(request: Request) -> Caller:
    """Return who sends a request.

    Raises:
        RealtimeError: when its token or key is missing or not valid.
    """
    service: Service = request.state.realtime
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    given = token.strip() if kind.lower() == "bearer" else request.headers.get("apikey", "")
    if not given:
        raise RealtimeError("MissingKey", "An API key is required")
    return await service.callers.of(given, headers_of(request.headers.items()))


async def refused(_request: Request, error: Exception) -> Response:
    """Answer for a `RealtimeError`."""
    found = cast("RealtimeError", error)
    return _refusal(found.status, found.message)


async def _send(service: Service, caller: Caller, messages: Sequence[Message]) -> int:
    """Send what the caller may send, and return how many that were."""
    permitted = {
        topic: await service.policies.may_write(caller, topic, "broadcast")
        for topic in {message.topic for message in messages if message.is_private}
    }
    sent = 0
    for message in messages:
        if not message.is_private or permitted[message.topic]:
            service.hub.broadcast(message)
            sent += 1
    return sent


def _refusal(status: int, message: str) -> Response:
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    return JSONResponse({"error": message}, status_code=status, headers=headers)


def _errors_of(given: Any) -> Mapping[str, Sequence[str]]:
    found = given if isinstance(given, dict) else {}
    errors = {
        key: [BLANK] if not found.get(key) else ["is invalid"]
        for key in ("topic", "event")
        if not found.get(key) or not is_text(found[key])
    }
    if found.get("payload") is None:
        errors["payload"] = [BLANK]
    return errors


def _message_of(given: Mapping[str, Any]) -> Message:
    return Message(
        topic=given["topic"],
        event=given["event"],
        payload=dumps(given["payload"]),
        is_private=given.get("private") is True,
    )


def _is_too_large(service: Service, message: Message) -> bool:
    return len(message.payload) > service.settings.limits.max_payload_kib * 1024
