"""The commands by name, each imported only when it is called: that keeps every start short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from cli.wording import problem


@dataclass(frozen=True)
class Entry:
    """Where a command is: `name` in the module is a function, or a Typer of several.

    `help` is what the list of commands says; a test holds it to the command's own help.
    """

    module: str
    name: str
    help: str

    def load(self, called: str) -> Any:
        """Import the command, ready to be called by this name."""
        module = import_module(f"cli.commands.{self.module}")
        found = getattr(module, self.name)
        if isinstance(found, typer.Typer):
            return get_group(found)
        single = typer.Typer(add_completion=False)
        single.command(called, **getattr(module, "COMMAND", {}))(found)
        return get_command(single)


COMMANDS: Mapping[str, Entry] = {
    "up": Entry(
        "lifecycle.up",
        "up",
        "Start the stack: database, PostgREST, gateway, edge and worker.",
    ),
    "status": Entry("lifecycle.status", "status", "Show what runs, and where."),
    "logs": Entry(
        "lifecycle.logs", "logs", "Print the last lines of the logs, and the new ones with -f."
    ),
    "down": Entry("lifecycle.down", "down", "Stop what `up` started; the data stay."),
    "reset": Entry(
        "lifecycle.reset",
        "reset",
        "Delete the local state (database, secrets, logs) and start afresh, detached.",
    ),
    "doctor": Entry(
        "doctor",
        "doctor",
        "Check the installation, the configuration, the stack, the schema and the advisors.",
    ),
    "demo": Entry(
        "demo",
        "demo",
        "Fill the stack with believable businesses, staff, services, customers and bookings.",
    ),
    "tour": Entry(
        "tour", "tour", "Play a customer's story against the running stack, step by step."
    ),
    "mail": Entry(
        "mail", "mail", "List what would have been sent (mail, SMS, push), or show one message."
    ),
    "users": Entry("users", "app", "Users: rows in auth.users, and tokens for them."),
    "analysts": Entry("analysts", "app", "Analysts: logins of the database that read figures."),
    "auth": Entry("auth", "app", "Sign-in: the Supabase Auth protocol."),
    "bookings": Entry("bookings", "app", "Bookings: who comes when, to whom."),
    "payments": Entry("payments", "app", "Payments: what was paid, and with whom."),
    "gift-cards": Entry("gift_cards", "app", "Gift cards: what is left on them, and until when."),
    "refunds": Entry("payments", "refunds", "Refunds: what was given back."),
    "audit": Entry("audit", "app", "Audit: who changed what, when and by which call."),
    "flags": Entry("flags", "app", "Flags: what is switched on, and for whom."),
    "pages": Entry("pages", "app", "Pages: their texts, versions and publication."),
    "members": Entry("members", "app", "Members: who is a member of what, until when."),
    "loyalty": Entry("loyalty", "app", "Loyalty: programs, and the points of customers."),
    "products": Entry("products", "app", "Products: what a business sells."),
    "stock": Entry("stock", "app", "Stock: what lies in which store."),
    "wholesale": Entry(
        "wholesale", "app", "Wholesale: which companies ask to buy, and what is decided about them."
    ),
    "customers": Entry("customers", "app", "Customers: who they are, and what is known of them."),
    "orders": Entry("orders", "app", "Orders: what customers bought, and how it gets to them."),
    "banners": Entry("banners", "app", "Banners: where, for whom, from when to when."),
    "prices": Entry("prices", "app", "Prices: what makes them, and why."),
    "payouts": Entry("payouts", "app", "Payouts: what businesses are paid, and their statements."),
    "reviews": Entry("reviews", "app", "Reviews: list, publish, reject and hide them."),
    "search": Entry("search", "app", "Search: what people find, and why in this order."),
    "commissions": Entry("commissions", "app", "Commissions: what a sale leaves to whom."),
    "reports": Entry("reports", "app", "Reports: bookings, money and customers in figures."),
    "privacy": Entry("privacy", "app", "Privacy: exports, erasures, and how long data are kept."),
    "queues": Entry("queues", "app", "Queues: their messages and dead letters."),
    "notifications": Entry(
        "notifications", "app", "Notifications: what people were told, and how."
    ),
    "ledger": Entry("ledger", "app", "The ledger: accounts, entries and checks."),
    "secrets": Entry("secrets", "app", "Secrets: the keys that seal account numbers and the like."),
    "keys": Entry("keys", "app", "API keys: which programs act for a business."),
    "webhooks": Entry("webhooks", "app", "Webhooks: where events are sent, and what came of it."),
    "db": Entry("db", "app", "The database: its schema, migrations and checks."),
    "gen": Entry("gen", "app", "Generate code and documentation from the schema."),
    "bench": Entry(
        "bench",
        "bench",
        "Measure on a throw-away stack: min / median / max of ours and of the comparison.",
    ),
    "test": Entry(
        "test",
        "test",
        "Run every test on its own throw-away stack; arguments go to pytest, which then runs"
        " alone.",
    ),
    "rehearse": Entry(
        "rehearse",
        "rehearse",
        "Rehearse what takes minutes (soaks, failovers, floods), and keep the result.",
    ),
}


class Registry(TyperGroup):
    """The group of all commands. Until one is called, it stands there by its help alone."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, help=entry.help) for name, entry in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command that the arguments name, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in COMMANDS:
            command = COMMANDS[name].load(name)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Call the command; what is wrong with an argument is told in our words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            cause: Any = error.__cause__
            if hasattr(cause, "errors"):
                error.message = f"{problem(cause.errors()[0])}."
            raise
