"""The program `python -m workers.broker install CONNINFO`, for results and rate limits."""

from __future__ import annotations

import sys

import psycopg

from workers.broker import statements


def install(conninfo: str) -> None:
    """Create the tables unless they exist."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statements.text("install"))


def main() -> int:
    """Read the command line and return the exit code."""
    match sys.argv[1:]:
        case ["install", conninfo]:
            install(conninfo)
            return 0
        case _:
            print("usage: python -m workers.broker install CONNINFO", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
