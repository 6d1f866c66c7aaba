"""Actors that get many messages at once. Each message keeps its own attempts, retries and end."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import dramatiq
from dramatiq.broker import Broker, MessageProxy
from dramatiq.errors import RateLimitExceeded, Retry
from dramatiq.middleware import Middleware, SkipMessage

from workers.broker.leased import LeasedMessage

if TYPE_CHECKING:
    from workers.broker.broker import PgmqBroker

Arguments = TypeVar("Arguments")

logger = logging.getLogger("workers.broker")


@dataclass(eq=False)
class Item(Generic[Arguments]):
    """One message of a batch. It is done when the actor ends, unless the actor says otherwise."""

    message: LeasedMessage
    arguments: Arguments
    error: BaseException | None = None

    @property
    def is_open(self) -> bool:
        """Return whether nobody has said how it ended."""
        return self.error is None

    def fail(self, error: BaseException) -> None:
        """End it as if the actor had raised this error for this message alone."""
        self.error = error

    def put_back(self, *, seconds: float = 0.0) -> None:
        """Read it again in so many seconds. That is no attempt."""
        self.message.again_in(seconds)
        self.error = SkipMessage("It was put back.")


@dataclass(frozen=True)
class Kind:
    """An actor of batches, the type of its arguments, and the most messages that it gets."""

    handle: Callable[[Sequence[Item[Any]]], None]
    takes: Callable[..., Any]
    size: int


class Batches(Middleware):
    """Runs actors of batches. A batch has what is there: it never waits for more messages.

    Dramatiq's worker processes the first message of a batch. The others accompany it and pass
    through the same middleware.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._current = threading.local()

    def declare(self, name: str, kind: Kind) -> None:
        """Add an actor."""
        self._kinds[name] = kind

    def are_for(self, actor_name: str) -> bool:
        """Return whether an actor gets batches."""
        return actor_name in self._kinds

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Note the message that this thread works on."""
        self._current.message = message

    def run(self, broker: Broker, name: str) -> None:
        """Run the actor on the message of this thread and on those that accompany it.

        Raises:
            BaseException: the error of the first message.
        """
        kind, first = self._kinds[name], self._current.message
        items = [_item(kind, first)]
        companions, first.companions = first.companions, []
        items += (_item(kind, message) for message in companions if _begins(broker, message))
        began = time.monotonic()
        _handle(kind, items)
        first.inbox.waiting.expect(len(items), time.monotonic() - began, kind.size)
        for item in items[1:]:
            _end(broker, item.message, item.error)
        if items[0].error is not None:
            raise items[0].error


def batch_actor(
    handle: Callable[[Sequence[Item[Arguments]]], None],
    *,
    broker: PgmqBroker,
    takes: Callable[..., Arguments],
    size: int,
    **options: Any,
) -> dramatiq.Actor[..., None]:
    """Declare an actor that gets up to `size` messages at once.

    If the actor raises an error, it runs again for each message alone, so that one message does not
    fail the others.

    Args:
        handle: the actor; it may run twice for the same messages.
        broker: reads the queue.
        takes: makes a message's arguments one value, such as the class of a dataclass. It converts
            nothing, so that it cannot fail.
        size: of the largest batch. A batch has fewer messages if they would take too long.
        options: Dramatiq's own.
    """
    name = handle.__name__
    broker.batches.declare(name, Kind(handle, takes, size))

    def run(*_args: Any, **_kwargs: Any) -> None:
        broker.batches.run(broker, name)

    run.__signature__ = inspect.signature(takes)  # type: ignore[attr-defined]
    return dramatiq.actor(actor_name=name, broker=broker, **options)(run)


def _item(kind: Kind, message: LeasedMessage) -> Item[Any]:
    return Item(message, kind.takes(*message.args, **message.kwargs))


def _handle(kind: Kind, items: list[Item[Any]]) -> None:
    try:
        kind.handle(items)
    except Exception as error:
        if len(items) == 1:
            items[0].error = error
            return
        for item in items:
            if item.is_open:
                _handle(kind, [item])
    except BaseException as error:  # Dramatiq interrupts the thread
        for item in items:
            item.error = item.error or error


def _begins(broker: Broker, message: LeasedMessage) -> bool:
    """Run what comes before a message, as Dramatiq's worker does; return whether it goes on."""
    try:
        broker.emit_before("process_message", message)
    except BaseException as error:
        _end(broker, message, error)
        return False
    if message.failed:
        _end(broker, message, None)
    return not message.failed


def _end(broker: Broker, message: LeasedMessage, error: BaseException | None) -> None:
    """Run what comes after a message and settle it, as Dramatiq's worker does."""
    if isinstance(error, SkipMessage):
        if message.failed:
            message.stuff_exception(error)
        broker.emit_after("skip_message", message)
    elif error is None:
        broker.emit_after("process_message", message, result=None)
    else:
        message.stuff_exception(error)
        _log(broker, message, error)
        try:
            raise error  # middleware reads the traceback of the present exception
        except BaseException:
            broker.emit_after("process_message", message, exception=error)
    word, settle = ("nack", message.nack) if message.failed else ("ack", message.ack)
    broker.emit_before(word, message)
    settle()
    broker.emit_after(word, message)
    message.clear_exception()


def _log(broker: Broker, message: LeasedMessage, error: BaseException) -> None:
    throws = broker.get_actor(message.actor_name).options.get("throws")
    if isinstance(error, RateLimitExceeded | Retry) or (throws and isinstance(error, throws)):
        return
    logger.error("Failed to process message %s.", message, exc_info=error)
