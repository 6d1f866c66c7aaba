"""A webhook as one would write it: verify the bytes, and send a task to Celery by Redis."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time

from celery import Celery
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

SECRET = os.environ["WEBHOOK_SECRET"].encode()
TOLERANCE = 300  # seconds

app = FastAPI()
tasks = Celery("bench", broker=os.environ["REDIS_URL"])


@tasks.task(ignore_result=True)
def apply_event(event: dict[str, object]) -> None:
    """Stand for what a worker does with it; no worker runs in the benchmark."""


@app.post("/webhooks/sandbox")
async def receive(request: Request) -> Response:
    """Verify as the sandbox signs, send the task, and answer 204."""
    raw = await request.body()
    parts = dict(
        part.partition("=")[::2] for part in request.headers["sandbox-signature"].split(",")
    )
    signed = parts["t"].encode() + b"." + raw
    wanted = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, parts["v1"]) or time.time() - int(parts["t"]) > TOLERANCE:
        return Response(status_code=401)
    await run_in_threadpool(apply_event.delay, json.loads(raw))
    return Response(status_code=204)
