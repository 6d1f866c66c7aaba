"""Keeps the figures of days, the months of visitors' events, and what to expect of customers."""

from __future__ import annotations

from typing import Any

import dramatiq
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.outlook import demand, valuing

QUEUE = "analytics"
BATCH = 1_000  # changes


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Declare the actors."""

    def refresh_days(topic: str, payload: dict[str, Any]) -> None:
        """Count again the days that changed."""
        while database.call("select insight.refresh_days(%s)", BATCH) >= BATCH:
            pass

    def note_past_days(topic: str, payload: dict[str, Any]) -> None:
        """Ask for the days that are over, and prepare the months of events."""
        database.call("select insight.note_past_days()")
        database.call("select insight.keep_event_months()")

    def announce_outlooks(topic: str, payload: dict[str, Any]) -> None:
        """Ask for the outlook of each business."""
        database.call("select insight.announce_outlooks()")

    def value_customers(topic: str, payload: dict[str, Any]) -> None:
        """Count the customers of a business, and say what they are expected to buy."""
        value_business(database, payload["business_id"])

    def forecast_demand(topic: str, payload: dict[str, Any]) -> None:
        """Say what will be wanted of each service and variant of a business."""
        forecast_business(database, payload["business_id"])

    def announce_unusual_days(topic: str, payload: dict[str, Any]) -> None:
        """Tell businesses of a day that was unlike others."""
        database.call("select insight.announce_unusual_days()")

    for actor in (
        refresh_days,
        note_past_days,
        announce_outlooks,
        value_customers,
        forecast_demand,
        announce_unusual_days,
    ):
        dramatiq.actor(broker=broker, queue_name=QUEUE, max_retries=3)(actor)


def value_business(database: Database, business_id: str) -> None:
    """Count the customers of a business, fit the model to them, and keep what it expects."""
    database.call("select insight.count_customer_values(%s)", business_id)
    histories = database.call("select insight.customer_histories(%s)", business_id)
    run, expected = valuing.value(valuing.read(histories))
    database.call(
        "select insight.keep_model(%s, %s, %s)",
        business_id,
        None if run is None else Jsonb(run),
        Jsonb(expected),
    )


def forecast_business(database: Database, business_id: str) -> None:
    """Forecast each service and variant of a business, and keep all forecasts at once."""
    series = database.call("select insight.demand_series(%s)", business_id)
    forecasts = [
        {
            "service_id": each["service_id"],
            "variant_id": each["variant_id"],
            **demand.forecast(each["units"]),
        }
        for each in series
    ]
    database.call("select insight.keep_forecasts(%s, %s)", business_id, Jsonb(forecasts))
