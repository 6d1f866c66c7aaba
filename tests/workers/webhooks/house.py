"""A business with endpoints on a database, and events for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from tests.harness.database import Database
from workers.actors import secrets
from workers.actors.database import Database as WorkerDatabase
from workers.sealing.keyring import Keyring
from workers.webhooks.sender import Sender

PEOPLE = "select tests.person('owner'), tests.business('Salon', 'owner')"
ENDPOINT = """
    select id::text, secret from public.create_webhook_endpoint(
        tests.id('Salon')::text, %s, %s, is_ordered => %s
    )
"""
EVENTS = """
    insert into integrations.events (id, business_id, type, subject_id, body)
    select
        gen_random_uuid(), tests.id('Salon'), 'booking.confirmed', %s,
        integrations.event_body(
            'booking.confirmed', tests.id('Salon'), jsonb_build_object('number', number)
        )
    from generate_series(1, %s) as number
    returning id
"""
DELIVERIES = """
    select integrations.write_deliveries(array(select events from integrations.events))
"""


@dataclass
class House:
    """`sending` runs a worker's sender inside this process."""

    db: Database
    keyring: Keyring

    @property
    def dsn(self) -> str:
        """The login of the workers."""
        return make_conninfo(self.db.dsn, options="-c role=worker")

    def endpoint(
        self, url: str, *, events: str = '["*"]', is_ordered: str = "false"
    ) -> tuple[str, str]:
        """Create an endpoint; return its id and its secret."""
        ((key, secret),) = self.db.rows(ENDPOINT, url, events, is_ordered)
        return str(key), str(secret)

    def happen(self, count: int, subject: str = "11111111-1111-4111-8111-111111111111") -> None:
        """Let so many events happen to a row."""
        with self.db.connection.transaction():
            self.db.rows(EVENTS, subject, count)
            self.db.rows(DELIVERIES)

    def statuses(self) -> dict[str, int]:
        """How many deliveries have each status."""
        rows = self.db.rows(
            "select status::text, count(*) from integrations.webhook_deliveries group by 1"
        )
        return {str(status): int(str(count)) for status, count in rows}

    @contextmanager
    def sending(self, *, lease_seconds: float = 4.0) -> Iterator[None]:
        """Send while this lasts."""
        stop = threading.Event()
        sender = Sender(
            self.dsn,
            self.keyring,
            ("127.0.0.1",),
            lease_seconds=lease_seconds,
            stop=stop,
        )
        sender.start()
        try:
            yield
        finally:
            stop.set()
            sender.join()


@contextmanager
def house(db: Database, folder: Path) -> Iterator[House]:
    """A business whose installation has a key for secrets."""
    opened = House(db, Keyring(folder / "secrets.pem"))
    with ConnectionPool(opened.dsn, min_size=1, kwargs={"autocommit": True}) as pool:
        secrets.ensure_key(WorkerDatabase(pool), opened.keyring)
    db.rows(PEOPLE)
    yield opened
