"""Dashboards in the terminal: figures beside the period before, bars, and a line of days."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

BLOCKS = "▁▂▃▄▅▆▇█"
BAR = 24  # characters
COUNTS = (
    ("bookings", "Bookings", ""),
    ("cancellation_bps", "Cancelled", "%"),
    ("no_show_bps", "No-shows", "%"),
    ("utilisation_bps", "Utilisation", "%"),
    ("lead_minutes", "Lead time", "h"),
    ("new_customers", "New customers", ""),
    ("returning_customers", "Returning customers", ""),
)
MONEY = (
    ("sold_minor", "Sold"),
    ("captured_minor", "Captured"),
    ("refunded_minor", "Refunded"),
    ("revenue_minor", "Revenue"),
)
TOPS = {
    "top_services": "Services",
    "top_products": "Products",
    "top_staff": "Staff",
    "channels": "Channels",
    "top_businesses": "Businesses",
}


def draw(page: Mapping[str, Any]) -> None:
    """Print a dashboard, as business_dashboard or platform_dashboard returns it."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    name = page.get("name", "The platform")
    zone = f" ({page['time_zone']})" if "time_zone" in page else ""
    console.print(Text(f"{name}, {page['from_on']} to {page['to_on']}{zone}", style="bold"))
    console.print(_figures(page))
    if page.get("series"):
        days = [day["bookings"] for day in page["series"]]
        console.print(f"Bookings by day  {sparkline(days)}  at most {max(days)}")
        for currency, amounts in _revenue(page["series"]).items():
            console.print(f"Revenue by day   {sparkline(amounts)}  {currency}")
    for key, title in TOPS.items():
        if page.get(key):
            console.print(_bars(title, page[key]))


def sparkline(values: Iterable[int]) -> str:
    """Return a character for each value, the higher the more; nothing and less are the lowest."""
    listed = [max(value, 0) for value in values]
    top = max(listed, default=0)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[-(-value * steps // top) if top else 0] for value in listed)


def bar(value: float, top: float) -> str:
    """Return a bar as long as the share that a value has of the largest; at least one character."""
    if value <= 0 or top <= 0:
        return ""
    return "█" * max(1, round(BAR * value / top))


def _figures(page: Mapping[str, Any]) -> Table:
    table = Table(box=box.MINIMAL, pad_edge=False)
    table.add_column("")
    table.add_column("now", justify="right")
    table.add_column("before", justify="right")
    before = page["before"]
    for key, title, unit in COUNTS:
        table.add_row(title, _count(page[key], unit), _count(before[key], unit))
    earlier = {money["currency"]: money for money in before["money"]}
    for money in page["money"]:
        for key, title in MONEY:
            then = earlier.get(money["currency"], {})
            table.add_row(
                f"{title} {money['currency']} (minor)", f"{money[key]:,}", f"{then.get(key, 0):,}"
            )
    return table


def _count(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{value / 100:.1f} %"
    return f"{value / 60:.1f} h" if unit == "h" else f"{value:,}"


def _revenue(series: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Return the revenue of each day by currency."""
    currencies = sorted({money["currency"] for day in series for money in day["money"]})
    return {
        currency: [
            sum(money["revenue_minor"] for money in day["money"] if money["currency"] == currency)
            for day in series
        ]
        for currency in currencies
    }


def _bars(title: str, rows: list[dict[str, Any]]) -> Table:
    """Draw the first of each currency: how much they sold, and how many bookings they had."""
    table = Table(box=box.MINIMAL, pad_edge=False, title=title, title_justify="left")
    table.add_column("", no_wrap=True, max_width=30)
    table.add_column("sold (minor)", justify="right")
    table.add_column("bookings", justify="right")
    table.add_column("", no_wrap=True)
    tops: dict[str, int] = {}
    for row in rows:
        tops[row["currency"]] = max(tops.get(row["currency"], 0), row["sold_minor"])
    for row in rows:
        table.add_row(
            Text(str(row["name"])),
            f"{row['sold_minor']:,} {row['currency']}",
            f"{row['bookings']:,}",
            bar(row["sold_minor"], tops[row["currency"]]),
        )
    return table
