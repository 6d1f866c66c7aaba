"""Pictures of the demo's businesses and goods, sent as a client does; workers draw renditions."""

from __future__ import annotations

import colorsys

import httpx
import psycopg

from cli.picture import Color, slope
from cli.refusal import Refusal
from cli.stack.state import Endpoints

MOST = 24  # businesses that get one, so that a large demo is not mostly pictures
# The subject of a picture, and what it shows.
WITHOUT = """
    select 'business:' || businesses.id, businesses.name
    from business.businesses
    where
        businesses.slug like 'demo-%%'
        and not exists (
            select 1 from business.business_media where business_media.business_id = businesses.id
        )
    order by businesses.slug
    limit %s
"""
GOODS_WITHOUT = """
    select 'product:' || products.id, products.name
    from catalog.products
    inner join business.businesses on businesses.id = products.business_id
    where
        businesses.slug = 'demo-salon-mitte'
        and not exists (
            select 1
            from catalog.product_media
            where
                product_media.business_id = products.business_id
                and product_media.product_id = products.id
        )
    order by products.slug
"""


def send_pictures(endpoints: Endpoints, connection: psycopg.Connection) -> int:
    """Send a picture for each business, and for goods of the first, that has none.

    Returns how many were sent.

    Raises:
        Refusal: when the stack does not take one.
    """
    headers = {
        "apikey": endpoints.service_role_key,
        "Authorization": f"Bearer {endpoints.service_role_key}",
    }
    with httpx.Client(base_url=endpoints.api_url, headers=headers, timeout=60) as client:
        if client.get("/storage/v1/bucket/originals").status_code == 501:
            return 0
        shown = connection.execute(WITHOUT, (MOST,)).fetchall()
        shown += connection.execute(GOODS_WITHOUT).fetchall()
        for number, (subject, name) in enumerate(shown):
            _send(client, subject, name, slope(*_colors(number)))
    return len(shown)


def _send(client: httpx.Client, subject: str, name: str, picture: bytes) -> None:
    place = _answer(
        client.post(
            "/rest/v1/rpc/create_upload",
            json={
                "subject": subject,
                "kind": "gallery",
                "name": f"{name}.png",
                "size": len(picture),
                "content_type": "image/png",
            },
        )
    ).json()
    _answer(client.post(place["url"], content=picture, headers={"Content-Type": "image/png"}))
    _answer(client.post("/rest/v1/rpc/complete_upload", json={"upload_id": place["upload_id"]}))
    described = client.patch(
        f"/rest/v1/media?id=eq.{place['upload_id']}", json={"alt": {"en": f"The colours of {name}"}}
    )
    _answer(described)


def _colors(number: int) -> tuple[Color, Color]:
    """Return two colours, different for each business."""
    hue = number * 0.618 % 1
    first, last = (
        tuple(int(part * 255) for part in colorsys.hsv_to_rgb(shade % 1, 0.6, 0.9))
        for shade in (hue, hue + 0.3)
    )
    return (first[0], first[1], first[2]), (last[0], last[1], last[2])


def _answer(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise Refusal(
            f"A picture was not taken: {response.status_code} {response.text}",
            "Look at the logs in the state folder.",
        )
    return response
