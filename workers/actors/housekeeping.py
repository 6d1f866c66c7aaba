"""Ends what has expired and deletes old records. No rule waits for either."""

from __future__ import annotations

from typing import Any

import dramatiq
from psycopg.types.json import Jsonb

from workers.actors.database import Database

BATCH = 100


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Declare the actors."""

    def apply_due_transitions(topic: str, payload: dict[str, Any]) -> None:
        """End expired holds and requests."""
        while database.call("select scheduling.apply_due_transitions(%s)", BATCH) == BATCH:
            pass

    def apply_due_order_steps(topic: str, payload: dict[str, Any]) -> None:
        """Expire unpaid orders, and complete those that nobody can return any more."""
        while database.call("select commerce.apply_due_steps(%s)", BATCH) == BATCH:
            pass

    def forget_what_is_old(topic: str, payload: dict[str, Any]) -> None:
        """Delete old keys, effects, activity, audit, codes, holds, carts, broadcasts and events."""
        database.call("select private.forget_old_keys()")
        database.call("select private.forget_old_effects()")
        database.call("select private.forget_old_activity()")
        database.call("select private.keep_audit_months()")
        database.call("select mobile.keep_months()")
        database.call("select scheduling.forget_old_codes()")
        database.call("select scheduling.forget_ended_holds()")
        database.call("select money.forget_old_lookups()")
        database.call("select commerce.forget_idle_carts()")
        database.call("select private.keep_realtime()")
        database.call("select integrations.forget_old_events()")

    def offer_freed_time(topic: str, payload: dict[str, Any]) -> None:
        """Offer freed time to those who wait, if somebody had locked it when it became free."""
        database.call(
            "select scheduling.offer_freed(%s, %s, %s)",
            payload["business_id"],
            payload["freed_id"],
            Jsonb(payload["places"]),
        )

    def count_trending(topic: str, payload: dict[str, Any]) -> None:
        """Count what the front page calls trending."""
        database.call("select content.count_trending()")

    for actor in (
        apply_due_transitions,
        apply_due_order_steps,
        forget_what_is_old,
        offer_freed_time,
        count_trending,
    ):
        dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(actor)
