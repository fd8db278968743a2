import asyncio
from typing import Never

import azure.functions as func
import pytest

from shared.errors import GatewayError, GraphUnavailable, IdentityUnavailable, OutcomeUnknown, StoreUnavailable
from shared.http import in_time
from shared.telemetry import Attempt
from tests.unit.hurried import run

HASTY = func.HttpRequest("POST", "http://127.0.0.1/api/assignments", headers={"Prefer": "wait=15"}, body=b"")


async def at_once() -> str:
    return "at once"


async def never() -> Never:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("known", "error", "said"),
    [
        ([], GraphUnavailable, "nothing was written"),
        (["waits_for_token"], IdentityUnavailable, "nothing was written"),
        (["waits_for_store"], StoreUnavailable, "nothing was written"),
        (["write_sent"], OutcomeUnknown, "was sent"),
        (["write_sent", "waits_for_token"], OutcomeUnknown, "was sent"),
    ],
)
def test_when_the_time_is_over_the_answer_is_what_is_known_by_then(
    known: list[str], error: type[GatewayError], said: str
) -> None:
    attempt = Attempt("an id", "create_assignment")
    for name in known:
        setattr(attempt, name, True)

    async def seconds_until_told() -> float:
        started = asyncio.get_running_loop().time()
        with pytest.raises(error, match=said) as raised:
            await in_time(HASTY, 100, never(), attempt)
        assert "15 s" in raised.value.detail
        return asyncio.get_running_loop().time() - started

    assert run(seconds_until_told()) == (15, 15)


def test_what_is_waited_for_next_has_what_is_left_of_the_one_deadline() -> None:
    async def seconds_until_told() -> float:
        attempt = Attempt("an id", "create_assignment")
        assert await in_time(HASTY, 100, at_once(), attempt) == "at once"
        attempt.ends -= 10
        started = asyncio.get_running_loop().time()
        with pytest.raises(GraphUnavailable):
            await in_time(HASTY, 100, never(), attempt)
        return asyncio.get_running_loop().time() - started

    waited, _ = run(seconds_until_told())
    assert 4 < waited <= 5
