"""What the sockets ask of the database: changes of rows, and messages that were sent by SQL.

Sockets, channels, presence, HTTP and server-sent events are one half of Realtime. The other half
reads the database: `changes/` implements `ChangeFeed`, `database_broadcast/` implements
`DatabaseBroadcast`. `app.running` opens both as async context managers, which run their own tasks:

    changes.running(settings: Settings) -> AbstractAsyncContextManager[ChangeFeed]
    database_broadcast.running(settings: Settings, deliver: Callable[[Message], None])
        -> AbstractAsyncContextManager[DatabaseBroadcast]

`Settings.db_url` logs in as `realtime`, a role that may become `anon`, `authenticated`,
`service_role` and `api_key`. Callbacks are called in the event loop and return at once: a socket
that cannot follow is closed, so nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

API_KEY = "api_key"  # the role of programs
Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """A broadcast. `payload` is JSON, or bytes if `is_binary`.

    A row of `realtime.messages` has an `id`, and `sent_ms`: when it was inserted, in Unix time.
    """

    topic: str
    event: str
    payload: bytes
    is_private: bool
    id: str | None = None
    sent_ms: int | None = None
    is_binary: bool = False


@dataclass(frozen=True)
class Change:
    """A changed row as one subscriber may see it.

    `ids` are those of the subscription's bindings that it fits; `data` is the JSON object of the
    protocol (`schema, table, type, commit_timestamp, columns, record, old_record, errors`), encoded
    once for all who get the same. A subscriber that comes back with `cursor` misses nothing.
    """

    ids: tuple[int, ...]
    data: bytes
    cursor: str


@dataclass(frozen=True)
class Notice:
    """What a subscriber must be told, which becomes a `system` message of its channel.

    After the last one the channel ends: an API key is refused from now on.
    """

    is_ok: bool
    message: str
    is_last: bool = False


class RefusedError(Exception):
    """A binding that cannot be subscribed to; its words are for the client."""


class Subscription(Protocol):
    """The row changes of one channel."""

    @property
    def ids(self) -> Sequence[int]:
        """One number a binding, in the order of the bindings; equal bindings share one."""

    def renew(self, claims: Claims) -> None:
        """Read as these claims from the next batch on: the client has a new token."""

    def close(self) -> None:
        """Deliver nothing more."""


class ChangeFeed(Protocol):
    """The changes of `public.<view>`, in commit order."""

    async def subscribe(
        self,
        claims: Claims,
        bindings: Sequence[Mapping[str, Any]],
        deliver: Callable[[Change | Notice], None],
        *,
        address: str = "",
    ) -> Subscription:
        """Follow bindings as sent: `event, schema, table?, filter?, select?`, and `cursor?`.

        An API key may be accepted only from some network addresses, so its `address` counts.
        Says `Notice(True, "Subscribed to PostgreSQL")` by `deliver` once it follows, and
        `Notice(False, …)` when a cursor is too old or changes were lost.

        Raises:
            RefusedError: for a view, column or filter that these claims may not follow, and where
                the database does not publish changes.
        """


class DatabaseBroadcast(Protocol):
    """The rows of `realtime.messages`, delivered in commit order, only after the commit."""

    async def replay(self, topic: str, *, since_ms: int, limit: int) -> Sequence[Message]:
        """Return the newest private messages of a topic since a moment (Unix time), oldest first.

        `limit` is at most 1,000: 25 for sockets, and more for streams that come back. The caller
        has checked that the subscriber may read the topic.
        """
