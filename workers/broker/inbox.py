"""The messages of one queue that a worker holds: prefetched, or being processed."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, field

from workers.broker.leased import LeasedMessage
from workers.broker.waiting import Waiting

BEGINNING = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
# A message whose transaction commits later than this is found by the next sweep.
MARGIN = datetime.timedelta(seconds=0.5)
SWEEP_SECONDS = 1.0


@dataclass(eq=False)
class Inbox:
    """One consumer's share of the fetch loop. Only that loop changes it, except where noted.

    `capacity` is how many messages or batches are out at once.
    """

    queue_name: str
    capacity: int
    waiting: Waiting
    # Messages that were read and are not settled; the settling thread changes it too.
    held: dict[int, LeasedMessage] = field(default_factory=dict)
    is_made: bool = False
    is_paused: bool = False
    is_in_trouble: bool = False
    # A notification came since the last look; set by the listening thread.
    is_called: bool = False
    # When to look again, by the monotonic clock, and the length of the last sleep.
    look_at: float = 0.0
    rest: float = 0.0
    floor: datetime.datetime = BEGINNING
    swept_at: float = 0.0

    def is_due(self) -> bool:
        """Return whether to look now.

        A notification is not urgent while messages wait here for a thread.
        """
        is_urgent = self.is_called and not self.waiting.gathers()
        return self.room() > 0 and (is_urgent or self.look_at <= time.monotonic())

    def room(self) -> int:
        """Return how many more messages may be read."""
        return 0 if self.is_paused else self.capacity * self.waiting.batch - len(self.held)

    def floor_now(self) -> datetime.datetime:
        """Return the due time from which to read; now and then that is the beginning."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS:
            self.swept_at = now
            return BEGINNING
        return self.floor

    def saw(self, due_at: datetime.datetime) -> None:
        """Note that a message with this due time was read."""
        self.floor = max(self.floor, due_at - MARGIN)
