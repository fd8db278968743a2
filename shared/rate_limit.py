"""How often one caller may ask, in this process: each worker process counts for itself."""

import math

from aiolimiter import AsyncLimiter
from cachetools import LRUCache

from shared.errors import RateLimited

CALLERS_KEPT = 10_000
WINDOW_SECONDS = 60


class RateLimit:
    """Lets so many requests of each caller through in a minute, in a burst or spread, and refuses the others."""

    def __init__(self, requests_per_minute: int) -> None:
        self._requests = requests_per_minute
        self._limiters: LRUCache[str, AsyncLimiter] = LRUCache(CALLERS_KEPT)

    async def take(self, caller_id: str) -> None:
        """Count one request; raises RateLimited."""
        limiter = self._limiters.setdefault(caller_id, AsyncLimiter(self._requests, WINDOW_SECONDS))
        if not limiter.has_capacity():
            raise RateLimited(
                f"The caller '{caller_id}' has sent more than {self._requests} requests in a minute.",
                retry_after_seconds=math.ceil(WINDOW_SECONDS / self._requests),
            )
        await limiter.acquire()
