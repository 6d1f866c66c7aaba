"""The options that several commands share, and where this checkout is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.hints import remember_state

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_STATE = ROOT / ".frontdesk"
DEFAULT_CONFIG = ROOT / "supabase-config.toml"


def _chosen(context: typer.Context, state: Path) -> Path:
    """Remember a state that was named on the command line."""
    source = context.get_parameter_source("state")
    if source is not None and source.name == "COMMANDLINE":
        remember_state(state)
    return state


StateOption = Annotated[
    Path,
    typer.Option(
        "--state",
        envvar="FRONTDESK_STATE",
        help="The folder of the stack: its database, secrets and logs.",
        show_default=".frontdesk in the checkout",
        callback=_chosen,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="FRONTDESK_CONFIG",
        help="The configuration.",
        show_default="that of the last `up`, else supabase-config.toml in the checkout",
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        envvar="FRONTDESK_PORT",
        min=1024,
        max=65535,
        help="The gateway's port on 127.0.0.1; without it, that of the last `up`, else [api] port.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", envvar="FRONTDESK_JSON", help="Print JSON instead of a table.")
]
CsvOption = Annotated[
    bool, typer.Option("--csv", envvar="FRONTDESK_CSV", help="Print CSV instead of a table.")
]
LimitOption = Annotated[
    int, typer.Option(envvar="FRONTDESK_LIMIT", min=1, max=10_000, help="The most rows to show.")
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--db-url",
        envvar="FRONTDESK_DB_URL",
        help="A database of your own instead of the running stack's.",
    ),
]
YesOption = Annotated[
    bool, typer.Option("--yes", envvar="FRONTDESK_YES", help="Do it without asking.")
]
