"""A real adapter on its simulator, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.harness.simulators.payments.server import PaymentSimulator
from workers.providers.http import Timeouts
from workers.providers.payments import shapes

PATIENCE = 60.0  # seconds; long enough for any machine
RETURN_URL = "https://shop.example/back"
Webhook = tuple[dict[str, str], bytes]


class Wired(ABC):
    """One provider: what its customers and its bank do is done here, so that tests are the same."""

    name: str
    currency = "USD"
    amount = 5000
    # The method of an intent that is declined at once, and the code that follows; none where the
    # customer always chooses on a page.
    declined: tuple[str, str] | None = None
    # The method of an intent that needs no customer; none where there always is one.
    method: str | None = None
    # Whether events carry the moment of their signature, and whether it is over their bytes.
    stamps_events = True
    signs_bytes = True
    # The reference of a saving that the provider never heard of.
    unknown_saving = "set_unknown"
    # A pattern of the calls that change something.
    mutations = r"POST .*"
    began_at = datetime.now(UTC)
    simulator: PaymentSimulator

    def __init__(self) -> None:
        self._made: dict[tuple[bool, float, str], Any] = {}

    def provider(self, *, good: bool = True, seconds: float = PATIENCE, url: str = "") -> Any:
        """The adapter, with credentials that are good or not."""
        asked = (good, seconds, url)
        if asked not in self._made:
            address = url or self.simulator.url
            self._made[asked] = self.make("" if good else "-wrong", address, self.timeouts(seconds))
        return self._made[asked]

    @abstractmethod
    def make(self, wrong: str, url: str, timeouts: Timeouts) -> Any:
        """An adapter; `wrong` is added to its secrets."""

    def saving(self, key: str = "save", **fields: Any) -> Any:
        """A method to be saved, with a token where the adapter needs one."""
        if self.provider().traits.needs_method:
            fields = {"method": self.method, **fields}
        given = {"email": "ada@example.com", "return_url": RETURN_URL, **fields}
        return self.effect(shapes.Saving, key, **given)

    def keep(self, started: shapes.Started) -> None:
        """Let the customer save a card on the provider's page or form, where there is one."""
        assert started.client.kind == "none"

    @abstractmethod
    def pay(self, started: shapes.Started) -> None:
        """Let the customer pay or approve on the provider's page."""

    @abstractmethod
    def charges(self, key: str) -> int:
        """How many payments with this key the provider's books have, in whatever state."""

    @abstractmethod
    def refunds(self, key: str) -> int:
        """How many refunds with this key the provider's books have."""

    def taken(self) -> int:
        """How much the provider's books have taken and not given back, in its own units."""
        return sum(it.captured_minor - it.refunded_minor for it in self._listed())

    def _listed(self) -> list[shapes.Payment]:
        return list(self.provider().list_since(self.began_at))

    @abstractmethod
    def webhooks(self) -> list[Webhook]:
        """What the provider sent to our webhook until now, the oldest first."""

    def stale(self, webhook: Webhook) -> Webhook:
        """The same, signed six minutes ago."""
        raise NotImplementedError

    def timeouts(self, seconds: float) -> Timeouts:
        return Timeouts(PATIENCE, seconds)

    def intent(self, key: str = "key-1", **fields: Any) -> shapes.Intent:
        given = {"amount_minor": self.amount, "currency": self.currency, "description": "Haircut"}
        given |= {"return_url": RETURN_URL, "began_at": self.began_at, **fields}
        return shapes.Intent(key=key, **given)

    def ready(self, key: str = "key-1", **fields: Any) -> shapes.Intent:
        """An intent as the adapter can take it: with a method where it needs one."""
        if self.provider().traits.needs_method:
            fields = {"method": self.method, **fields}
        return self.intent(key, **fields)

    def paid(self, key: str = "key-1", *, capture_now: bool = True, **fields: Any) -> str:
        """Make a payment, and return its reference."""
        provider = self.provider()
        started = provider.create(self.ready(key, capture_now=capture_now, **fields))
        if started.status == "requires_action":
            self.pay(started)
        finish = self.effect(shapes.Finish, f"{key}-finish", payment=started.reference)
        provider.finish(finish.model_copy(update={"capture_now": capture_now}))
        return started.reference

    def effect(self, shape: Callable[..., Any], key: str, **fields: Any) -> Any:
        """An effect that began with the test."""
        return shape(key=key, began_at=self.began_at, **fields)

    def money(self, amount: int | None = None) -> dict[str, Any]:
        return {"amount_minor": amount or self.amount, "currency": self.currency}

    def parsed(self, kind: str) -> list[shapes.ProviderEvent]:
        """The events of a kind that the adapter reads from what was sent."""
        provider = self.provider()
        read = [provider.parse_event(headers, raw) for headers, raw in self.webhooks()]
        assert not [event for event in read if isinstance(event, shapes.Forged)]
        return [it for it in read if isinstance(it, shapes.ProviderEvent) and it.kind == kind]
