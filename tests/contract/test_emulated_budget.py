"""The emulated Graph takes so many writes in a stretch of time, and throttles the others."""

import httpx

from sandbox import tenant
from tests.contract.emulator import WIFI, assigned, error, target, tell

ALL_DEVICES = f"{WIFI}/{tenant.WIFI_HQ}_{tenant.ALL_DEVICES}"


def test_writes_beyond_the_budget_are_answered_with_429_and_not_carried_out(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 2, "seconds": 20})
    assert graph.post(WIFI, json=target("allDevices")).status_code == 201
    assert graph.delete(ALL_DEVICES).status_code == 204
    answer = graph.post(WIFI, json=target("allDevices"))
    assert (answer.status_code, error(answer)["code"]) == (429, "TooManyRequests")
    assert answer.headers["retry-after"] in {"19", "20"}
    assert assigned(graph) == []


def test_reading_costs_nothing(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 1, "seconds": 20})
    assert [graph.get(WIFI).status_code for _ in range(3)] == [200, 200, 200]
    assert graph.post(WIFI, json=target("allDevices")).status_code == 201


def test_how_long_to_wait_can_be_left_unsaid(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 1, "seconds": 20, "retryAfter": False})
    graph.post(WIFI, json=target("allDevices"))
    answer = graph.delete(ALL_DEVICES)
    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)
    assert len(assigned(graph)) == 1


def test_there_is_room_again_when_the_time_is_over(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 1, "seconds": 0.2})
    assert graph.post(WIFI, json=target("allDevices")).status_code == 201
    refused = graph.delete(ALL_DEVICES)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    tell(graph, "faults", [{"kind": "delay", "method": "GET", "seconds": 0.2}])
    graph.get(WIFI)
    assert graph.delete(ALL_DEVICES).status_code == 204


def test_what_is_not_carried_out_costs_nothing(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 1, "seconds": 20})
    tell(graph, "faults", [{"kind": "status", "status": 503}])
    assert graph.post(WIFI, json=target("allDevices")).status_code == 503
    assert graph.post(WIFI, json=target("allDevices")).status_code == 201


def test_a_reset_takes_the_budget_away(graph: httpx.Client) -> None:
    tell(graph, "budget", {"writes": 1, "seconds": 20})
    tell(graph, "reset")
    assert [graph.post(WIFI, json=target(kind)).status_code for kind in ("allDevices", "allLicensedUsers")] == [201] * 2
