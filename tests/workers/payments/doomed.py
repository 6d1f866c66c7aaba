"""A worker that makes one call of a provider, and is killed before it records the answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString

from psycopg_pool import ConnectionPool

from tests.workers.payments.conftest import WIRED
from tests.workers.payments.wired import Wired
from tests.workers.payments.wired_sandbox import WiredSandbox
from workers.actors.database import Database
from workers.actors.payments import Cashier
from workers.actors.payouts import Paymaster
from workers.providers.http import Timeouts

RECORDS = ("finish_call", "record_payout")
TIMEOUTS = Timeouts(5.0, 30.0)
HOME = "https://example.com"


class Doomed(Database):
    """Kills its own process, as the kernel would, once a provider has answered."""

    def call(self, statement: LiteralString, *arguments: object) -> Any:
        if any(name in statement for name in RECORDS):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().call(statement, *arguments)


def killed(dsn: str, wired: Wired, call: str, subject_id: str) -> None:
    """Make a call in a process that is killed between the provider's answer and our commit."""
    arguments = (dsn, wired.name, wired.simulator.url, call, subject_id)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.workers.payments.doomed", *arguments], check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended


def main(dsn: str, name: str, url: str, call: str, subject_id: str) -> None:
    """Make the call; this never returns if the provider answers."""
    wired = WiredSandbox(Path()) if name == "sandbox" else WIRED[name]()
    providers = {name: wired.make("", url, TIMEOUTS)}
    with ConnectionPool(dsn, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool:
        if call == "pay_out":
            Paymaster(Doomed(pool), providers).execute(subject_id)
        else:
            Cashier(Doomed(pool), providers, HOME).ask(call, subject_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
