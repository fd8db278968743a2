"""The boundary of the HTTP side, driven with the library's own request objects and a fake behind it."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any, Never

import azure.functions as func
import pytest

from shared.callers import Authentication
from shared.documents import Site
from shared.entrance import MOST_REQUESTS_AT_ONCE, Parts
from shared.errors import Unauthenticated
from shared.gateway import Gateway
from shared.rate_limit import RateLimit


def no_parts() -> Never:
    raise RuntimeError("with a secret in it")


def nowhere() -> Site:
    return Site(None, None)


def request(content_type: str = "application/json") -> func.HttpRequest:
    body = b'{"configurationId": "c0000000-0000-4000-8000-000000000001", "targetType": "allDevices"}'
    headers = {"Content-Type": content_type}
    return func.HttpRequest(method="POST", url="http://127.0.0.1/api/assignments", headers=headers, body=body)


def test_500_internal_error_says_nothing_of_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        response = asyncio.run(Gateway(no_parts, nowhere).create_assignment(request()))
    body = json.loads(response.get_body())
    assert (response.status_code, body["status"], body["code"]) == (500, 500, "internal-error")
    assert response.mimetype == "application/problem+json"
    assert body["retryable"] is False
    assert response.headers["Assignment-Outcome"] == "failed"
    assert "secret" not in response.get_body().decode()


def test_an_attempt_that_ends_in_a_bug_is_logged_and_audited_under_the_same_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        response = asyncio.run(Gateway(no_parts, nowhere).create_assignment(request()))
    by_logger = {record.name: record for record in caplog.records}
    event = json.loads(by_logger["gateway.audit"].getMessage())
    assert (event["outcome"], event["code"]) == ("failed", "internal-error")
    assert event["clientRequestId"] == response.headers["client-request-id"]
    assert event["clientRequestId"] in by_logger["gateway"].getMessage()
    assert by_logger["gateway"].exc_info is not None


class Turnstile(RateLimit):
    """Stands where requests are counted; holds them up until it is opened, and sends them away then."""

    def __init__(self) -> None:
        super().__init__(1)
        self.opened, self.full = asyncio.Event(), asyncio.Event()
        self.waiting = 0

    async def take(self, caller_id: str) -> None:
        self.waiting += 1
        if self.waiting == MOST_REQUESTS_AT_ONCE:
            self.full.set()
        await self.opened.wait()
        raise Unauthenticated(caller_id)


async def statuses_in_a_crowd() -> tuple[int, set[int], int]:
    """Give the status of one request too many, of those before it, and of one that comes after them."""
    turnstile = Turnstile()
    unused: Any = None
    gateway = Gateway(
        lambda: Parts(Authentication(), turnstile, unused, unused, 1, "", unused, unused, timedelta()), nowhere
    )
    async with asyncio.timeout(5):
        crowd = [asyncio.create_task(gateway.list_filters(request())) for _ in range(MOST_REQUESTS_AT_ONCE)]
        await turnstile.full.wait()
        refused = await gateway.list_filters(request())
        turnstile.opened.set()
        answers = await asyncio.gather(*crowd)
        after = await gateway.list_filters(request())
    return refused.status_code, {answer.status_code for answer in answers}, after.status_code


def test_a_crowd_is_refused_early_and_forgotten_once_it_is_gone() -> None:
    assert asyncio.run(statuses_in_a_crowd()) == (429, {401}, 401)
