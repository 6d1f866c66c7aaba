"""What a client asks for when it joins a channel."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.edge.realtime.errors import RealtimeError

MOST_REPLAYED = 25


@dataclass(frozen=True, slots=True)
class Replay:
    """The newest stored messages since a moment (Unix time in ms)."""

    since_ms: int
    limit: int


@dataclass(frozen=True, slots=True)
class Options:
    """The payload of `phx_join`. Old clients send no `config`: their topic is what they follow."""

    is_private: bool
    echoes: bool
    acks: bool
    replay: Replay | None
    presence_key: str
    has_presence: bool
    bindings: Sequence[Mapping[str, Any]]
    is_old: bool
    token: str | None

    @classmethod
    def of(cls, payload: Any, name: str) -> Options:
        """Read a payload leniently: what has a wrong type counts as absent.

        Raises:
            RealtimeError: for a replay that cannot be asked for.
        """
        given = _mapping(payload)
        config = _mapping(given.get("config"))
        broadcast, presence = _mapping(config.get("broadcast")), _mapping(config.get("presence"))
        is_private = _is_true(config.get("private"))
        is_old = "config" not in given
        token = given.get("user_token") or given.get("access_token")
        return cls(
            is_private=is_private,
            echoes=_is_true(broadcast.get("self")),
            acks=_is_true(broadcast.get("ack")),
            replay=_replay_of(broadcast.get("replay"), is_private=is_private),
            presence_key=str(presence.get("key") or uuid.uuid4()),
            has_presence=_is_true(presence.get("enabled")),
            bindings=_old_binding(name) if is_old else _bindings(config.get("postgres_changes")),
            is_old=is_old,
            token=token if isinstance(token, str) else None,
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _bindings(value: Any) -> Sequence[Mapping[str, Any]]:
    found = value if isinstance(value, list) else []
    return [binding for binding in found if isinstance(binding, dict)]


def _old_binding(name: str) -> Sequence[Mapping[str, Any]]:
    keys = ("schema", "table", "filter")
    parts = dict(zip(keys, name.split(":", 2), strict=False))
    return [{"event": "*", **parts}] if parts["schema"] in ("public", "*") else []


def _replay_of(value: Any, *, is_private: bool) -> Replay | None:
    if value is None:
        return None
    if not is_private:
        message = "Replay is not allowed for public channels"
        raise RealtimeError("UnableToReplayMessages", message)
    since, limit = (_mapping(value).get(key) for key in ("since", "limit"))
    since, limit = (0 if since is None else since), (MOST_REPLAYED if limit is None else limit)
    whole = all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in (since, limit)
    )
    if not whole or not 1 <= limit <= MOST_REPLAYED or not 0 <= since < 2**53:
        raise RealtimeError("UnableToReplayMessages", "Replay params are not valid")
    return Replay(int(since), int(limit))
