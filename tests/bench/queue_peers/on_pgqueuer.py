"""pgqueuer: `on_pgqueuer.py ADDRESS fill N KIND | work | ping N`."""

from __future__ import annotations

import asyncio
import sys
import time

import asyncpg
import meter
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

BATCH = 100
CONCURRENCY = 8

_, address, verb, *rest = sys.argv


async def work(driver: AsyncpgDriver) -> None:
    """Work for ever."""
    meter.watch()
    queuer = PgQueuer(driver)
    at_once = asyncio.Semaphore(CONCURRENCY)  # its own limit does not let it read ahead

    @queuer.entrypoint("job")
    async def job(job: Job) -> None:
        async with at_once:
            seconds = meter.SECONDS[(job.payload or b"").decode()]
            if seconds:
                await asyncio.sleep(seconds)
            meter.done()

    @queuer.entrypoint("ping")
    async def ping(job: Job) -> None:
        meter.done(float(job.payload or b"0"))

    await queuer.run(batch_size=BATCH)


async def main() -> None:
    """Do as the command line says."""
    driver = AsyncpgDriver(await asyncpg.connect(address))
    queries = Queries(driver)
    match verb:
        case "make":
            await queries.install()
        case "fill":
            count = int(rest[0])
            await queries.enqueue(["job"] * count, [rest[1].encode()] * count, [0] * count)
        case "ping":
            for _ in range(int(rest[0])):
                await queries.enqueue("ping", repr(time.monotonic()).encode())
                await asyncio.sleep(0.02)
        case "work":
            await work(driver)


asyncio.run(main())
