"""A guest's order: the page behind the link of the mails about it. Nobody has to sign in."""

from __future__ import annotations

import html as markup
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from workers.edge import html
from workers.edge.functions import linked

PATH = "/functions/v1/order"
TITLE = "Your order"
SHOW = "select commerce.order_by_link(%s, %s)"
# The counts of an item, in the order in which it goes through them.
COUNTS = ("shipped", "delivered", "returned", "cancelled")


async def show(request: Request) -> Response:
    """Show how far the order has come."""
    return await linked.answered(request, "order", title=TITLE, statement=SHOW, page=_page)


def _page(order: dict[str, Any]) -> Response:
    head = f"{order['reference']} at {order['business_name']}: {order['status']}."
    tracking = f"<p>{markup.escape(order['tracking'])}</p>" if order["tracking"] else ""
    items = "".join(f"<li>{markup.escape(_item(item))}</li>" for item in order["items"])
    return html.page(TITLE, f"<p>{markup.escape(head)}</p>{tracking}<ul>{items}</ul>")


def _item(item: dict[str, Any]) -> str:
    counts = [f"{item[f'{name}_quantity']} {name}" for name in COUNTS if item[f"{name}_quantity"]]
    return f"{item['quantity']} × {item['name']}" + (f" ({', '.join(counts)})" if counts else "")
