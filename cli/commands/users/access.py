"""How an operator looks at somebody's access and ends it: `users show`, `ban`, `sessions`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.consent import require_consent
from cli.commands.database import ask_file
from cli.commands.users.finding import SQL, EmailArgument, find
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show as show_rows
from cli.output import show_json, talk
from cli.refusal import Refusal
from cli.stack.state import State

SESSION = ("id", "created_at", "refreshed_at", "aal", "ip", "user_agent")


def show(
    email: EmailArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show an account: how it signs in, what it may do, whether it is banned."""
    endpoints = State(state).require_running()
    (user,) = ask_file(endpoints, SQL / "show.sql", user_id=find(endpoints, email)["id"])
    if as_json:
        show_json(user)
    else:
        rows = [{"what": name, "is": value} for name, value in user.items()]
        show_rows(rows, columns=("what", "is"), as_json=False)


def ban(
    email: EmailArgument,
    hours: Annotated[
        int,
        typer.Option(
            envvar="FRONTDESK_BAN_HOURS", min=0, max=1_000_000, help="For how long; 0 ends a ban."
        ),
    ] = 24,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Keep a user out for some hours from now on; their sessions end."""
    endpoints = State(state).require_running()
    user = find(endpoints, email)
    what = f"Let {email} in again" if hours == 0 else f"Keep {email} out for {hours} hours"
    require_consent(f"{what}?", yes=yes)
    ask_file(endpoints, SQL / "ban.sql", user_id=user["id"], hours=hours)
    talk(f"{email} may sign in again." if hours == 0 else f"{email} is kept out for {hours} hours.")


def sessions(
    email: EmailArgument,
    revoke: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_REVOKE", help="End the session with this id, or `all` sessions."
        ),
    ] = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List a user's sessions, the latest first, or end them."""
    endpoints = State(state).require_running()
    user = find(endpoints, email)
    rows = ask_file(endpoints, SQL / "list_sessions.sql", user_id=user["id"])
    if revoke is None:
        show_rows(rows, columns=SESSION, as_json=as_json, as_csv=as_csv)
        return
    if revoke != "all" and revoke not in {str(row["id"]) for row in rows}:
        raise Refusal(
            f"{email} has no session {revoke}.", f"List them: ./frontdesk users sessions {email}"
        )
    what = "all sessions" if revoke == "all" else f"session {revoke}"
    require_consent(f"End {what} of {email}?", yes=yes)
    ended = ask_file(endpoints, SQL / "revoke_sessions.sql", user_id=user["id"], session=revoke)
    talk(f"{len(ended)} sessions ended.")
