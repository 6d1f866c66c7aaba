"""Middleware of every PgmqBroker: it decides whether a message reaches its actor."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable
from queue import Empty

import dramatiq
import psycopg
from dramatiq.broker import Broker, MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware, MiddlewareError, Retries, SkipMessage

from workers.broker.leased import LeasedMessage

AGAIN_SECONDS = 1.0  # until a message is read again whose attempt could not be recorded


class WrongArguments(SkipMessage):
    """A message with arguments that its actor does not take."""


class WorkerLost(MiddlewareError):
    """An attempt began and never ended, because its worker died or was cut off."""


class RefuseWrongArguments(Middleware):
    """Fails messages whose arguments the actor does not take, because no retry can help."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Compare the arguments with the actor's signature."""
        if message.failed or message.actor_name not in broker.actors:
            return
        actor: dramatiq.Actor[..., object] = broker.get_actor(message.actor_name)
        try:
            inspect.signature(actor.fn).bind(*message.args, **message.kwargs)
        except TypeError as error:
            message.fail()
            raise WrongArguments(f"{message.actor_name} does not take this: {error}") from None


class CountAttempts(Middleware):
    """Records each attempt before it begins, so that it counts however it ends.

    An attempt that began and never ended fails like any other when the message is read again: it
    is retried with the actor's backoff, which separates it from the messages that died with it,
    and after the last retry it is a dead letter. Where Retries is not in use, it is one at once.
    """

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Record the attempt, or skip a message that this process no longer holds."""
        if message.failed or not isinstance(message, LeasedMessage):
            return
        if message.has_lost_attempt():
            if not any(isinstance(it, Retries) for it in broker.middleware):
                message.fail()
            raise WorkerLost(
                f"Attempt {message.attempts} never ended: its worker ran out of memory, crashed,"
                " was killed or was cut off."
            )
        try:
            is_held = message.begin()
        except (ConnectionClosed, psycopg.Error):
            message.retry_in(message, AGAIN_SECONDS)
            raise SkipMessage("The attempt could not be recorded.") from None
        if not is_held:
            raise SkipMessage("The lease has run out.")


class GiveBack(Middleware):
    """Returns prefetched messages to their queues as soon as a worker is told to stop.

    Dramatiq returns them only after the running jobs have ended.
    """

    def __init__(self, pause: Callable[[Iterable[str]], None]) -> None:
        self._pause = pause

    def before_worker_shutdown(self, broker: Broker, worker: dramatiq.Worker) -> None:
        """Stop reading, and return the messages that no thread has begun."""
        self._pause(worker.consumers)
        waiting: defaultdict[str, list[MessageProxy]] = defaultdict(list)
        while True:
            try:
                message = worker.work_queue.get_nowait().message
            except Empty:
                break
            waiting[message.queue_name].append(message)
        for queue_name, messages in waiting.items():
            worker.consumers[queue_name].requeue_messages(messages)
