"""Tells the edge what Realtime needs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cli.settings import Config
from cli.stack.keys import Keys


def environment(config: Config, keys: Keys, *, db_url: str) -> Mapping[str, str]:
    """Return the variables of Realtime, none where it is off."""
    if not config.realtime.enabled:
        return {}
    told = {"limits": config.frontdesk.realtime.model_dump(), "keys": keys.opaque}
    return {"FRONTDESK_REALTIME_DB_URL": db_url, "FRONTDESK_REALTIME": json.dumps(told)}
