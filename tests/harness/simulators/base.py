"""What all simulators share: what they took, and what they are told to answer next."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Answer:
    """One answer out of turn. `hang` seconds pass before it; a `drop` closes the connection.

    With `is_taken` the message counts as sent although its sender never learns so.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0.0
    drop: bool = False
    is_taken: bool = False


@dataclass(frozen=True)
class Received:
    """One message that was taken, as the provider understood it."""

    key: str
    to: str
    text: str
    raw: Any


class Simulator(ABC):
    """A provider that takes what its documentation takes, unless told otherwise."""

    def __init__(self) -> None:
        self.sent: list[Received] = []
        self.calls = 0
        self._next: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it listens."""

    @property
    def keys(self) -> Counter[str]:
        """How often it took each idempotency key."""
        with self._lock:
            return Counter(received.key for received in self.sent)

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next requests so; after that, as documented again."""
        with self._lock:
            self._next.extend(answers)

    def take(self, received: Received) -> None:
        """Count a message as sent."""
        with self._lock:
            self.sent.append(received)

    def called(self) -> Answer | None:
        """Count a request, and what was planned for it; waits as long as that says."""
        with self._lock:
            self.calls += 1
            answer = self._next.popleft() if self._next else None
        if answer and answer.hang:
            self._closing.wait(answer.hang)
        return answer

    @abstractmethod
    def refusal(self) -> Answer:
        """The documented answer to a message that it will never take."""

    def dead_address(self) -> Answer | None:
        """The documented answer when the address is gone; none where the provider says it later."""
        return None

    def busy(self, *, seconds: int) -> Answer:
        """Too many requests, try again in so many seconds."""
        return Answer(429, {}, {"Retry-After": str(seconds)})

    def broken(self) -> Answer:
        """A failure of its own."""
        return Answer(500, {})

    @abstractmethod
    def open(self) -> None:
        """Listen on a free port of 127.0.0.1."""

    def close(self) -> None:
        """Stop listening, and end what hangs."""
        self._closing.set()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
