"""How a stack was started: kept in its state, so that the next `up` does the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.options import DEFAULT_CONFIG
from cli.refusal import Refusal
from cli.stack.secrets import write_private
from cli.stack.state import State

FILE = "start.json"


@dataclass(frozen=True)
class Start:
    """What `up` was told. What is none was not said: `db_url` then means the embedded database."""

    db_url: str | None = None
    port: int | None = None
    config: Path | None = None

    @property
    def config_path(self) -> Path:
        """The configuration to read."""
        return (self.config or DEFAULT_CONFIG).absolute()


def last_start(state: State) -> Start | None:
    """Return how the stack was started last, or none when it never was."""
    text = state.read(FILE)
    if text is None:
        return None
    kept = json.loads(text)
    return Start(
        db_url=kept["db_url"], port=kept["port"], config=kept["config"] and Path(kept["config"])
    )


def remember(state: State, start: Start) -> None:
    """Keep how the stack is started now; only the owner reads it, since a URL has a password."""
    kept = {**asdict(start), "config": start.config and str(start.config.absolute())}
    write_private(state.path / FILE, json.dumps(kept, indent=2))


def settle(state: State, asked: Start) -> Start:
    """Fill what was not asked for with how the stack was started last.

    Raises:
        Refusal: the state belongs to another database than the one that was asked for.
    """
    before = last_start(state)
    if before is None:
        return asked
    if asked.db_url and not _is_same_database(before.db_url, asked.db_url):
        raise Refusal(
            f"The state {state.path} belongs to {shown_database(before.db_url)}, not to"
            f" {shown_database(asked.db_url)}.",
            "Leave out --db-url and FRONTDESK_DB_URL, or choose another state with --state DIR.",
        )
    return Start(
        db_url=asked.db_url or before.db_url,
        port=asked.port or before.port,
        config=asked.config or before.config,
    )


def config_path(state: State, asked: Path | None) -> Path:
    """Return the configuration that a command reads: the one asked for, or the stack's."""
    return Start(config=asked or (last_start(state) or Start()).config).config_path


def shown_database(db_url: str | None) -> str:
    """Return how a sentence names a database, without its password."""
    if db_url is None:
        return "an embedded database of its own"
    host, port, name = _address(db_url)
    return f"the database {name} at {host}:{port}"


def _is_same_database(one: str | None, other: str) -> bool:
    """Whether both lead to one database, perhaps with another password."""
    return one is not None and _address(one) == _address(other)


def _address(db_url: str) -> tuple[str, str, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(db_url)
    except ProgrammingError:
        raise Refusal(
            "FRONTDESK_DB_URL is not a connection URL of PostgreSQL.",
            "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
        ) from None
    user = parts.get("user") or ""
    return (
        str(parts.get("host") or "localhost"),
        str(parts.get("port") or 5432),
        str(parts.get("dbname") or user or "postgres"),
    )
