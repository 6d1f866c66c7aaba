"""Queues: their messages, their dead letters and why those died, and how to go on."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from cli.commands.database import ask, change
from cli.options import (
    DEFAULT_STATE,
    CsvOption,
    JsonOption,
    LimitOption,
    StateOption,
    YesOption,
)
from cli.output import show, talk
from cli.stack.state import State

COLUMNS = (
    *("name", "ready", "delayed", "running", "oldest_seconds", "dead", "is_paused", "purpose"),
)
MESSAGES = ("msg_id", "actor", "enqueued_at", "due_at", "read_count", "message")
DEAD = ("msg_id", "dead_at", "error", "attempts", "reason", "message")
RATES = ("name", "in_per_second", "out_per_second", "waiting")

app = typer.Typer(help="Queues: their messages and dead letters.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The queue; `queues list` shows them.")]


@app.command("list")
def list_queues(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the queues: messages ready, delayed, in work and dead."""
    endpoints = State(state).require_running()
    rows = [
        {**row, "oldest_seconds": round(row["oldest_seconds"], 1)}
        for row in ask(endpoints, "select * from private.queue_states()")
    ]
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command("show")
def show_queue(
    name: NameArgument,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show the messages of a queue, the next due first."""
    endpoints = State(state).require_running()
    rows = ask(endpoints, "select * from private.queue_messages(%s, %s)", name, limit)
    show(rows, columns=MESSAGES, as_json=as_json, as_csv=as_csv)


@app.command()
def rates(
    seconds: Annotated[
        float, typer.Option(envvar="FRONTDESK_SECONDS", min=0.1, help="How long to watch.")
    ] = 5.0,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Watch the queues for a while: messages that arrived and were done per second."""
    endpoints = State(state).require_running()
    before = {row["name"]: row for row in ask(endpoints, "select * from private.queue_states()")}
    talk(f"Watching for {seconds:g} seconds …")
    time.sleep(seconds)
    after = ask(endpoints, "select * from private.queue_states()")
    rows = [_rate(before[row["name"]], row, seconds) for row in after if row["name"] in before]
    show(rows, columns=RATES, as_json=as_json, as_csv=as_csv)


@app.command()
def dead(
    name: NameArgument,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show the dead letters of a queue, the newest first, and why they died."""
    endpoints = State(state).require_running()
    rows = [
        {**row, **{key: (row["headers"] or {}).get(key) for key in ("error", "attempts", "reason")}}
        for row in ask(endpoints, "select * from private.dead_letters(%s, %s)", name, limit)
    ]
    show(rows, columns=DEAD, as_json=as_json, as_csv=as_csv)


@app.command()
def replay(
    name: NameArgument,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]…", help="Which, by msg_id; all if none.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Try dead letters again; effects that already happened are not repeated."""
    endpoints = State(state).require_running()
    which = f"{len(ids)} dead letter(s)" if ids else "all dead letters"
    (row,) = change(
        endpoints,
        "select private.replay_dead_letters(%s, %s) as count",
        (name, ids),
        question=f"Try {which} of {name} again?",
        yes=yes,
    )
    talk(f"{row['count']} went back to {name}.")


@app.command()
def pause(name: NameArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Stop the workers from reading a queue; its messages wait."""
    endpoints = State(state).require_running()
    ask(endpoints, "select private.pause_queue(%s, true)", name)
    talk(f"{name} is paused. Resume it: ./frontdesk queues resume {name}")


@app.command()
def resume(name: NameArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Let the workers read a queue again."""
    endpoints = State(state).require_running()
    ask(endpoints, "select private.pause_queue(%s, false)", name)
    talk(f"The workers read {name} again.")


@app.command()
def purge(
    name: NameArgument,
    only_dead: Annotated[
        bool, typer.Option("--dead", envvar="FRONTDESK_DEAD", help="Only its dead letters.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Delete the messages of a queue, or its dead letters."""
    endpoints = State(state).require_running()
    what = f"the dead letters of {name}" if only_dead else f"all messages of {name}"
    (row,) = change(
        endpoints,
        "select private.purge_queue(%s, %s) as count",
        (name, only_dead),
        question=f"Delete {what}?",
        yes=yes,
    )
    talk(f"{row['count']} message(s) were deleted.")


def _rate(before: dict[str, Any], after: dict[str, Any], seconds: float) -> dict[str, Any]:
    waiting = [
        sum(row[part] for part in ("ready", "delayed", "running")) for row in (before, after)
    ]
    came = after["total"] - before["total"]
    return {
        "name": after["name"],
        "in_per_second": round(came / seconds, 1),
        "out_per_second": round((came - (waiting[1] - waiting[0])) / seconds, 1),
        "waiting": waiting[1],
    }
