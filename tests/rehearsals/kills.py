"""Five thousand texts are each sent once while workers are killed, one after every hundred."""

from __future__ import annotations

from pathlib import Path

from tests.harness.database import Database
from tests.harness.simulators.remote import remote
from tests.workers.notifications.test_faults import send_while_workers_are_killed


def test_five_thousand_texts_are_each_sent_once(db: Database, tmp_path: Path) -> None:
    with remote("twilio") as twilio:
        send_while_workers_are_killed(db, twilio, tmp_path / "log", jobs=5_000)
