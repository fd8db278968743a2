"""The emulated Graph has requests wait for each other, and writes land after they were looked for."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import CONFIGURATIONS, WIFI, assigned, error, journal, target, tell

GROUPS = "/v1.0/groups"
WIFI_ITSELF = f"{CONFIGURATIONS}/{tenant.WIFI_HQ}"
IN_BETA = f"/beta/deviceManagement/deviceConfigurations/{tenant.WIFI_HQ.upper()}"


def write_late(graph: httpx.Client, status: int | None, body: object = None) -> None:
    tell(graph, "faults", [{"kind": "late", "method": "POST", "status": status}])
    if status is None:
        with pytest.raises(httpx.TransportError):
            graph.post(WIFI, json=body or target("allDevices"))
    else:
        assert graph.post(WIFI, json=body or target("allDevices")).status_code == status


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


@pytest.mark.parametrize("status", [504, None])
@pytest.mark.parametrize("path", [WIFI_ITSELF, IN_BETA, f"{IN_BETA}/assignments", CONFIGURATIONS])
def test_a_late_write_lands_after_the_read_that_looks_for_it(
    graph: httpx.Client, status: int | None, path: str
) -> None:
    write_late(graph, status)
    expanded = {} if path.endswith("/assignments") else {"$expand": "assignments"}
    read = graph.get(path, params=expanded).raise_for_status()
    assert f"{tenant.WIFI_HQ}_{tenant.ALL_DEVICES}" not in read.text
    assert len(assigned(graph)) == 1


def test_the_journal_tells_what_became_of_a_late_write(graph: httpx.Client) -> None:
    write_late(graph, 504)
    (write,) = journal(graph)
    assert (write["fault"], write["status"], write["carriedOut"]) == ("late", 504, None)
    graph.get(WIFI)
    assert [entry["carriedOut"] for entry in journal(graph)] == [201, 200]


def test_a_read_of_something_else_or_one_that_fails_lets_a_late_write_wait(graph: httpx.Client) -> None:
    write_late(graph, 504)
    graph.get(GROUPS)
    graph.get(f"{CONFIGURATIONS}/{tenant.KIOSK}")
    tell(graph, "faults", [{"kind": "status", "status": 503}, {"kind": "drop", "when": "after"}])
    assert graph.get(WIFI).status_code == 503
    with pytest.raises(httpx.TransportError):
        graph.get(WIFI)
    assert assigned(graph) == []
    assert graph.get(WIFI).json()["value"] == []
    assert len(assigned(graph)) == 1


def test_a_late_write_waits_for_a_read_that_comes_after_it(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "barrier", "method": "GET", "times": 2}])
    with ThreadPoolExecutor() as pool:
        early = pool.submit(graph.get, WIFI)
        while not journal(graph):
            assert not early.done()
        write_late(graph, 504)
        graph.get(GROUPS)
        assert early.result().json()["value"] == []
    assert assigned(graph) == []
    assert graph.get(WIFI).json()["value"] == []
    assert len(assigned(graph)) == 1


@pytest.mark.parametrize("answer", ["409", "400", "201"])
def test_a_late_write_changes_nothing_where_another_was_faster(graph: httpx.Client, answer: str) -> None:
    tell(graph, "duplicates", {"answer": answer})
    write_late(graph, 504, target("group", groupId=tenant.PILOT))
    assert graph.post(WIFI, json=target("exclusionGroup", groupId=tenant.PILOT)).status_code == 201
    for _ in range(2):
        assert "exclusionGroup" in graph.get(WIFI).text
    assert len(assigned(graph)) == 1
    assert journal(graph)[0]["carriedOut"] == 409


def test_a_reset_forgets_late_writes(graph: httpx.Client) -> None:
    write_late(graph, 504)
    tell(graph, "reset")
    graph.get(WIFI)
    assert assigned(graph) == []


def test_a_deletion_can_be_late_as_well(graph: httpx.Client) -> None:
    graph.post(WIFI, json=target("allDevices"))
    tell(graph, "faults", [{"kind": "late", "method": "DELETE"}])
    with pytest.raises(httpx.TransportError):
        graph.delete(f"{WIFI}/{tenant.WIFI_HQ}_{tenant.ALL_DEVICES}")
    assert len(graph.get(WIFI).json()["value"]) == 1
    assert assigned(graph) == []
