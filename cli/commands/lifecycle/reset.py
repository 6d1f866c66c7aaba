"""`frontdesk reset`: deletes a stack's state and starts afresh."""

from __future__ import annotations

from cli import settings
from cli.commands.consent import require_consent
from cli.commands.lifecycle.up import up
from cli.options import DEFAULT_STATE, ConfigOption, PortOption, StateOption, YesOption
from cli.output import talk
from cli.stack import ending
from cli.stack.start import Start, settle, shown_database
from cli.stack.state import State


def reset(
    state: StateOption = DEFAULT_STATE,
    port: PortOption = None,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Delete the local state (database, secrets, logs) and start afresh, detached.

    The new stack starts like the old one: the same port, configuration and database URL.
    """
    place = State(state)
    start = settle(place, Start(port=port, config=config))
    settings.load(start.config_path)
    ending.require_state(place)
    talk(f"This deletes {place.path} with its database, secrets and logs.")
    if start.db_url:
        talk(f"It leaves {shown_database(start.db_url)} as it is.")
    require_consent("Delete it?", yes=yes)
    ending.end(place)
    ending.remove(place)
    up(state=state, port=start.port, db_url=start.db_url, detach=True, config=start.config)
