"""Documents that the database issued, as PDF and as EN 16931, which its schematron judges."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import facturx
import pypdf
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import Retry

from tests.harness.database import Database as Cluster
from tests.harness.schematron import broken_rules
from workers.actors import documents
from workers.actors.database import Database
from workers.documents.tax_numbers import has_valid_digits
from workers.providers.failures import TryLater
from workers.providers.storage import Storage

PAST = "set_config('frontdesk.now', '2031-05-01 00:00Z', false)"
TOWN = f"""
    select {PAST};
    select tests.person('owner'), tests.person('customer'), tests.business('Salon', 'owner');
    update identity.profiles set full_name = 'ليلى حسن' where id = tests.id('customer');
    update business.businesses set name = 'Salon *Mitte* #1', address_line1 = 'Weg 1',
        postal_code = '10115', city = 'Berlin', locale = 'de';
    insert into pricing.tax_settings (business_id) values (tests.id('Salon'));
    insert into pricing.tax_numbers (business_id, country, number)
    values (tests.id('Salon'), 'DE', 'DE136695976');
    insert into catalog.cancellation_policies (id, business_id, name, is_default)
    values (tests.named('policy'), tests.id('Salon'), 'Strict', true);
    insert into catalog.cancellation_tiers (
        business_id, cancellation_policy_id, hours_before, fee_bps
    ) values (tests.id('Salon'), tests.id('policy'), 2000, 5000);
    select tests.resource('Ann', 'Salon'), tests.hours('Salon'),
        tests.service('Cut', 'Salon', 60, 5000), tests.service('Book', 'Salon', 60, 1070),
        tests.service('Massage', 'Salon', 60, 4000);
    select tests.takes('Cut', 'Ann'), tests.takes('Book', 'Ann'), tests.takes('Massage', 'Ann');
    update catalog.services set tax_class = 'reduced' where name = 'Book';
    update catalog.services set tax_class = 'exempt' where name = 'Massage';
"""
BOOK = """
    select tests.act_as('customer');
    select public.book_many(tests.id('Salon')::text, json_build_array(
        json_build_object('service_id', tests.id('Cut')),
        json_build_object('service_id', tests.id('Book')),
        json_build_object('service_id', tests.id('Massage')))::text, '2031-05-05T09:00:00Z');
    select tests.act_as_owner();
"""
CANCEL = """
    select tests.act_as('customer');
    select public.cancel_booking((select id::text from public.bookings));
    select tests.act_as_owner();
"""


@dataclass
class Desk:
    """The worker's desk: the database of the test, and a Storage that keeps what it gets."""

    db: Cluster
    stored: dict[str, bytes] = field(default_factory=dict)
    fails: Exception | None = None

    def call(self, statement: str, *arguments: object) -> Any:
        row = self.db.connection.execute(statement.encode(), arguments).fetchone()
        return row[0] if row else None

    def store(self, bucket: str, name: str, source: Path, **_: str) -> None:
        if self.fails:
            raise self.fails
        self.stored[f"{bucket}/{name}"] = source.read_bytes()

    def work(self, actor: str, topic: str, payload: dict[str, Any]) -> None:
        broker = StubBroker()
        documents.declare(broker, cast(Database, self), cast(Storage, self))
        broker.get_actor(actor).fn(topic, payload)

    def check_numbers(self) -> None:
        for (key,) in self.db.rows("select id from pricing.tax_numbers"):
            self.work("check_tax_number", "tax_number.written", {"tax_number_id": str(key)})

    def issue(self, kind: str) -> str:
        return str(
            self.call("select money.issue_document(%s, business_id, id, 0) from sales.sales", kind)
        )

    def draw(self, key: str) -> dict[str, bytes]:
        self.stored.clear()
        self.work("draw_document", "document.issued", {"document_id": key})
        return {name.rpartition(".")[2]: content for name, content in self.stored.items()}


@pytest.fixture
def desk(db: Cluster) -> Desk:
    db.connection.execute(TOWN.encode())
    desk = Desk(db)
    desk.check_numbers()
    db.connection.execute(BOOK.encode())
    return desk


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_an_invoice_is_a_pdf_that_carries_what_its_schematron_accepts(desk: Desk) -> None:
    files = desk.draw(desk.issue("invoice"))
    assert set(files) == {"pdf", "xml"}
    assert facturx.xml_check_xsd(files["xml"]) and broken_rules(files["xml"]) == []
    name, carried = facturx.get_xml_from_pdf(files["pdf"])
    assert name == "factur-x.xml" and carried == files["xml"]
    shown = text_of(files["pdf"])
    for words in (
        "Rechnung",
        "I-1",
        "Salon *Mitte* #1",
        "DE136695976",
        "MwSt. 19",
        "7,98",
        "100,70",
    ):
        assert words in shown
    assert desk.draw(str(desk.call("select id from money.documents"))) == {}, "once"


def test_a_schematron_can_refuse(desk: Desk) -> None:
    xml = desk.draw(desk.issue("invoice"))["xml"]
    assert any("BR-CO" in rule for rule in broken_rules(xml.replace(b">92.02<", b">92.03<")))


def test_a_credit_note_takes_back_in_positive_amounts(desk: Desk) -> None:
    desk.issue("invoice")
    desk.db.connection.execute(CANCEL.encode())
    key = desk.call("select id::text from money.documents where kind = 'credit_note'")
    files = desk.draw(key)
    assert broken_rules(files["xml"]) == []
    assert b">381<" in files["xml"] and b"I-1" in files["xml"]
    assert "50,35" in text_of(files["pdf"])


def test_a_receipt_is_a_pdf_alone(desk: Desk) -> None:
    assert set(desk.draw(desk.issue("receipt"))) == {"pdf"}


def test_a_storage_that_does_not_answer_is_asked_again(desk: Desk) -> None:
    key = desk.issue("receipt")
    desk.fails = TryLater("Storage did not answer.")
    with pytest.raises(Retry):
        desk.draw(key)
    desk.fails = None
    assert set(desk.draw(key)) == {"pdf"}


@pytest.mark.parametrize(
    ("country", "number", "is_valid"),
    [
        ("DE", "DE136695976", True),
        ("DE", "DE136695978", False),
        ("FR", "FR83404833048", True),
        ("GB", "GB980780684", True),
        ("GR", "EL094259216", True),
        ("IN", "27AAPFU0939F1ZV", True),
        ("IN", "27AAPFU0939F1ZW", False),
        ("JP", "T7000012050002", True),
        ("JP", "T7000012050003", False),
        ("KW", "12345678", None),
    ],
)
def test_check_digits_are_known_by_country(
    country: str, number: str, is_valid: bool | None
) -> None:
    assert has_valid_digits(country, number) is is_valid


def test_a_number_is_checked_once_and_the_database_keeps_the_answer(desk: Desk) -> None:
    desk.db.connection.execute(
        "insert into pricing.tax_numbers (business_id, country, number)"
        " values (tests.id('Salon'), 'FR', 'FR83404833047'), (tests.id('Salon'), 'KW', '12345678')"
    )
    desk.check_numbers()
    assert dict(desk.db.rows("select country, status::text from pricing.tax_numbers")) == {
        "DE": "verified",
        "FR": "refused",
        "KW": "unchecked",
    }
