"""The writes that this process may send: early and clear refusals in place of a queue that nobody sees."""

import math
import time
from collections import deque
from collections.abc import Callable

from shared.errors import RateLimited

WINDOW_SECONDS = 20
"""The window of Graph's own limit: 100 writes per app and tenant (facts.md §1)."""


class WriteBudget:
    """A sliding window; the clock gives seconds and never goes back."""

    def __init__(self, writes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._sent: deque[float] = deque(maxlen=writes)
        self._clock = clock

    def take(self) -> None:
        """Count one write; raises RateLimited where the window is full, with the seconds until it is not."""
        now = self._clock()
        if len(self._sent) == self._sent.maxlen and (left := self._sent[0] + WINDOW_SECONDS - now) > 0:
            raise RateLimited(
                f"The gateway sends {self._sent.maxlen} changes in {WINDOW_SECONDS} s at most (GRAPH_WRITES_PER_20S), "
                "and has. Nothing was written.",
                retry_after_seconds=math.ceil(left),
            )
        self._sent.append(now)
