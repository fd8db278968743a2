"""Connections to Graph: wherever a call is given up, the calls after it are answered."""

import asyncio

import httpx
import pytest

from shared.lanes import Lanes

# What httpcore tells of a call over a new connection (its documentation of the `trace` extension); the call is given up
# at that moment, which is noticed where it next waits for something.
MOMENTS = [
    "connection.connect_tcp.started",
    "connection.connect_tcp.complete",
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
    "http11.receive_response_headers.started",
    "http11.receive_response_headers.complete",
    "http11.receive_response_body.started",
    "http11.receive_response_body.complete",
    "http11.response_closed.started",
    "http11.response_closed.complete",
]


async def call(lanes: Lanes, url: httpx.URL, give_up_at: str | None = None) -> tuple[httpx.Response | None, list[str]]:
    """Read something; gives the answer, None where the call was given up, and all that was told of it."""
    told: list[str] = []

    async def trace(moment: str, _: object) -> None:
        told.append(moment)
        if moment == give_up_at:
            calling.cancel()

    extensions = {"trace": trace, "timeout": httpx.Timeout(1).as_dict()}
    request = httpx.Request("GET", url.join("/v1.0/groups"), extensions=extensions)
    calling = asyncio.create_task(lanes.handle_async_request(request))
    await asyncio.wait([calling])
    return None if calling.cancelled() else calling.result(), told


def test_these_are_all_the_moments_of_a_call(graph: httpx.Client) -> None:
    async def undisturbed() -> list[str]:
        async with Lanes() as lanes:
            _, told = await call(lanes, graph.base_url)
        return told

    assert asyncio.run(undisturbed()) == MOMENTS


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_call_that_is_given_up_holds_up_no_other(graph: httpx.Client, moment: str) -> None:
    async def one_after_the_other() -> tuple[list[str], httpx.Response | None]:
        async with Lanes() as lanes:
            _, told = await call(lanes, graph.base_url, moment)
            answer, _ = await call(lanes, graph.base_url)
        return told, answer

    told, answer = asyncio.run(one_after_the_other())
    assert moment in told
    assert answer is not None
    assert answer.status_code == httpx.codes.UNAUTHORIZED
