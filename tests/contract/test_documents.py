"""An invoice's whole way: a tax number is checked, a sale is invoiced, a worker draws the file."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.harness.schematron import broken_rules
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def town(stack: RunningStack) -> Town:
    """A town of its own, in which the salon is registered for tax before anybody books."""
    return built(stack)


def storage(town: Town, path: str) -> str:
    return f"{town.stack.endpoints.api_url}{path}"


def registered(town: Town) -> None:
    salon = {"business_id": town.ids["salon"]}
    with town.client("owner") as owner:
        for view, row in (
            ("tax_settings", {}),
            ("tax_numbers", {"country": "DE", "number": "DE 136 695 976"}),
        ):
            written = owner.post(f"/{view}", json={**salon, **row})
            assert written.status_code == 201, written.text

        def is_checked() -> bool:
            (number,) = owner.get("/tax_numbers", params={"select": "number,status"}).json()
            assert number["number"] == "DE136695976"
            return bool(number["status"] == "verified")

        wait_until(is_checked)


def invoiced(town: Town) -> dict[str, Any]:
    with town.client("customer") as customer:
        booked = customer.post(
            "/rpc/book",
            json={"service_id": town.ids["salon_service"], "starts_at": "2031-05-06T09:00:00Z"},
        ).json()
        issued = customer.post("/rpc/issue_document", json={"sale_id": booked["sale_id"]})
    assert issued.status_code == 200, issued.text
    return dict(issued.json())


def test_a_customer_gets_their_invoice_by_a_short_lived_link(town: Town) -> None:
    registered(town)
    invoice = invoiced(town)
    assert (invoice["reference"], invoice["tax_minor"], invoice["total_minor"]) == (
        "I-1",
        479,
        3000,
    )
    with town.client("customer") as customer:
        query = {"document_id": f"eq.{invoice['id']}", "order": "format"}
        wait_until(lambda: len(customer.get("/document_files", params=query).json()) == 2)
        contents = {}
        for file in customer.get("/document_files", params=query).json():
            path = f"{file['bucket']}/{file['object_name']}"
            assert customer.get(storage(town, f"/storage/v1/object/authenticated/{path}")).is_error
            sign = storage(town, f"/storage/v1/object/sign/{path}")
            signed = customer.post(sign, json={"expiresIn": 60})
            assert signed.status_code == 200, signed.text
            answer = httpx.get(storage(town, f"/storage/v1{signed.json()['signedURL']}"))
            assert len(answer.content) == file["bytes"]
            contents[file["format"]] = answer.content
            for person in ("stranger", "other_owner", None):
                with town.client(person) as other:
                    assert other.post(sign, json={"expiresIn": 60}).is_error
            with town.client("accountant") as accountant:
                assert accountant.post(sign, json={"expiresIn": 60}).status_code == 200
    assert contents["pdf"].startswith(b"%PDF-") and broken_rules(contents["xml"]) == []


def test_nobody_else_asks_for_an_invoice(town: Town) -> None:
    sale = town.run(
        "select sale_id::text from scheduling.bookings where id = %s", town.ids["booking"]
    )[0][0]
    for person, status in (("stranger", 404), ("other_owner", 404), (None, 401)):
        with town.client(person) as other:
            answer = other.post("/rpc/issue_document", json={"sale_id": sale})
            assert answer.status_code == status, answer.text
