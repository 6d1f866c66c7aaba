"""What a worker has of one queue: messages to hand out and messages in work."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, field
from queue import SimpleQueue

from workers.broker.leased import LeasedMessage

BEGINNING = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
# Messages whose transactions committed late are found by the next sweep.
MARGIN = datetime.timedelta(seconds=0.5)
SWEEP_SECONDS = 1.0


@dataclass(eq=False)
class Inbox:
    """One consumer's share of the fetch loop; touched by that loop unless said otherwise."""

    queue_name: str
    capacity: int
    buffer: SimpleQueue[LeasedMessage] = field(default_factory=SimpleQueue)
    # Everything that was read and is not settled; also touched by the thread that settles.
    held: dict[int, LeasedMessage] = field(default_factory=dict)
    is_made: bool = False
    is_paused: bool = False
    is_in_trouble: bool = False
    # Somebody announced a message since the last look; set by the thread that listens.
    is_called: bool = False
    # When to look again, by the monotonic clock, and how long the last sleep was.
    look_at: float = 0.0
    rest: float = 0.0
    floor: datetime.datetime = BEGINNING
    swept_at: float = 0.0

    def is_due(self) -> bool:
        """Whether to look now."""
        return self.room() > 0 and (self.is_called or self.look_at <= time.monotonic())

    def room(self) -> int:
        """How many messages more may be read."""
        return 0 if self.is_paused else self.capacity - len(self.held)

    def floor_now(self) -> datetime.datetime:
        """From which due time on to read: now and then from the beginning."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS:
            self.swept_at = now
            return BEGINNING
        return self.floor

    def saw(self, due_at: datetime.datetime) -> None:
        """What was read had been due at this time."""
        self.floor = max(self.floor, due_at - MARGIN)
