"""`frontdesk reset`: deletes a stack's state and starts afresh."""

from __future__ import annotations

from cli import settings
from cli.commands.consent import require_consent
from cli.commands.lifecycle.up import up
from cli.options import (
    DEFAULT_CONFIG,
    DEFAULT_STATE,
    ConfigOption,
    PortOption,
    StateOption,
    YesOption,
)
from cli.output import talk
from cli.stack import ending
from cli.stack.state import State


def reset(
    state: StateOption = DEFAULT_STATE,
    port: PortOption = None,
    yes: YesOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Delete the local state (database, secrets, logs) and start afresh, detached."""
    place = State(state)
    settings.load(config)
    talk(f"This deletes {place.path} with its database, secrets and logs.")
    require_consent("Delete it?", yes=yes)
    ending.end(place)
    ending.remove(place)
    up(state=state, port=port, detach=True, config=config)
