"""Makes, changes and deletes flags for an admin. The database refuses what cannot be evaluated."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.commands.database import change
from cli.commands.flags.looking import SQL, KeyArgument, the_flag
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import State


class Kind(StrEnum):
    """What a flag is for."""

    release = "release"
    experiment = "experiment"
    operational = "operational"
    kill_switch = "kill_switch"
    permission = "permission"


class ValueType(StrEnum):
    """What a flag's values are."""

    boolean = "boolean"
    string = "string"
    number = "number"
    json = "json"


def set_flag(
    key: Annotated[str, typer.Argument(help="The flag; it is made if there is none.")],
    on: Annotated[
        bool | None, typer.Option("--on/--off", envvar="FRONTDESK_ON", help="Switch it on or off.")
    ] = None,
    percentage: Annotated[
        int | None,
        typer.Option(envvar="FRONTDESK_PERCENTAGE", help="The share of its first rule, 0 to 100."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(envvar="FRONTDESK_ALLOW", help="Who always gets it, by id; may be repeated."),
    ] = None,
    deny: Annotated[
        list[str] | None,
        typer.Option(envvar="FRONTDESK_DENY", help="Who never gets it, by id; may be repeated."),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(envvar="FRONTDESK_CLEAR", help="Who is neither; may be repeated."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(envvar="FRONTDESK_KIND", help="What it is for; else release.")
    ] = None,
    description: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_DESCRIPTION", help="What it does.")
    ] = None,
    public: Annotated[
        bool | None,
        typer.Option(
            "--public/--private", envvar="FRONTDESK_PUBLIC", help="Whether browsers may ask for it."
        ),
    ] = None,
    value_type: Annotated[
        ValueType | None,
        typer.Option("--type", envvar="FRONTDESK_TYPE", help="Of its values; else boolean."),
    ] = None,
    off_value: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_OFF_VALUE", help="The value while it is off, as JSON."),
    ] = None,
    variants: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_VARIANTS", help="Its variants, as JSON.")
    ] = None,
    rules: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_RULES", help="Its rules, as JSON.")
    ] = None,
    starts_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", envvar="FRONTDESK_STARTS_AT", help="Off before it."),
    ] = None,
    ends_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", envvar="FRONTDESK_ENDS_AT", help="Off from it on."),
    ] = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Make a flag, or change what is named; see docs/flags.md for the form of rules."""
    endpoints = State(state).require_running()
    wanted: dict[str, object] = {
        **{"key": key, "is_enabled": on, "percentage": percentage, "is_public": public},
        **{"allow": allow or [], "deny": deny or [], "clear": clear or []},
        **{"kind": kind, "description": description, "value_type": value_type},
        **{"off_value": off_value, "variants": variants, "rules": rules},
        **{"starts_at": starts_at, "ends_at": ends_at},
    }
    change(endpoints, SQL / "set.sql", wanted, question=f"Change the flag {key}?", yes=yes)
    flag = the_flag(endpoints, key)
    talk(f"{key} is {'on' if flag['is_enabled'] else 'off'}.")


def delete(key: KeyArgument, yes: YesOption = False, state: StateOption = DEFAULT_STATE) -> None:
    """Delete a flag; whoever asks for it learns that it is off."""
    endpoints = State(state).require_running()
    the_flag(endpoints, key)
    change(
        endpoints,
        "delete from flags.flags where key = %s returning key",
        (key,),
        question=f"Delete the flag {key}?",
        yes=yes,
    )
    talk(f"{key} is deleted.")
