"""How many writes Graph takes: beyond that they are throttled, and nothing of them is carried out.

Source: Graph's documentation of throttling limits, which for device configurations has 100 writes in 20 seconds for an
app in a tenant. That `Retry-After` may be missing: facts.md §1.
"""

import math
import time
from collections import deque

from pydantic import PositiveFloat, PositiveInt

from sandbox.command import Command
from sandbox.graph_errors import GraphError


class Budget(Command):
    """So many writes in any such stretch of time; `retry_after` tells how long to wait, which Graph may leave out."""

    writes: PositiveInt
    seconds: PositiveFloat
    retry_after: bool = True


class Spending:
    """The writes of a sliding window; without a budget, as in the seed, there is no end to them."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget
        self._writes: deque[float] = deque()

    def spend(self) -> None:
        """Let one write through; raises the 429 where there is no room for it, which costs nothing."""
        if self._budget is None:
            return
        now = time.monotonic()
        while self._writes and self._writes[0] + self._budget.seconds <= now:
            self._writes.popleft()
        if len(self._writes) < self._budget.writes:
            self._writes.append(now)
            return
        headers = {}
        if self._budget.retry_after:
            headers["Retry-After"] = str(math.ceil(self._writes[0] + self._budget.seconds - now))
        raise GraphError(429, "TooManyRequests", "Too many requests: the limit of writes is reached.", headers=headers)
