"""Draws a document as PDF, with typst. What it shows is data; nobody's name is markup."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date

from workers.documents.amounts import locale_of, money, percent
from workers.documents.words import words_of

TEMPLATE = Path(__file__).with_name("document.typ")


def draw(facts: dict[str, Any]) -> bytes:
    """Return a document as PDF/A-3b. `facts` is what money.document_to_draw returns.

    PDF/A allows no character without a font. Where the machine lacks one (fonts-noto-cjk has those
    of Japanese), the document is a plain PDF with an empty box in its place.
    """
    template = TEMPLATE.read_bytes()
    inputs = {"facts": json.dumps(_shown(facts), ensure_ascii=False)}
    try:
        return typst.compile(template, sys_inputs=inputs, pdf_standards=["a-3b"])
    except typst.TypstError:
        return typst.compile(template, sys_inputs=inputs)


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """The texts of the template."""
    seller, words = facts["seller"], words_of(facts["seller"]["locale"])
    day = datetime.date.fromisoformat(facts["issued_on"])
    return {
        "language": locale_of(seller["locale"]).language,
        "words": {**words, "title": words[facts["kind"]]},
        "reference": facts["reference"],
        "issued_on": format_date(day, "long", locale=locale_of(seller["locale"])),
        "corrects": facts["corrects"],
        "seller": {"name": seller["name"], "lines": _seller_lines(seller, words)},
        "buyer": {"lines": _buyer_lines(facts["buyer"], words)},
        "lines": [_line(facts, line) for line in facts["lines"]],
        "taxes": [_tax(facts, tax, words) for tax in facts["taxes"]],
        "total": money(facts, facts["total_minor"]),
        "is_included": bool(facts["tax_minor"])
        and all(line["tax_is_included"] for line in facts["lines"]),
        "notes": [
            words["reverse_charge"]
            for tax in facts["taxes"]
            if tax["component"] == "reverse_charge"
        ],
    }


def _seller_lines(seller: dict[str, Any], words: dict[str, str]) -> list[str]:
    town = " ".join(part for part in (seller["postal_code"], seller["city"]) if part)
    number = seller["tax_number"] and f"{words['tax_number']} {seller['tax_number']}"
    lines = (seller["address_line1"], seller["address_line2"], town, seller["region"], number)
    return [line for line in lines if line]


def _buyer_lines(buyer: dict[str, Any], words: dict[str, str]) -> list[str]:
    number = buyer["tax_number"] and f"{words['tax_number']} {buyer['tax_number']}"
    return [line for line in (buyer["name"], buyer["email"], number) if line]


def _line(facts: dict[str, Any], line: dict[str, Any]) -> dict[str, str]:
    rates = [tax for tax in line["taxes"] if tax["rate_bps"]]
    return {
        "name": line["name"],
        "quantity": str(line["quantity"]),
        "rate": " + ".join(percent(facts, tax["rate_bps"]) for tax in rates),
        "amount": money(facts, line["amount_minor"] - line["discount_minor"]),
    }


def _tax(facts: dict[str, Any], tax: dict[str, Any], words: dict[str, str]) -> dict[str, str]:
    component = tax["component"]
    name = words.get(component) or component.replace("_", " ").upper()
    return {
        "name": f"{name} {percent(facts, tax['rate_bps'])}" if tax["rate_bps"] else name,
        "base": money(facts, tax["base_minor"]),
        "tax": money(facts, tax["tax_minor"]),
    }
