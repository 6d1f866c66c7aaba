"""Cash and cards that a business takes on site, on its own terminal.

Nothing outside is called. The money is the business's at once, and the only books are the
database's, so a payment can neither be looked up nor listed, and no event comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from workers.providers.payments import shapes
from workers.providers.payments.failures import Rejected
from workers.providers.payments.protocol import Event, Traits

NAME = "cash"
LIMIT = shapes.Limit(minimum_minor=1, maximum_minor=2**53 - 1)


class Cash:
    """A `PaymentProvider`. A payment waits until somebody at the desk says it was captured."""

    traits = Traits(NAME, "natural")

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`: everything."""
        return LIMIT

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`. The reference says all there is to know."""
        reference = f"cash:{intent.key}:{intent.amount_minor}:{intent.currency}"
        return shapes.Started(reference=reference, status="requires_action")

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: nothing is left to do."""
        return _payment(finish.payment, "requires_action")

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        return _payment(capture.payment, "captured", captured_minor=capture.amount_minor)

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`."""
        return _payment(cancel.payment, "cancelled")

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`: somebody hands the money back."""
        return shapes.Refunded(
            reference=f"cash:{refund.key}",
            status="succeeded",
            amount_minor=refund.amount_minor,
            currency=refund.currency,
        )

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`; always refused."""
        raise Rejected("The books of cash are the database's.", code="not_offered")

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`; always refused."""
        raise Rejected("The books of cash are the database's.", code="not_offered")

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`: nothing that the database does not know."""
        return iter(())

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`."""
        return shapes.Forged(reason="Cash sends no events.")


def _payment(
    reference: str, status: shapes.PaymentStatus, *, captured_minor: int = 0
) -> shapes.Payment:
    _, key, amount, currency = reference.split(":")
    return shapes.Payment(
        reference=reference,
        key=key,
        status=status,
        amount_minor=int(amount),
        captured_minor=captured_minor,
        refunded_minor=0,
        currency=currency,
        created_at=datetime.now(UTC),
    )
