"""procrastinate: `on_procrastinate.py ADDRESS fill N KIND | work | ping N`."""

from __future__ import annotations

import asyncio
import sys
import time

import meter
import procrastinate

CONCURRENCY = 8

_, address, verb, *rest = sys.argv
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=CONCURRENCY)
)


@app.task
async def job(name: str) -> None:
    """Do nothing, or a millisecond of waiting."""
    if meter.SECONDS[name]:
        await asyncio.sleep(meter.SECONDS[name])
    meter.done()


@app.task
async def ping(sent_at: float) -> None:
    """Note how long it was on its way."""
    meter.done(sent_at)


async def main() -> None:
    """Do as the command line says."""
    async with app.open_async():
        match verb:
            case "make":
                await app.schema_manager.apply_schema_async()
            case "fill":
                await job.batch_defer_async(*({"name": rest[1]} for _ in range(int(rest[0]))))
            case "ping":
                for _ in range(int(rest[0])):
                    await ping.defer_async(sent_at=time.monotonic())
                    await asyncio.sleep(0.02)
            case "work":
                meter.watch()
                await app.run_worker_async(concurrency=CONCURRENCY, delete_jobs="always")


asyncio.run(main())
