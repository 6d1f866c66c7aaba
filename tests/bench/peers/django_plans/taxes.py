"""One rate, read from no service: the loop is compared, not the network."""

from __future__ import annotations

from decimal import Decimal

from plans.taxation import TaxationPolicy


class OneRate(TaxationPolicy):
    """The rate of the country of whoever sells."""

    def get_tax_rate(
        self, tax_id: str, country_code: str, request: object = None
    ) -> tuple[Decimal, bool]:
        """The rate in percent, and that it was found."""
        return Decimal(19), True
