"""What is answered when the time of a request is over."""

import asyncio

import azure.functions as func
import pytest

from shared.errors import GatewayError, GraphUnavailable, OutcomeUnknown
from shared.http import in_time
from shared.telemetry import Attempt


@pytest.mark.parametrize(("write_sent", "answer"), [(False, GraphUnavailable), (True, OutcomeUnknown)])
def test_the_end_of_the_time_says_whether_something_was_sent(*, write_sent: bool, answer: type[GatewayError]) -> None:
    request = func.HttpRequest(method="POST", url="/api/assignments", headers={"Prefer": "wait=1"}, body=b"")
    attempt = Attempt("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "create_assignment", write_sent=write_sent)

    async def late() -> None:
        await in_time(request, 100, asyncio.Event().wait(), attempt)

    with pytest.raises(answer, match="1 s"):
        asyncio.run(late())
