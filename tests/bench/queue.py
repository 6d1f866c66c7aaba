"""The broker against raw pgmq, Dramatiq on Redis and RabbitMQ, procrastinate and pgqueuer."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg

from cli.output import talk
from tests.bench.figures import Figure, compare
from tests.bench.queue_peers import servers
from tests.bench.queue_peers.peer import Peer
from tests.harness.stack import RunningStack

SMALL, LARGE = 1_000, 1_000_000
AIMS = {
    "pgmq alone": "the limit",
    "Dramatiq on Redis": "at least 2",
    "Dramatiq on RabbitMQ": "at least 1",
    "procrastinate": "at least 4",
    "pgqueuer": "at least 1",
}
# As if they had been sent at 5,000 a second.
FILL = """
    insert into pgmq.q_bench (vt, message)
    select clock_timestamp() - make_interval(secs => (%(count)s - number) / 5000.0),
    jsonb_build_object(
        'queue_name', 'bench', 'actor_name', 'job', 'args', jsonb_build_array(%(kind)s::text),
        'kwargs', '{}'::jsonb, 'options', '{}'::jsonb,
        'message_id', gen_random_uuid(), 'message_timestamp', 1
    )
    from generate_series(1, %(count)s) as number
"""

ONE_ATTEMPT = """update pgmq.q_bench set message = message || '{"options": {"max_retries": 0}}'"""
POISON = """
    insert into pgmq.q_bench (vt, message)
    select
        '2000-01-01',
        case
            when number > 0 then '{"no": "message"}'::jsonb
            else message || '{"args": ["slow"]}'
        end
    from generate_series(0, 100) as number, (select message from pgmq.q_bench limit 1) as any_one
"""


def queue(stack: RunningStack) -> Iterator[Figure]:
    """Jobs a second, hand-over when idle, growth, and long snapshots."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        ours, *others = _peers(stack, folder, opened)
        for other in others:
            yield _rates(ours, other, "noop")
        for other in others[1:]:
            yield _rates(ours, other, "1ms")
        for kind in ("noop", "1ms"):
            yield _two_processes(ours, kind)
        for other in others[1:]:
            yield from _waits(ours, other)
        yield _idle(ours)
        yield _recorded(ours, stack.endpoints.db_url)
        yield _behind(ours, stack.endpoints.db_url)
        yield _growth(ours, stack.endpoints.db_url)
        yield _snapshots(ours, stack.endpoints.db_url)


def _peers(stack: RunningStack, folder: Path, opened: ExitStack) -> Iterator[Peer]:
    """Ours first, then raw pgmq, then whoever can be had."""
    db_url, here = stack.endpoints.db_url, Path(sys.executable)

    def fill(count: int, kind: str) -> None:
        with psycopg.connect(db_url, autocommit=True) as connection:
            connection.execute("truncate pgmq.q_bench")
            connection.execute(FILL, {"kind": kind, "count": count})
            connection.execute("vacuum analyze pgmq.q_bench")

    ours = Peer("ours", here, "on_dramatiq.py", ("pgmq", db_url), 20_000, fill)
    ours.do("fill", "1", "noop")  # makes the queue
    yield ours
    yield Peer("pgmq alone", here, "raw_pgmq.py", (db_url,), 40_000, fill)
    python = servers.packages(folder / "packages")
    if python is None:
        talk("  The other queues' packages cannot be had here.")
        return
    for name, kind, serve in (
        ("Dramatiq on Redis", "redis", servers.redis),
        ("Dramatiq on RabbitMQ", "rabbitmq", servers.rabbitmq),
    ):
        (folder / kind).mkdir()
        address = opened.enter_context(serve(folder / kind))
        if address is None:
            talk(f"  {name}: there is no such server here.")
            continue
        yield Peer(name, python, "on_dramatiq.py", (kind, address), 5_000)
    for name, jobs in (("procrastinate", 2_000), ("pgqueuer", 20_000)):
        address = _database(db_url, f"bench_{name}")
        peer = Peer(name, python, f"on_{name}.py", (address,), jobs)
        peer.do("make")
        yield peer


def _database(db_url: str, name: str) -> str:
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name))
        )
    return db_url.rsplit("/", 1)[0] + f"/{name}"


def _rates(ours: Peer, other: Peer, kind: str) -> Figure:
    return compare(
        f"jobs of {_length(kind)}, one process",
        unit="/s",
        ours=lambda: ours.rate(kind),
        measure=other.name,
        beside=lambda: other.rate(kind),
        aim=AIMS[other.name],
    )


def _two_processes(ours: Peer, kind: str) -> Figure:
    return compare(
        f"jobs of {_length(kind)}, two processes",
        unit="/s",
        ours=lambda: ours.rate(kind, processes=2),
        measure="one process",
        beside=lambda: ours.rate(kind),
        aim="at least 1.6",
    )


def _waits(ours: Peer, other: Peer) -> Iterator[Figure]:
    """Both quantiles of the same runs."""
    for share, name, aim in ((0.5, "half", "under 5 ms"), (0.99, "99 %", "under 15 ms")):
        yield compare(
            f"hand-over to an idle worker, {name} of the jobs within",
            unit="ms",
            ours=lambda share=share: _quantile(ours.waits(), share),  # type: ignore[misc]
            measure=other.name,
            beside=lambda share=share: _quantile(other.waits(), share),  # type: ignore[misc]
            aim=aim,
            rounds=2,
        )


def _idle(ours: Peer) -> Figure:
    return compare(
        "an idle worker's share of a core",
        unit="%",
        ours=ours.idle_percent,
        measure="the aim",
        beside=lambda: 1.0,
        aim="at most 1",
        rounds=2,
    )


def _recorded(ours: Peer, db_url: str) -> Figure:
    """An actor with one attempt has it recorded before it begins."""

    def fill(count: int, kind: str) -> None:
        if ours.fill:
            ours.fill(count, kind)
        with psycopg.connect(db_url, autocommit=True) as connection:
            connection.execute(ONE_ATTEMPT)
            connection.execute("vacuum analyze pgmq.q_bench")

    recorded = replace(ours, fill=fill)
    return compare(
        "jobs of nothing whose attempts are recorded before they begin",
        unit="/s",
        ours=lambda: recorded.rate("noop"),
        measure="as usual",
        beside=lambda: ours.rate("noop"),
        aim="what recording costs",
    )


def _behind(ours: Peer, db_url: str) -> Figure:
    """One thread is lost to the slow job; the others must not notice."""

    def fill(count: int, kind: str) -> None:
        if ours.fill:
            ours.fill(count, kind)
        with psycopg.connect(db_url, autocommit=True) as connection:
            connection.execute(POISON)

    blocked = replace(ours, fill=fill)
    return compare(
        "jobs of nothing behind 100 poison messages and one of 20 seconds",
        unit="/s",
        ours=lambda: blocked.rate("noop", first=ours.jobs),
        measure="alone",
        beside=lambda: ours.rate("noop", first=ours.jobs),
        aim="at least 0.9",
    )


def _growth(ours: Peer, db_url: str) -> Figure:
    figure = compare(
        "the first 1,000 of 10^6 waiting messages",
        unit="/s",
        ours=lambda: ours.rate("noop", jobs=LARGE, first=SMALL),
        measure="of 10^3",
        beside=lambda: ours.rate("noop", jobs=SMALL, first=SMALL),
        aim="at least 0.77",
    )
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("truncate pgmq.q_bench")
    return figure


def _snapshots(ours: Peer, db_url: str) -> Figure:
    return compare(
        "jobs of nothing with four long snapshots open",
        unit="/s",
        ours=_with_snapshots(ours, db_url),
        measure="without",
        beside=lambda: ours.rate("noop", jobs=100_000),
        aim="at least 0.8",
    )


def _with_snapshots(ours: Peer, db_url: str) -> Callable[[], float]:
    def run() -> float:
        with ExitStack() as opened:
            for _ in range(4):
                connection = opened.enter_context(psycopg.connect(db_url))
                connection.execute("set transaction isolation level repeatable read")
                connection.execute("select count(*) from pg_class")
            return ours.rate("noop", jobs=100_000)

    return run


def _length(kind: str) -> str:
    return {"noop": "nothing", "1ms": "a millisecond"}[kind]


def _quantile(values: list[float], share: float) -> float:
    return values[int(len(values) * share)]
