"""Invoices and credit notes in the form of EN 16931 (Cross Industry Invoice), by factur-x."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import facturx

from workers.documents.amounts import units

INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
PIECE = "C62"  # UN/ECE Recommendation 20: one
OUTSIDE = "Not subject to VAT"
# What EN 16931 calls a tax, and why nothing is due. What is outside the scope of VAT stands under
# E: the category O may not stand beside others, nor beside a VAT number.
REASONS = {
    "exempt": ("E", "Exempt from VAT"),
    "none": ("E", OUTSIDE),
    "reverse_charge": ("AE", "Reverse charge"),
}


def write(facts: dict[str, Any]) -> bytes:
    """Return a document as XML. `facts` is what money.document_to_draw returns."""
    day = datetime.date.fromisoformat(facts["issued_on"])
    net, tax, total = (_money(facts, facts[f"{name}_minor"]) for name in ("net", "tax", "total"))
    document: dict[str, Any] = {
        "BT-1": facts["reference"],
        "BT-2": day,
        "BT-3": CREDIT_NOTE if facts["kind"] == "credit_note" else INVOICE,
        "BT-5": facts["currency"],
        "BT-9": day,
        "BT-72": day,
        "BG-4": _seller(facts["seller"]),
        "BG-7": _buyer(facts),
        "BG-23": [_tax(facts, row) for row in facts["taxes"]],
        "BG-25": [_line(facts, place, line) for place, line in enumerate(facts["lines"], 1)],
        "BT-106": net,
        "BT-109": net,
        "BT-110": tax,
        "BT-112": total,
        "BT-115": total,
    }
    if facts["corrects"]:
        document["BG-3"] = [{"BT-25": facts["corrects"]}]
    return bytes(
        facturx.generate_cii_xml(document, level="en16931", check_xsd=False, check_schematron=False)
    )


def embed(pdf: bytes, xml: bytes) -> bytes:
    """Return a PDF that carries the XML (Factur-X)."""
    return bytes(
        facturx.generate_from_binary(pdf, xml, flavor="factur-x", level="en16931", check_xsd=False)
    )


def _money(facts: dict[str, Any], minor: int) -> str:
    return str(units(minor, facts["minor_digits"]))


def _seller(seller: dict[str, Any]) -> dict[str, Any]:
    party = {
        "name": seller["name"],
        "vat_identifier": seller["tax_number"],
        "addr_l1": seller["address_line1"],
        "addr_l2": seller["address_line2"],
        "postcode": seller["postal_code"],
        "city": seller["city"],
        "country_code": seller["country"],
    }
    return {key: value for key, value in party.items() if value}


def _buyer(facts: dict[str, Any]) -> dict[str, Any]:
    buyer = facts["buyer"]
    party = {
        "name": buyer["name"] or buyer["email"] or "-",
        # Who gave no number is taken to live where the seller is.
        "country_code": buyer["country"] or facts["seller"]["country"],
    }
    return party | ({"vat_identifier": buyer["tax_number"]} if buyer["tax_number"] else {})


def _category(component: str, rate: Decimal) -> tuple[str, str | None]:
    if component in REASONS:
        return REASONS[component]
    return ("S" if rate else "Z"), None


def _rate(rate_bps: Any) -> Decimal:
    return Decimal(str(rate_bps)).scaleb(-2)


def _tax(facts: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    rate = _rate(row["rate_bps"])
    category, reason = _category(row["component"], rate)
    tax = {
        "BT-116": _money(facts, row["base_minor"]),
        "BT-117": _money(facts, row["tax_minor"]),
        "BT-118": category,
        "BT-119": str(rate),
    }
    return tax | ({"BT-120": reason} if reason else {})


def _line(facts: dict[str, Any], place: int, line: dict[str, Any]) -> dict[str, Any]:
    """A line. A price may not be negative, so what is deducted has a negative quantity."""
    net = line["total_minor"] - line["tax_minor"]
    sign = -1 if net < 0 else 1
    taxed = (line["taxes"] or [{"component": "none", "rate_bps": 0}])[0]
    rate = _rate(taxed["rate_bps"])
    return {
        "BT-126": str(place),
        "BT-129": str(sign * line["quantity"]),
        "BT-130": PIECE,
        "BT-131": _money(facts, net),
        # The price of all of them, so that it is exact.
        "BT-146": _money(facts, abs(net)),
        "BT-149": str(line["quantity"]),
        "BT-151": _category(taxed["component"], rate)[0],
        "BT-152": str(rate),
        "BT-153": line["name"],
    }
