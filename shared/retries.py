"""When a call to Graph is worth another try, and how long to wait for it within the one deadline of the request."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from shared import metrics
from shared.errors import GatewayError, IdentityUnavailable, Throttled
from shared.telemetry import Attempt

MOST_TRIES = 5
FIRST_PAUSE_SECONDS = 0.25
LEAST_TRY_SECONDS = 0.25
LONGEST_TRY_SECONDS = 30
SHARE_OF_A_TRY = 0.6
PASSING_STATUSES = frozenset({429, 503, 504})

Result = TypeVar("Result")


def passes(error: GatewayError) -> bool:
    """Tell whether the same call may do better in a moment: Graph's 429, 503 and 504, and connections that fail."""
    if isinstance(error, Throttled | IdentityUnavailable) or isinstance(
        error.__cause__, httpx.TransportError | TimeoutError
    ):
        return True
    return error.graph is not None and error.graph.status in PASSING_STATUSES


async def persistently(
    call: Callable[[], Awaitable[Result]], attempt: Attempt, again: Callable[[GatewayError], bool] = passes
) -> Result:
    """Make a call that changes nothing, as often as it is worth it; raises what the last try raised."""
    tries = 0
    while True:
        tries += 1
        try:
            return await call()
        except GatewayError as error:
            if not again(error):
                raise
            await pause(error, tries, attempt)


async def pause(error: GatewayError, tries: int, attempt: Attempt, otherwise: GatewayError | None = None) -> None:
    """Wait before the next try; raises `otherwise`, or the error itself, where that does not fit into what is left.

    Graph's `Retry-After` is kept to. Without one the pause doubles with each try, and differs from one request to the
    next, so that those that failed together do not come back together.
    """
    spread = random.uniform(0.5, 1)  # noqa: S311 - nobody gains anything by guessing it
    seconds = FIRST_PAUSE_SECONDS * 2 ** (tries - 1) * spread
    if error.asked_pause_seconds is not None:
        seconds = error.asked_pause_seconds + FIRST_PAUSE_SECONDS * spread
    if tries >= MOST_TRIES or seconds + LEAST_TRY_SECONDS > attempt.seconds_left():
        raise otherwise or error
    metrics.tried_again(error.code)
    await asyncio.sleep(seconds)


def seconds_for_a_try(attempt: Attempt) -> float:
    """Give the time that one try may take: a share of what is left, so that another, or reading back, still fits."""
    return min(LONGEST_TRY_SECONDS, max(LEAST_TRY_SECONDS, attempt.seconds_left() * SHARE_OF_A_TRY))
