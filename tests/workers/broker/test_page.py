"""What docs/broker.md shows does what it says."""

from __future__ import annotations

import re
from typing import Any

import dramatiq

from cli.options import ROOT
from tests.harness.database import Database
from workers.broker import PgmqBroker

PAGE = (ROOT / "docs" / "broker.md").read_text("utf-8")
SQL, *_ = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PYTHON, *_ = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_its_first_program_and_its_sql_send_the_same(db: Database) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    exec(PYTHON.replace("postgresql://worker@localhost/app", db.dsn), names)
    db.connection.execute(SQL.encode())
    broker: PgmqBroker = names["broker"]
    try:
        assert broker.count("mail") == 3
        consumer = broker.consume("mail", prefetch=3, timeout=120_000)
        by_python, by_sql = next(consumer), next(consumer)
        assert by_python is not None
        assert by_sql is not None
        assert by_python.asdict().keys() == by_sql.asdict().keys()
        assert by_python.args == by_sql.args == ("anna@example.com",)
        assert abs(by_python.message_timestamp - by_sql.message_timestamp) < 60_000
    finally:
        broker.close()


def test_large_floats_come_back_as_integers(broker: PgmqBroker) -> None:
    broker.declare_queue("work")
    broker.enqueue(dramatiq.Message("work", "note", (1e20,), {}, {}))
    message = next(broker.consume("work", timeout=120_000))
    assert message is not None
    assert repr(message.args) == "(100000000000000000000,)"
