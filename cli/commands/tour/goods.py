"""The chapter of goods: the owner stocks a shelf, and the customer buys from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from cli.commands.tour.people import PATIENCE_SECONDS, Step, Story
from cli.refusal import Refusal

ADDRESS = {
    "name": "Carl Customer",
    "line1": "Unter den Linden 1",
    "postal_code": "10117",
    "city": "Berlin",
    "country": "DE",
}


def sell(story: Story) -> Iterator[Step]:
    """The owner sells shampoo, in a store and by post."""
    business_id = story.facts["business_id"]
    (store,) = story.owner.add("stores", {"business_id": business_id, "name": "Mitte"})
    (product,) = story.owner.add(
        "products",
        {
            "business_id": business_id,
            "name": "Shampoo",
            "slug": "shampoo",
            "currency": "EUR",
            "is_published": True,
        },
    )
    (variant,) = story.owner.add(
        "product_variants",
        {
            "business_id": business_id,
            "product_id": product["id"],
            "sku": "SHAMPOO",
            "price_minor": 1290,
            "weight_grams": 300,
        },
    )
    story.owner.rpc(
        "adjust_stock",
        store_id=store["id"],
        variant_id=variant["id"],
        quantity=5,
        reason="received",
    )
    story.owner.add(
        "delivery_options",
        {
            "business_id": business_id,
            "name": "Post",
            "kind": "delivery",
            "regions": ["DE"],
            "currency": "EUR",
            "price_minor": 490,
        },
    )
    story.facts["variant_id"] = variant["id"]
    yield Step("The owner", "sells shampoo, in a store and by post", "5 bottles · 12.90 EUR")


def shop(story: Story) -> Iterator[Step]:
    """A guest fills a cart, signs in, and buys what is in it with one call."""
    item = {"variant_id": story.facts["variant_id"], "quantity": 2}
    guest = story.anyone.rpc("add_to_cart", item=item)
    yield Step("Anyone", "puts two bottles into a cart", f"{guest['total_minor']} cents")
    story.customer.rpc("merge_cart", cart_token=guest["cart_token"])
    (option,) = story.customer.rpc("eligible_delivery_options", address=ADDRESS)
    cart = story.customer.rpc("read_cart", address=ADDRESS, delivery_option_id=option["id"])
    yield Step(
        "The customer", "signs in and finds it again", f"with post {cart['total_minor']} cents"
    )
    bought = story.customer.rpc(
        "checkout",
        idempotency_key=str(uuid.uuid4()),
        address=ADDRESS,
        delivery_option_id=option["id"],
        total_minor=cart["total_minor"],
    )
    (order,) = bought["orders"]
    yield Step("The customer", "checks out", f"order {order['reference']}: {order['status']}")
    refusal = story.rival.refused(
        "checkout",
        idempotency_key=str(uuid.uuid4()),
        items=[{**item, "quantity": 4}],
        address=ADDRESS,
        delivery_option_id=option["id"],
    )
    if refusal["details"] != "out_of_stock":
        raise Refusal(f"The rival was refused with {refusal['details']}.", "Please report this.")
    yield Step("A rival", "wants four", f"{refusal['details']}: {refusal['message']}")
    yield from pay(story, bought)


def pay(story: Story, bought: dict[str, Any]) -> Iterator[Step]:
    """The customer pays the basket on the sandbox's page, and the order is paid."""
    payment = story.customer.function(
        "payments",
        provider="sandbox",
        basket_id=bought["basket"]["id"],
        idempotency_key=str(uuid.uuid4()),
    )
    if payment is None:
        yield Step("The customer", "pays later", "There is no sandbox where real money moves.")
        return
    httpx.post(payment["client"]["url"], data={"choice": "pay"}, timeout=PATIENCE_SECONDS)
    orders = story.customer.wait_for(
        f"orders?id=eq.{bought['orders'][0]['id']}&select=status",
        lambda rows: rows[0]["status"] != "pending",
    )
    if orders is None:
        yield Step("The customer", "sees no payment", "No worker runs; start with `up`.")
        return
    yield Step("The customer", "pays on the sandbox's page", f"the order is {orders[0]['status']}")
    yield from send(story, bought["orders"][0]["id"])


def send(story: Story, order_id: str) -> Iterator[Step]:
    """The owner sends the order, and the customer follows it to the door."""
    shipment = story.owner.rpc(
        "ship_order", order_id=order_id, carrier="DHL", tracking_number="JD014600003"
    )
    (seen,) = story.customer.read(f"shipments?order_id=eq.{order_id}")
    yield Step(
        "The owner",
        "sends the order",
        f"the customer follows {seen['carrier']} {seen['tracking_number']}",
    )
    story.owner.rpc("deliver_shipment", shipment_id=shipment["id"])
    (order,) = story.customer.read(f"orders?id=eq.{order_id}")
    events = story.customer.read(f"order_timeline?order_id=eq.{order_id}&order=id")
    yield Step(
        "The customer",
        f"has the parcel: the order is {order['status']}",
        " → ".join(event["event"] for event in events),
    )
