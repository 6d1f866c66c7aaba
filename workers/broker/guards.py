"""Middleware of every PgmqBroker: what must not reach an actor does not, nor waits for one."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable
from queue import Empty

import dramatiq
from dramatiq.broker import Broker, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from workers.broker.leased import LeasedMessage


class WrongArguments(SkipMessage):
    """A message for an actor that does not take its arguments."""


class KeepLease(Middleware):
    """Skips what somebody else may have by now: this process was frozen past its lease."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Ask the database when in doubt."""
        if isinstance(message, LeasedMessage) and message.is_doubtful() and not message.is_held():
            raise SkipMessage("The lease has run out.")


class RefuseWrongArguments(Middleware):
    """Fails what no retry can help: arguments that the actor does not take."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Look at the actor's signature."""
        if message.failed or message.actor_name not in broker.actors:
            return
        actor: dramatiq.Actor[..., object] = broker.get_actor(message.actor_name)
        try:
            inspect.signature(actor.fn).bind(*message.args, **message.kwargs)
        except TypeError as error:
            message.fail()
            raise WrongArguments(f"{message.actor_name} does not take this: {error}") from None


class GiveBack(Middleware):
    """When a worker is told to stop, what it has prefetched is everybody's again at once.

    Dramatiq gives it back only when the jobs that run have ended.
    """

    def __init__(self, pause: Callable[[Iterable[str]], None]) -> None:
        self._pause = pause

    def before_worker_shutdown(self, broker: Broker, worker: dramatiq.Worker) -> None:
        """Read no more, and take back what no thread has begun."""
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
