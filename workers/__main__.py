"""The program `python -m workers`: it builds what the actors need and runs them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
from dramatiq import Worker
from dramatiq.middleware import CurrentMessage
from psycopg_pool import ConnectionPool

from workers import log, metrics
from workers.actors import (
    accounts,
    api_keys,
    calendars,
    deliveries,
    documents,
    housekeeping,
    insight,
    ledger,
    leftovers,
    media,
    memberships,
    notifications,
    payments,
    payouts,
    privacy,
    ratings,
    search,
    secrets,
    webhooks,
)
from workers.actors.database import Database
from workers.actors.sending import Outbox
from workers.broker import PgmqBroker
from workers.calendars.reader import Reader
from workers.environment import required
from workers.providers.blobs import settings as blobs
from workers.providers.clamav import ClamAV
from workers.providers.from_settings import Settings, build
from workers.providers.meaning.from_settings import build as build_model
from workers.providers.payments.from_settings import Settings as PaymentSettings
from workers.providers.payments.from_settings import build as build_payments
from workers.providers.storage import Storage
from workers.sealing.keyring import Keyring
from workers.signals import stop_on_signals
from workers.webhooks.sender import Sender

STOP_TIMEOUT = 30_000  # milliseconds for the running jobs

logger = structlog.get_logger("workers")


@dataclass(frozen=True)
class Environment:
    """The settings of the process."""

    db_url: str
    threads: int
    lease_seconds: float
    mail_address: str
    # The address that clients use.
    api_url: str
    unsubscribe_url: str
    providers: Settings
    payments: PaymentSettings
    # Where files lie; None where Supabase has its own Storage.
    blobs: blobs.Settings | None
    # Hosts of calendars that may be read although they are outside the public internet.
    private_hosts: tuple[str, ...]
    # Hosts of webhooks, likewise; plain http is allowed for them.
    webhook_private_hosts: tuple[str, ...]
    storage_url: str
    # A key of the project that may read and write every object.
    storage_key: str
    # `host:port` or the path of a socket; None to scan no files.
    clamav_address: str | None
    # The folder of the model that knows what texts mean; None to search by words alone.
    meaning_model: str | None
    # Where the private keys of secrets lie.
    secret_keys_file: Path
    # Where this process writes its metrics; None to write none.
    metrics_dir: Path | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Environment:
        """Read it.

        Raises:
            SystemExit: when a variable is not set that has no default.
        """
        metrics_dir = environment.get("FRONTDESK_METRICS_DIR")
        api_url = required(environment, "FRONTDESK_API_URL").rstrip("/")
        return cls(
            db_url=required(environment, "FRONTDESK_WORKER_DB_URL"),
            threads=int(environment.get("FRONTDESK_WORKER_THREADS", "16")),
            lease_seconds=float(environment.get("FRONTDESK_WORKER_LEASE_SECONDS", "60")),
            mail_address=environment.get("FRONTDESK_MAIL_ADDRESS", "frontdesk@localhost"),
            api_url=api_url,
            unsubscribe_url=f"{api_url}/functions/v1/unsubscribe?token=",
            providers=Settings.of(environment),
            payments=PaymentSettings.of(environment),
            blobs=blobs.Settings.of(environment),
            private_hosts=tuple(environment.get("FRONTDESK_CALENDAR_PRIVATE_HOSTS", "").split()),
            webhook_private_hosts=tuple(
                environment.get("FRONTDESK_WEBHOOK_PRIVATE_HOSTS", "").split()
            ),
            storage_url=environment.get("FRONTDESK_STORAGE_URL", f"{api_url}/storage/v1"),
            storage_key=environment.get("FRONTDESK_STORAGE_KEY", ""),
            clamav_address=environment.get("FRONTDESK_CLAMAV_ADDRESS") or None,
            meaning_model=environment.get("FRONTDESK_MEANING_MODEL") or None,
            secret_keys_file=Path(required(environment, "FRONTDESK_SECRET_KEYS_FILE")),
            metrics_dir=Path(metrics_dir) if metrics_dir else None,
        )


def run(environment: Environment, stop: threading.Event) -> None:
    """Work until told to stop. Running jobs are finished; other workers get the rest at once."""
    pool = ConnectionPool(
        environment.db_url,
        min_size=1,
        max_size=environment.threads + 1,
        kwargs={"autocommit": True, "prepare_threshold": 1},
        open=True,
    )
    database = Database(pool)
    broker = PgmqBroker(environment.db_url, lease_seconds=environment.lease_seconds)
    if environment.metrics_dir:
        metrics.record(broker, environment.metrics_dir)
    broker.add_middleware(CurrentMessage())
    settings = environment.providers
    outbox = Outbox(
        build(settings), environment.mail_address, environment.unsubscribe_url, environment.api_url
    )
    names = {channel: getattr(settings, channel).provider for channel in ("mail", "sms", "push")}
    notifications.declare(broker, database)
    deliveries.declare(broker, deliveries.Courier(database, outbox, names))
    accounts.declare(broker, database, outbox)
    calendars.declare(broker, database, Reader(environment.private_hosts))
    housekeeping.declare(broker, database)
    payment_providers = build_payments(environment.payments)
    payments.declare(broker, payments.Cashier(database, payment_providers, environment.api_url))
    memberships.declare(broker, database)
    payouts.declare(broker, payouts.Paymaster(database, payment_providers))
    scanner = ClamAV(environment.clamav_address) if environment.clamav_address else None
    storage = Storage(environment.storage_url, environment.storage_key)
    media.declare(broker, database, media.Desk(storage, scanner))
    documents.declare(broker, database, storage)
    privacy.declare(broker, database, storage)
    place = blobs.build(environment.blobs) if environment.blobs else None
    leftovers.declare(broker, database, place)
    search.declare(broker, database, build_model(environment.meaning_model))
    ledger.declare(broker, database)
    ratings.declare(broker, database)
    insight.declare(broker, database)
    keyring = Keyring(environment.secret_keys_file)
    secrets.ensure_key(database, keyring)
    secrets.declare(broker, database, keyring)
    webhooks.declare(broker, database)
    worker = Worker(broker, worker_threads=environment.threads, worker_timeout=200)
    # A queue gets a quarter of the threads, so a hanging provider cannot block the other queues.
    worker.queue_prefetch = max(1, environment.threads // 4)
    worker.start()
    key_uses = api_keys.KeyUses(environment.db_url, stop)
    key_uses.start()
    sender = Sender(
        environment.db_url,
        keyring,
        environment.webhook_private_hosts,
        lease_seconds=environment.lease_seconds,
        stop=stop,
    )
    sender.start()
    while not stop.wait(1.0):
        _respect_pauses(broker, database)
    key_uses.join()
    sender.join()
    worker.stop(timeout=STOP_TIMEOUT)
    broker.close()
    pool.close()


def _respect_pauses(broker: PgmqBroker, database: Database) -> None:
    # While the database is away, the pauses stay as they are.
    with contextlib.suppress(psycopg.OperationalError):
        broker.pause(database.call("select private.paused_queues()") or ())


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    log.configure()
    stop = stop_on_signals()
    environment = Environment.of(os.environ)
    logger.info("started")
    run(environment, stop)
    logger.info("stopped")


if __name__ == "__main__":
    main()
