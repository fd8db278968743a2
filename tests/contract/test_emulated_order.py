"""The emulated Graph has requests wait for each other."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.contract.emulator import WIFI, assigned, error, target, tell

GROUPS = "/v1.0/groups"


def test_requests_wait_at_a_barrier_until_all_are_there(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "barrier", "method": "GET", "path": "/groups$", "times": 3, "seconds": 20}])
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(graph.get, [GROUPS] * 3))
    assert [(answer.status_code, len(answer.json()["value"])) for answer in answers] == [(200, 8)] * 3
    assert graph.get("/_sandbox/faults").json() == []


def test_who_waits_at_a_barrier_in_vain_is_answered_with_500(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "barrier", "times": 3, "seconds": 0.01}])
    answers = [graph.get(GROUPS), graph.get(GROUPS)]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert error(answers[1])["message"] == "Only 2 of 3 requests have come."


def test_a_write_that_waits_in_vain_is_not_carried_out(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "barrier", "times": 2, "seconds": 0.01}])
    assert graph.post(WIFI, json=target("allDevices")).status_code == 500
    assert assigned(graph) == []
