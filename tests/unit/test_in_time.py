import asyncio
from typing import Never

import azure.functions as func
import pytest

from shared.errors import GatewayError, GraphUnavailable, IdentityUnavailable, OutcomeUnknown
from shared.http import in_time
from shared.telemetry import Attempt
from tests.unit.hurried import run


async def never() -> Never:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("write_sent", "waits_for_token", "error", "said"),
    [
        (False, False, GraphUnavailable, "nothing was written"),
        (False, True, IdentityUnavailable, "nothing was written"),
        (True, False, OutcomeUnknown, "was sent"),
        (True, True, OutcomeUnknown, "was sent"),
    ],
)
def test_when_the_time_is_over_the_answer_is_what_is_known_by_then(
    *, write_sent: bool, waits_for_token: bool, error: type[GatewayError], said: str
) -> None:
    attempt = Attempt("an id", "create_assignment", waits_for_token=waits_for_token, write_sent=write_sent)
    request = func.HttpRequest("POST", "http://127.0.0.1/api/assignments", headers={"Prefer": "wait=15"}, body=b"")

    async def seconds_until_told() -> float:
        started = asyncio.get_running_loop().time()
        with pytest.raises(error, match=said) as raised:
            await in_time(request, 100, never(), attempt)
        assert "15 s" in raised.value.detail
        return asyncio.get_running_loop().time() - started

    assert run(seconds_until_told()) == (15, 15)
