"""Queues: what is in them, what died and why, and what to do about it."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from cli.admin import ask, confirm
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show, talk

COLUMNS = (
    *("name", "ready", "delayed", "running", "oldest_seconds", "dead", "is_paused", "purpose"),
)
MESSAGES = ("msg_id", "actor", "enqueued_at", "due_at", "read_count", "message")
DEAD = ("msg_id", "dead_at", "error", "attempts", "reason", "message")
RATES = ("name", "in_per_second", "out_per_second", "waiting")

app = typer.Typer(help="Queues: what is in them, what died and why.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The queue; `queues list` shows them.")]
LimitOption = Annotated[
    int, typer.Option(envvar="FRONTDESK_LIMIT", min=1, max=10_000, help="The most rows to show.")
]


@app.command("list")
def list_queues(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the queues: what could be read, what waits for its time, what is in work, what died."""
    rows = [
        {**row, "oldest_seconds": round(row["oldest_seconds"], 1)}
        for row in ask(state, "select * from private.queue_states()")
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
    rows = ask(state, "select * from private.queue_messages(%s, %s)", name, limit)
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
    """Watch the queues for a while: messages that came and that were done, a second."""
    before = {row["name"]: row for row in ask(state, "select * from private.queue_states()")}
    talk(f"Watching for {seconds:g} seconds …")
    time.sleep(seconds)
    after = ask(state, "select * from private.queue_states()")
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
    rows = [
        {**row, **{key: (row["headers"] or {}).get(key) for key in ("error", "attempts", "reason")}}
        for row in ask(state, "select * from private.dead_letters(%s, %s)", name, limit)
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
    """Give dead letters another try; what was done because of them is not done again."""
    which = f"{len(ids)} dead letter(s)" if ids else "all dead letters"
    confirm(f"Give {which} of {name} another try?", is_agreed=yes)
    (row,) = ask(state, "select private.replay_dead_letters(%s, %s) as count", name, ids)
    talk(f"{row['count']} went back to {name}.")


@app.command()
def pause(name: NameArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Let the workers take nothing from a queue; messages wait in it."""
    ask(state, "select private.pause_queue(%s, true)", name)
    talk(f"{name} is paused. Go on: ./frontdesk queues resume {name}")


@app.command()
def resume(name: NameArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Let the workers take from a queue again."""
    ask(state, "select private.pause_queue(%s, false)", name)
    talk(f"{name} goes on.")


@app.command()
def purge(
    name: NameArgument,
    only_dead: Annotated[
        bool, typer.Option("--dead", envvar="FRONTDESK_DEAD", help="Only its dead letters.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Throw away the messages of a queue, or its dead letters."""
    what = f"the dead letters of {name}" if only_dead else f"all messages of {name}"
    confirm(f"Throw away {what}?", is_agreed=yes)
    (row,) = ask(state, "select private.purge_queue(%s, %s) as count", name, only_dead)
    talk(f"{row['count']} message(s) are gone.")


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
