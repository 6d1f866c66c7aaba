"""Why something costs what it does: each step of a quote, and the rules that did not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import id_of_service, the_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, talk
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = ("step", "name", "detail", "unit_minor", "amount_minor", "currency")
ORDER = """
Lists: the higher priority; then for a group or an entitlement, a store, a region; the older.
Rules: the higher priority, the one with more conditions, the older; each changes what is left.
Discounts: the higher priority, the coupon's, the older; one that does not combine applies alone.
"""


def explain(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="Who sells: slug or id.")],
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="What is sold: name or id.")],
    quantity: Annotated[
        int, typer.Option(min=1, max=1000, envvar="FRONTDESK_QUANTITY", help="How many guests.")
    ] = 1,
    starts_at: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_STARTS_AT", help="When it begins, such as 2031-03-30T09:00:00Z."
        ),
    ] = None,
    resource: Annotated[
        str | None, typer.Option("--with", envvar="FRONTDESK_WITH", help="Who provides it: name.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_CUSTOMER", help="Who buys: e-mail address.")
    ] = None,
    coupon: Annotated[str | None, typer.Option(envvar="FRONTDESK_COUPON", help="A code.")] = None,
    currency: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_CURRENCY", help="Another ISO 4217 code.")
    ] = None,
    store: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_STORE", help="The store: name.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_REGION", help="Where the buyer is: DE, DE-BY.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what a service costs somebody now, step by step, and the rules that did not hold."""
    endpoints = State(state).require_running()
    sold = id_of_service(endpoints, str(the_business(endpoints, business)["id"]), service)
    rows = ask_file(
        endpoints,
        SQL / "explain.sql",
        service_id=sold,
        quantity=quantity,
        starts_at=starts_at,
        resource=resource,
        customer=customer,
        coupon=coupon,
        currency=currency,
        store=store,
        region=region,
    )
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)
    talk(ORDER.rstrip())
