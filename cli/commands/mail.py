"""The local mailbox: the messages that were sent on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import clean, instant, show, show_json
from cli.refusal import Refusal
from cli.stack.account import server_account
from cli.stack.state import State

COLUMNS = ("id", "at", "to", "subject", "channel")
CHANNELS = {"sms.localhost": "sms", "push.localhost": "push"}


def mail(
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[ID]", envvar="FRONTDESK_MAIL_ID", help="The message to show, by its id."
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """List what would have been sent (mail, SMS, push), or show one message."""
    place = State(state)
    if place.record() is None:
        raise Refusal(f"There is no stack in {place.path}.", "Start one: ./frontdesk up")
    folder = server_account().folder(place.mail)
    if number is None:
        kept = [path for _, path in sorted((int(p.stem), p) for p in folder.glob("[0-9]*.eml"))]
        if as_json:
            show_json([_whole(path) for path in kept])
        else:
            show([_row(path) for path in kept], columns=COLUMNS, as_json=False)
        return
    path = folder / f"{number}.eml"
    if not path.is_file():
        raise Refusal(f"There is no message {number}.", "List them: ./frontdesk mail")
    whole = _whole(path)
    if as_json:
        show_json(whole)
    else:
        print(_page(whole))


def _row(path: Path) -> dict[str, Any]:
    """Return a message for the list."""
    headers = BytesHeaderParser(policy=policy.default).parsebytes(path.read_bytes())
    return _summary(path, str(headers["To"] or ""), str(headers["Subject"] or ""))


def _summary(path: Path, to: str, subject: str) -> dict[str, Any]:
    domain = to.rpartition("@")[2].rstrip("> ")
    return {
        "id": int(path.stem),
        "at": instant(datetime.fromtimestamp(int(path.stat().st_mtime), UTC)),
        "to": clean(to),
        "subject": clean(subject),
        "channel": CHANNELS.get(domain, "mail"),
    }


def _whole(path: Path) -> dict[str, Any]:
    """Return a message with its headers, its text and the names of its attachments."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    body = message.get_body(("plain",))
    return {
        **_summary(path, str(message["To"] or ""), str(message["Subject"] or "")),
        "headers": {name: str(value) for name, value in message.items()},
        "text": str(body.get_content()).replace("\r\n", "\n") if body else "",
        "attachments": [part.get_filename() or "" for part in message.iter_attachments()],
    }


def _page(whole: dict[str, Any]) -> str:
    """Return a message as a page to read."""
    lines = [f"{name}: {value}" for name, value in whole["headers"].items()]
    lines += ["", whole["text"].rstrip("\n")]
    if whole["attachments"]:
        lines += ["", f"Attachments: {', '.join(whole['attachments'])}"]
    return clean("\n".join(lines))
