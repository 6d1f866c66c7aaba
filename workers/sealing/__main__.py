"""The program `python -m workers.sealing SECRET_ID`: it prints a secret, for the operator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg

from workers.environment import required
from workers.sealing.keyring import Keyring


def main() -> None:
    """Open one secret with the keys of the workers.

    Raises:
        SystemExit: with a sentence, when there is no such secret or a variable is not set.
    """
    keyring = Keyring(Path(required(os.environ, "FRONTDESK_SECRET_KEYS_FILE")))
    with psycopg.connect(required(os.environ, "FRONTDESK_WORKER_DB_URL")) as connection:
        found = connection.execute("select private.sealed_secret(%s)", (sys.argv[1],)).fetchone()
    if found is None or found[0] is None:
        raise SystemExit("There is no such secret.")
    print(keyring.unseal(found[0]))


if __name__ == "__main__":
    main()
