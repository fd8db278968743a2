"""The one deadline of a request: whatever fails, the answer is there half a second after it at the latest."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.stack import Gateway, Json, Stack, problem

WAITS = pytest.mark.parametrize("wait", [1, 2])
GRACE = timedelta(seconds=0.5)

READS: Mapping[str, tuple[Json, str]] = {
    "reads hang": ({"kind": "delay", "seconds": 5}, "graph-unavailable"),
    "reads drip": ({"kind": "drip", "seconds": 5}, "graph-unavailable"),
    "reads drop": ({"kind": "drop", "when": "before"}, "graph-unavailable"),
    "reads are 503": ({"kind": "status", "status": 503}, "graph-unavailable"),
    "reads are 503, with a pause": ({"kind": "status", "status": 503, "retryAfter": "30"}, "graph-unavailable"),
    "reads are 429": ({"kind": "status", "status": 429}, "throttled"),
}
WRITES: Mapping[str, tuple[Json, str]] = {
    "writes hang": ({"kind": "delay", "seconds": 5}, "outcome-unknown"),
    "writes drop": ({"kind": "drop", "when": "before"}, "outcome-unknown"),
    "writes are 504": ({"kind": "status", "status": 504}, "outcome-unknown"),
    "writes are 503, with a pause": ({"kind": "status", "status": 503, "retryAfter": "30"}, "outcome-unknown"),
    "writes are 429, with a pause": ({"kind": "status", "status": 429, "retryAfter": "30"}, "throttled"),
}
HANGING: Json = {"kind": "delay", "seconds": 5}


def fail_differently(stack: Stack) -> dict[str, tuple[str, str]]:
    """Give each fault a configuration of its own; give the codes to expect and these configurations, by name."""
    faults = {**READS, **WRITES}
    added = stack.graph.add(configurations=[{"name": name} for name in faults])["configurations"]
    for (name, (fault, _)), each in zip(faults.items(), added, strict=True):
        method, path = ("GET", f"{each}$") if name in READS else ("POST", f"{each}/assignments$")
        stack.graph.keep_failing(method=method, path=path, **fault)
    return {name: (faults[name][1], each) for name, each in zip(faults, added, strict=True)}


def in_time(response: httpx.Response, wait: int) -> bool:
    """Whether the answer came within the caller's patience."""
    return response.elapsed <= timedelta(seconds=wait) + GRACE


@WAITS
def test_whatever_fails_the_true_answer_comes_in_time(gateway: Gateway, stack: Stack, wait: int) -> None:
    assert gateway.assignments(WIFI_HQ).status_code == 200  # what loads with the first request is loaded
    wanted = fail_differently(stack)

    def create(configuration_id: str) -> httpx.Response:
        return gateway.create({"configurationId": configuration_id, "groupId": PILOT}, Prefer=f"wait={wait}")

    with ThreadPoolExecutor(len(wanted)) as threads:
        answers = dict(zip(wanted, threads.map(create, (each for _, each in wanted.values())), strict=True))
    for answer in answers.values():
        problem(answer, answer.status_code, answer.json()["code"])
    assert {name: answer.json()["code"] for name, answer in answers.items()} == {
        name: code for name, (code, _) in wanted.items()
    }
    assert {name: answer.elapsed for name, answer in answers.items() if not in_time(answer, wait)} == {}
    assert {answers[name].headers["retry-after"] for name in answers if name.endswith("with a pause")} == {"30"}


def test_a_token_that_does_not_come_is_answered_in_time_as_well(stack: Stack) -> None:
    stack.identity.keep_failing(**HANGING)
    with stack.gateway() as gateway:
        assert gateway.health().status_code == 200  # what loads with the first request is loaded
        answers = {wait: gateway.assignments(PILOT, Prefer=f"wait={wait}") for wait in (1, 2)}
    for wait, answer in answers.items():
        assert (answer.status_code, answer.json()["code"]) == (503, "identity-unavailable")
        assert in_time(answer, wait)
    assert stack.graph.requests() == []
