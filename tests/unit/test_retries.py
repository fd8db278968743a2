import time
from collections.abc import Sequence

import httpx
import pytest

from shared.details import GraphError
from shared.errors import (
    GatewayError,
    GraphForbidden,
    GraphRejected,
    GraphUnavailable,
    IdentityMissing,
    IdentityUnavailable,
    OutcomeUnknown,
    RateLimited,
    Throttled,
)
from shared.retries import passes, pause, persistently, seconds_for_a_try
from shared.telemetry import Attempt
from tests.unit.hurried import run


def answered(
    status: int, kind: type[GatewayError] = GraphUnavailable, pause_seconds: int | None = None
) -> GatewayError:
    said = GraphError(status, "code", "message", None, None)
    return kind("Graph answered.", graph=said, retry_after_seconds=pause_seconds)


def unanswered(cause: Exception) -> GatewayError:
    error = GraphUnavailable("Graph did not answer.")
    error.__cause__ = cause
    return error


def attempt(seconds_left: float = 1000) -> Attempt:
    return Attempt("an id", "create_assignment", ends=time.monotonic() + seconds_left)


async def outcome(failures: Sequence[GatewayError], patience: Attempt) -> tuple[int, GatewayError | None]:
    """Call what fails in these ways, one after the other, and then succeeds; give the number of calls, and the end."""
    coming, calls = iter(failures), 0

    async def call() -> None:
        nonlocal calls
        calls += 1
        if (failure := next(coming, None)) is not None:
            raise failure

    try:
        await persistently(call, patience)
    except GatewayError as error:
        return calls, error
    return calls, None


PASSING = [
    answered(429, Throttled),
    answered(503),
    answered(504),
    IdentityUnavailable("There is no token."),
    unanswered(httpx.ConnectError("")),
    unanswered(httpx.ConnectTimeout("")),
    unanswered(httpx.ReadError("")),
    unanswered(httpx.ReadTimeout("")),
    unanswered(httpx.RemoteProtocolError("")),
    unanswered(TimeoutError()),
]
LASTING = [
    answered(500),
    answered(502),
    answered(400, GraphRejected),
    answered(401, GraphForbidden),
    IdentityMissing("There is no identity."),
    RateLimited("Enough."),
    GraphUnavailable("It could not be read."),
    unanswered(httpx.InvalidURL("")),
    unanswered(httpx.TooManyRedirects("")),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes_is_tried_again(error: GatewayError) -> None:
    assert passes(error)
    (calls, end), _ = run(outcome([error], attempt()))
    assert (calls, end) == (2, None)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_lasts_is_not_tried_again(error: GatewayError) -> None:
    assert not passes(error)
    (calls, end), seconds = run(outcome([error], attempt()))
    assert (calls, end) == (1, error)
    assert seconds == 0


def test_after_five_tries_the_last_failure_is_the_answer() -> None:
    failures = [answered(503) for _ in range(6)]
    (calls, end), seconds = run(outcome(failures, attempt()))
    assert (calls, end) == (5, failures[4])
    assert (0.25 + 0.5 + 1 + 2) / 2 <= seconds <= 0.25 + 0.5 + 1 + 2


@pytest.mark.parametrize("tries", [1, 2, 3, 4])
def test_the_pause_doubles_with_each_try_and_differs_between_requests(tries: int) -> None:
    longest = 0.25 * 2 ** (tries - 1)
    pauses = [run(pause(answered(503), tries, attempt()))[1] for _ in range(30)]
    assert longest / 2 <= min(pauses) < max(pauses) <= longest
    assert max(pauses) - min(pauses) > longest / 10


@pytest.mark.parametrize("asked", [0, 1, 20, 600])
def test_the_pause_that_graph_asks_for_is_kept_to_and_a_crowd_does_not_end_it_at_one_moment(asked: int) -> None:
    pauses = [run(pause(answered(429, Throttled, asked), 1, attempt()))[1] for _ in range(30)]
    assert asked < min(pauses) < max(pauses) <= asked + 0.25


@pytest.mark.parametrize(("asked", "left"), [(10, 10), (1, 1), (100_000, 220), (None, 0.3), (0, 0.3), (None, -1)])
def test_a_pause_that_does_not_fit_is_handed_to_the_caller_at_once(asked: int | None, left: float) -> None:
    error = answered(503, pause_seconds=asked)
    (calls, end), seconds = run(outcome([error], attempt(left)))
    assert (calls, end) == (1, error)
    assert error.retry_after_seconds == (10 if asked is None else asked)
    assert seconds == 0


def test_a_pause_that_fits_is_made_however_long_it_is() -> None:
    (calls, end), seconds = run(outcome([answered(503, pause_seconds=90)], attempt(100)))
    assert (calls, end) == (2, None)
    assert seconds > 90


@pytest.mark.parametrize(("tries", "left"), [(5, 1000), (1, 0.3)])
def test_where_there_is_something_truer_to_say_than_the_failure_it_is_said(tries: int, left: float) -> None:
    truer = OutcomeUnknown("It was sent.")
    with pytest.raises(OutcomeUnknown):
        run(pause(answered(503), tries, attempt(left), truer))


@pytest.mark.parametrize(
    ("left", "least", "most"),
    [(1, 0.55, 0.6), (10, 5.5, 6), (50, 29, 30), (1000, 30, 30), (0.1, 0.25, 0.25), (-5, 0.25, 0.25)],
)
def test_a_try_gets_a_share_of_what_is_left_so_that_there_is_time_for_another(
    left: float, least: float, most: float
) -> None:
    assert least <= seconds_for_a_try(attempt(left)) <= most
