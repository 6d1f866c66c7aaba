"""How somebody's access is looked at and ended: `users show`, `users ban`, `users sessions`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show as show_rows
from cli.output import show_json, talk
from cli.refusal import Refusal
from cli.stack.state import State
from cli.users_database import find, query

EmailArgument = Annotated[str, typer.Argument(help="The user's e-mail address.")]
SESSION = ("id", "created_at", "refreshed_at", "aal", "ip", "user_agent")


def show(
    email: EmailArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show an account: how it signs in, what it may, whether it is banned."""
    endpoints = State(state).require_running()
    (user,) = query(endpoints, "show_user.sql", user_id=find(endpoints, email)["id"])
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
    """Keep a user out for some hours, from this moment on; their sessions end."""
    endpoints = State(state).require_running()
    user = find(endpoints, email)
    what = f"{email} is let in again." if hours == 0 else f"{email} is kept out for {hours} h."
    _require_consent(what, yes=yes)
    query(endpoints, "ban_user.sql", user_id=user["id"], hours=hours)
    talk(what)


def sessions(
    email: EmailArgument,
    revoke: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_REVOKE", help="End this session, by its id, or all of them: all."
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
    if revoke is not None:
        what = "All sessions" if revoke == "all" else f"Session {revoke}"
        _require_consent(f"{what} of {email} will end.", yes=yes)
        ended = query(endpoints, "revoke_sessions.sql", user_id=user["id"], session=revoke)
        if not ended and revoke != "all":
            raise Refusal(
                f"{email} has no session {revoke}.",
                f"List them: ./frontdesk users sessions {email}",
            )
        talk(f"{len(ended)} ended.")
        return
    rows = query(endpoints, "list_sessions.sql", user_id=user["id"])
    show_rows(rows, columns=SESSION, as_json=as_json, as_csv=as_csv)


def _require_consent(what: str, *, yes: bool) -> None:
    talk(what)
    if not yes and not (sys.stdin.isatty() and typer.confirm("Do it?", err=True)):
        raise Refusal("Nothing was changed.", "To change it, add --yes")
