"""More than the gateway takes: refused early and in words, and what was begun is carried out."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import httpx

from sandbox.tenant import WIFI_HQ
from tests.e2e.stack import Stack

MOST_AT_ONCE = 100


def test_one_request_more_than_the_gateway_takes_at_once_is_refused_while_the_others_wait(stack: Stack) -> None:
    stack.identity.fail(kind="barrier", times=2)  # the token that all wait for comes when another asks as well
    with (
        stack.gateway() as gateway,
        httpx.Client(
            base_url=gateway.client.base_url, headers=gateway.client.headers, limits=httpx.Limits(), timeout=30
        ) as wide,
        ThreadPoolExecutor(MOST_AT_ONCE + 1) as threads,
    ):
        crowd = replace(gateway, client=wide)
        answers = [threads.submit(crowd.assignments, WIFI_HQ) for _ in range(MOST_AT_ONCE + 1)]
        [refused], begun = wait(answers, return_when=FIRST_COMPLETED)
        httpx.get(stack.settings["IDENTITY_ENDPOINT"])
        assert {each.result().status_code for each in begun} == {200}
    answer = refused.result()
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "rate-limited", "5")
    assert gateway.audit(answer)["graphCalls"] == 0
