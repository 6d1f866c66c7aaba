"""Middleware of every PgmqBroker: it decides whether a message reaches its actor."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable
from queue import Empty
from typing import NoReturn

import dramatiq
import psycopg
from dramatiq.broker import Broker, MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware, MiddlewareError, Retries, SkipMessage

from workers.broker.consumer import PgmqConsumer
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
    """Counts attempts that never end, and skips messages that this process no longer holds.

    An attempt that never ended fails like any other when the message is read again: it is retried
    with the actor's backoff, which separates it from the messages that died with it, and after the
    last retry it is a dead letter. Where Retries is not in use, it is one at once.

    Recording every attempt would more than double the cost of short jobs. So a message whose first
    reader vanished is presumed to have begun, and its attempts are recorded from then on. Where an
    actor has one attempt only, that one is recorded and nothing is presumed.
    """

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Fail a lost attempt, record the next one, or skip."""
        if message.failed or not isinstance(message, LeasedMessage):
            return
        is_single = _max_retries(broker, message) == 0
        if message.history.vanished and not message.attempts and not is_single:
            message.attempts = message.failures() + 1
        if message.attempts > message.failures():
            _fail_lost_attempt(broker, message)
        if not self._may_begin(message, records=is_single or message.attempts > 0):
            raise SkipMessage("The lease has run out.")

    def _may_begin(self, message: LeasedMessage, *, records: bool) -> bool:
        try:
            if records:
                return message.begin()
            return message.may_act()
        except (ConnectionClosed, psycopg.Error):
            message.again_in(AGAIN_SECONDS)
            raise SkipMessage("The attempt could not be recorded.") from None


def _max_retries(broker: Broker, message: MessageProxy) -> object:
    actor = broker.actors.get(message.actor_name)
    usual = actor.options.get("max_retries") if actor else None
    return message.options.get("max_retries", usual)


def _fail_lost_attempt(broker: Broker, message: LeasedMessage) -> NoReturn:
    if not any(isinstance(middleware, Retries) for middleware in broker.middleware):
        message.fail()
    raise WorkerLost(
        f"Attempt {message.attempts} never ended: its worker ran out of memory, crashed,"
        " was killed or was cut off."
    )


class GiveBack(Middleware):
    """Returns prefetched messages to their queues as soon as a worker is told to stop.

    Dramatiq returns them only after the running jobs have ended.
    """

    def __init__(self, pause: Callable[[Iterable[str]], None]) -> None:
        self._pause = pause

    def before_worker_shutdown(self, broker: Broker, worker: dramatiq.Worker) -> None:
        """Stop reading, and return the messages that no thread has begun."""
        self._pause(worker.consumers)
        for thread in worker.consumers.values():
            if isinstance(thread.consumer, PgmqConsumer):
                thread.consumer.give_back()
        waiting: defaultdict[str, list[MessageProxy]] = defaultdict(list)
        while True:
            try:
                message = worker.work_queue.get_nowait().message
            except Empty:
                break
            waiting[message.queue_name].append(message)
        for queue_name, messages in waiting.items():
            worker.consumers[queue_name].requeue_messages(messages)
