"""Transfers to bank accounts: a file for the operator's bank, and what became of them."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.consent import require_consent
from cli.commands.database import ask, change
from cli.commands.sealed import opened
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

WAITING = """
    select count(*) as payouts, coalesce(sum(payouts.amount_minor), 0) as amount_minor
    from money.payouts
    where
        payouts.status = 'approved' and payouts.currency = %s
        and money.is_by_hand(payouts.provider)
"""
SETTLE = "select money.settle_transfers(%s, %s, %s) as payouts"

TransferArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A payout, or all payouts of a file, by its id.")
]


def export(
    currency: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_CURRENCY", help="What is transferred.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(metavar="ID", envvar="FRONTDESK_FILE", help="A file that was made before."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            envvar="FRONTDESK_TRANSFERS", help="Where it is written; the screen by default."
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Write the approved payouts to bank accounts into a file for your bank, as CSV."""
    place = State(state)
    endpoints = place.require_running()
    if (currency is None) == (file is None):
        raise Refusal("Name a currency or a file.", "./frontdesk payouts export --currency EUR")
    if currency is not None:
        file = _new_file(endpoints, currency.upper(), yes=yes)
    else:
        require_consent("Write a file again that your bank may have?", yes=yes)
    talk(f"File {file}: if anything fails now, write it again with --file.")
    _keep(opened(place, "workers.transfers", _identifier(str(file))), output)
    talk(f"When your bank has made them: ./frontdesk payouts paid {file}")


def paid(
    transfer: TransferArgument, state: StateOption = DEFAULT_STATE, yes: YesOption = False
) -> None:
    """Note that the bank has made transfers: one payout, or all of a file."""
    _settle(State(state).require_running(), transfer, "succeeded", None, yes=yes)


def failed(
    transfer: TransferArgument,
    reason: Annotated[
        str, typer.Option(envvar="FRONTDESK_REASON", help="Why; the business reads it.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Note that the bank has not made a transfer, or that it came back."""
    _settle(State(state).require_running(), transfer, "failed", reason, yes=yes)


def _new_file(endpoints: Endpoints, currency: str, *, yes: bool) -> str:
    [waiting] = ask(endpoints, WAITING, currency)
    if not waiting["payouts"]:
        raise Refusal(
            f"No approved payout in {currency} waits for a transfer.",
            "./frontdesk payouts list --status pending shows those that wait for approval.",
        )
    [made] = change(
        endpoints,
        "select money.start_transfers(%s) as file",
        (currency,),
        question=f"Make a file of {waiting['payouts']} payouts, {waiting['amount_minor']} "
        f"{currency} (minor units)?",
        yes=yes,
    )
    if made["file"] is None:
        raise Refusal(
            "Another file has them already, or their accounts cannot be paid out.",
            "./frontdesk payouts list --status in_transit shows their files.",
        )
    return str(made["file"])


def _keep(text: str, output: Path | None) -> None:
    """Write a file that only its owner reads, or print it."""
    if output is None:
        print(text, end="")
        return
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _settle(
    endpoints: Endpoints, transfer: str, outcome: str, reason: str | None, *, yes: bool
) -> None:
    [settled] = change(
        endpoints,
        SETTLE,
        (_identifier(transfer), outcome, reason),
        question=f"Note that {transfer} {outcome}?",
        yes=yes,
    )
    talk(f"Payouts that changed: {settled['payouts']}.")


def _identifier(text: str) -> str:
    """Return an id as the database writes it, also from the reference of a bank statement.

    Raises:
        Refusal: the text is no id.
    """
    if re.fullmatch(r"[0-9a-fA-F-]{32,36}", text):
        with suppress(ValueError):
            return str(uuid.UUID(text))
    raise Refusal(f"{text} is no id.", "./frontdesk payouts list shows them.")
