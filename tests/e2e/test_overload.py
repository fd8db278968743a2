"""More than the gateway takes: refused early and in words, and what was begun is carried out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sandbox.tenant import WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway, Stack, problem

MOST_AT_ONCE = 100
TOO_MANY = 120
MEGABYTE = 1024  # /proc counts in kB
STATUS = Path("/proc/self/status")


def jobs(stack: Stack, number: int) -> list[Mapping[str, str]]:
    """Add so many groups, and give the requests that assign the same configuration to each."""
    added = stack.graph.add(groups=[{"name": f"SG-{each}"} for each in range(number)])["groups"]
    return [{**MAIN_JOB, "groupId": each} for each in added]


@contextmanager
def crowd(gateway: Gateway) -> Iterator[Gateway]:
    """Give the gateway over as many connections at once as anybody wants, each for one request."""
    base_url, headers = gateway.client.base_url, gateway.client.headers
    limits = httpx.Limits(max_keepalive_connections=0)  # between threads, a kept one may be closed while it is taken
    with httpx.Client(base_url=base_url, headers=headers, limits=limits, timeout=60) as client:
        yield replace(gateway, client=client)


def resident(gateway: Gateway) -> int:
    """Read how much memory the process of the gateway occupies, in kB."""
    lines = STATUS.parent.with_name(str(gateway.host.pid)).joinpath("status").read_text("ascii").splitlines()
    [size] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(size)


def test_one_request_more_than_the_gateway_takes_at_once_is_refused_while_the_others_wait(stack: Stack) -> None:
    stack.identity.fail(kind="barrier", times=2)  # the token that all wait for comes when another asks as well
    with stack.gateway() as gateway, crowd(gateway) as callers, ThreadPoolExecutor(MOST_AT_ONCE + 1) as threads:
        answers = [threads.submit(callers.assignments, WIFI_HQ) for _ in range(MOST_AT_ONCE + 1)]
        [refused], begun = wait(answers, return_when=FIRST_COMPLETED)
        httpx.get(stack.settings["IDENTITY_ENDPOINT"])
        assert {each.result().status_code for each in begun} == {200}
    problem(refused.result(), 429, "rate-limited")
    assert refused.result().headers["retry-after"] == "5"
    assert gateway.audit(refused.result())["graphCalls"] == 0


def test_too_much_at_once_is_refused_or_carried_out_and_sent_again_it_is_all_there(
    gateway: Gateway, stack: Stack
) -> None:
    refused = jobs(stack, TOO_MANY)
    with crowd(gateway) as callers, ThreadPoolExecutor(TOO_MANY) as threads:
        while refused:
            answers = list(threads.map(callers.create, refused))
            assert {(answer.status_code, answer.headers.get("retry-after")) for answer in answers} <= {
                (201, None),
                (429, "5"),
            }
            begun = [answer for answer in answers if answer.status_code == 201]
            refused = [request for request, answer in zip(refused, answers, strict=True) if answer not in begun]
            assert begun
    assert len(stack.graph.assignments()) == len(stack.graph.requests("POST")) == TOO_MANY


@pytest.mark.skipif(not STATUS.exists(), reason="the memory of another process is read from /proc, which is not here")
def test_too_much_time_and_again_leaves_the_memory_as_it_was(gateway: Gateway) -> None:
    def ask(_: int) -> httpx.Response:
        return callers.assignments(WIFI_HQ)

    sizes = []
    with crowd(gateway) as callers, ThreadPoolExecutor(TOO_MANY) as threads:
        for _ in range(2):
            statuses = Counter(answer.status_code for answer in threads.map(ask, range(TOO_MANY)))
            assert statuses.keys() <= {200, 429}
            assert statuses[200] >= MOST_AT_ONCE
            sizes.append(resident(gateway))
    assert sizes[-1] - sizes[0] < 5 * MEGABYTE, sizes


def test_a_process_sends_no_more_writes_than_its_budget_and_refuses_the_rest_at_once(stack: Stack) -> None:
    requests = jobs(stack, 8)
    with stack.gateway(GRAPH_WRITES_PER_20S="3") as gateway, ThreadPoolExecutor(len(requests)) as threads:
        answers = list(threads.map(gateway.create, requests))
        refused = [answer for answer in answers if answer.status_code != 201]
        [there, *_] = [job for job, answer in zip(requests, answers, strict=True) if answer not in refused]
        assert gateway.create(there).headers["assignment-outcome"] == "unchanged"  # what writes nothing is free
    assert len(refused) == len(requests) - 3
    for answer in refused:
        assert "GRAPH_WRITES_PER_20S" in problem(answer, 429, "rate-limited")["detail"]
        assert 15 <= int(answer.headers["retry-after"]) <= 20
    assert len(stack.graph.assignments()) == len(stack.graph.requests("POST")) == 3
