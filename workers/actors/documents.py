"""Draws receipts and invoices, and looks at the check digits of tax numbers."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import dramatiq

from workers.actors.database import Database
from workers.actors.retrying import PATIENCE, later
from workers.documents import en16931
from workers.documents.drawing import draw
from workers.documents.tax_numbers import has_valid_digits
from workers.providers.failures import TryLater
from workers.providers.storage import Storage

BUCKET = "records"
TYPES = {"pdf": "application/pdf", "xml": "application/xml"}
KEPT = "private, max-age=31536000, immutable"


def declare(broker: dramatiq.Broker, database: Database, storage: Storage) -> None:
    """Declare the actors."""

    def draw_document(topic: str, payload: dict[str, Any]) -> None:
        """Draw the files that a document lacks. Drawing twice replaces a file by itself."""
        key = payload["document_id"]
        facts = database.call("select money.document_to_draw(%s)", key)
        if facts is None:
            return
        for kind, content in _files(facts):
            name = f"{facts['business_id']}/{key}/{facts['reference']}.{kind}"
            try:
                _store(storage, name, kind, content)
            except TryLater as error:
                raise later(error) from None
            database.call(
                "select money.record_document_file(%s, %s, %s, %s, %s)",
                key,
                kind,
                name,
                len(content),
                hashlib.sha256(content).hexdigest(),
            )

    def check_tax_number(topic: str, payload: dict[str, Any]) -> None:
        """Say whether the check digits of a tax number hold."""
        key = payload["tax_number_id"]
        found = database.call("select pricing.tax_number_to_check(%s)", key)
        if found is not None:
            is_valid = has_valid_digits(found["country"], found["number"])
            database.call(
                "select pricing.record_tax_number_check(%s, %s, %s)", key, found["number"], is_valid
            )

    for actor in (draw_document, check_tax_number):
        dramatiq.actor(broker=broker, queue_name="documents", **PATIENCE)(actor)


def _files(facts: dict[str, Any]) -> list[tuple[str, bytes]]:
    """The files that a document lacks. The PDF carries the XML, and comes before it."""
    files: list[tuple[str, bytes]] = []
    xml = en16931.write(facts) if "xml" in facts["formats"] else None
    if "pdf" in facts["formats"]:
        pdf = draw(facts)
        files.append(("pdf", pdf if xml is None else en16931.embed(pdf, xml)))
    return files if xml is None else [*files, ("xml", xml)]


def _store(storage: Storage, name: str, kind: str, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="document-") as file:
        file.write(content)
        file.flush()
        storage.store(BUCKET, name, Path(file.name), content_type=TYPES[kind], kept=KEPT)
