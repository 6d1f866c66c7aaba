"""Dramatiq on one of its brokers: `on_dramatiq.py BROKER ADDRESS fill N KIND | work | ping N`."""

from __future__ import annotations

import sys
import time

import dramatiq
import meter

THREADS = 8


def broker_of(kind: str, address: str) -> dramatiq.Broker:
    """The broker, with what each is usually given."""
    if kind == "pgmq":
        from workers.broker import PgmqBroker

        return PgmqBroker(address)
    if kind == "redis":
        from dramatiq.brokers.redis import RedisBroker

        return RedisBroker(url=address)
    from dramatiq.brokers.rabbitmq import RabbitmqBroker

    return RabbitmqBroker(url=address)


_, kind, address, verb, *rest = sys.argv
broker = broker_of(kind, address)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="bench")
def job(name: str) -> None:
    """Do nothing, or a millisecond of waiting."""
    meter.job(name)


@dramatiq.actor(queue_name="bench")
def ping(sent_at: float) -> None:
    """Note how long it was on its way."""
    meter.done(sent_at)


match verb:
    case "fill":
        for _ in range(int(rest[0])):
            job.send(rest[1])
    case "ping":
        for _ in range(int(rest[0])):
            ping.send(time.monotonic())
            time.sleep(0.02)
    case "work":
        meter.watch()
        dramatiq.Worker(broker, worker_threads=THREADS).start()
        time.sleep(3600)
