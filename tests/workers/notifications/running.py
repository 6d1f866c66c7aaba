"""Worker processes at work on a database, and deliveries for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.harness.programs import Program, reads, start

DELIVERIES = """
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, subject, subject_id, address, locale, data
    )
    select
        gen_random_uuid(), 'booking.completed', 'customer',
        %(channel)s::identity.notification_channel, 'booking', gen_random_uuid(),
        format(%(address)s, lpad(n::text, 8, '0')), 'en',
        jsonb_build_object(
            'business_name', 'Salon', 'service_names', 'Cut ' || n, 'business_email', null,
            'time_zone', 'UTC'
        )
    from generate_series(1, %(count)s) as n
"""
ENQUEUE = """
    select engagement.queue_deliveries(array_agg(id))
    from engagement.notification_deliveries
    where status = 'queued' and channel::text = %s
"""
ADDRESSES = {"sms": "+4917%s", "mail": "reader%s@example.com", "push": "phone-%s"}


def deliveries(dsn: str, channel: str, count: int) -> None:
    """So many deliveries, queued."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            DELIVERIES, {"channel": channel, "address": ADDRESSES[channel], "count": count}
        )
        connection.execute(ENQUEUE, (channel,))


def statuses(dsn: str, channel: str = "%") -> dict[str, int]:
    """How many deliveries there are of each status."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select status::text, count(*) from engagement.notification_deliveries"
            " where channel::text like %s group by status",
            (channel,),
        ).fetchall()
    return dict(rows)


def queue(dsn: str, name: str) -> dict[str, Any]:
    """A queue's state."""
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute(
            "select * from private.queue_states() where name = %s", (name,)
        ).fetchall()
    return rows[0]


@dataclass
class WorkerProcesses:
    """Some of them, alike; leaving the context kills what still runs."""

    dsn: str
    log: Path
    providers: dict[str, Any]
    smtp_url: str = "smtp+plain://127.0.0.1:9"
    private_hosts: str = ""
    running: list[Program] = field(default_factory=list)

    def start(self) -> Program:
        """Start one more and wait until it reads."""
        program = start(
            [sys.executable, "-P", "-m", "workers"],
            log=self.log,
            ready=reads(self.dsn, "notifications", "mail", "sms", "push"),
            env={
                "FRONTDESK_WORKER_DB_URL": self.dsn,
                "FRONTDESK_WORKER_LEASE_SECONDS": "3",
                "FRONTDESK_API_URL": "http://127.0.0.1:9",
                "FRONTDESK_SMTP_URL": self.smtp_url,
                "FRONTDESK_PROVIDERS": json.dumps(self.providers),
                "FRONTDESK_CALENDAR_PRIVATE_HOSTS": self.private_hosts,
                "FRONTDESK_WEBHOOK_PRIVATE_HOSTS": self.private_hosts,
                "FRONTDESK_SECRET_KEYS_FILE": str(self.log.parent / "secrets.pem"),
            },
        )
        self.running.append(program)
        return program

    def kill(self, program: Program) -> None:
        """Kill one, as the kernel would for want of memory."""
        program.kill()
        self.running.remove(program)


@contextmanager
def workers(
    dsn: str, log: Path, providers: dict[str, Any], *, count: int = 1, **more: Any
) -> Iterator[WorkerProcesses]:
    """Start so many worker processes."""
    processes = WorkerProcesses(dsn, log, providers, **more)
    try:
        for _ in range(count):
            processes.start()
        yield processes
    finally:
        for program in list(processes.running):
            processes.kill(program)
