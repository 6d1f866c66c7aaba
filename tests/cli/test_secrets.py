"""Keys of secrets on the command line, and the logs of a stack that keeps secrets."""

from __future__ import annotations

import json
import uuid

import psycopg

from cli.stack.account import server_account
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until
from workers.sealing.keyring import Keyring

CURRENT = "select private.current_secret_key()"
KEEP = "select private.keep_secret(null, %s)"
OPEN = "select sealed from private.secrets"


def test_a_new_key_seals_everything_and_the_logs_have_no_plain_value(stack: RunningStack) -> None:
    number = f"DE{uuid.uuid4().int % 10**20:020}"
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        # The worker makes the first key when it starts.
        wait_until(lambda: connection.execute(CURRENT).fetchall() != [(None,)])
        [(old,)] = connection.execute(CURRENT).fetchall()
        connection.execute(KEEP, (number,))
        unasked = stack.cli("secrets", "rotate")
        assert unasked.returncode == 1
        done = stack.cli("secrets", "rotate", "--yes")
        assert done.returncode == 0, done.stderr
        rows = json.loads(stack.cli("secrets", "list", "--json").stdout)
        keyring = Keyring(server_account().folder(stack.state.keys) / "secrets.pem")
        opened = [keyring.unseal(sealed) for (sealed,) in connection.execute(OPEN)]
    current, *others = rows
    assert (current["is_current"], current["id"] == old) == (True, False)
    assert current["secrets"] == len(opened) > sum(row["secrets"] for row in others) == 0
    assert old in {row["id"] for row in others}
    assert number in opened
    for log in stack.state.logs.iterdir():
        assert number not in log.read_text("utf-8", errors="replace"), log.name
