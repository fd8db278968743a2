"""The emulated Graph bears witness of every write: what was sent, what was answered, who looked in between."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import CONFIGURATIONS, WIFI, add, journal, target, tell

Fault = dict[str, object]

ME, SOMEBODY = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
WIFI_ITSELF = f"{CONFIGURATIONS}/{tenant.WIFI_HQ}"
SLOT = f"{tenant.WIFI_HQ}_{tenant.ALL_DEVICES}"
EXPANDED = {"$expand": "assignments"}
UNANSWERED: list[Fault] = [
    {"kind": "drop", "when": "after"},
    {"kind": "drop", "when": "before"},
    {"kind": "body", "status": 201, "body": "{}", "truncate": True},
]
AMBIGUOUS: list[Fault] = [
    *UNANSWERED,
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 503, "commit": True},
    {"kind": "late", "status": 504},
    {"kind": "html"},
    {"kind": "html", "status": 200},
    {"kind": "body", "status": 201, "body": "{}", "commit": True},
]


def post(graph: httpx.Client, fault: Fault | None = None, *, caller: str = ME, to: str = "allDevices") -> None:
    tell(graph, "faults", [{"method": "POST", **fault}] if fault else [])
    try:
        graph.post(WIFI, json=target(to), headers={"client-request-id": caller})
    except httpx.TransportError:
        assert fault in UNANSWERED


def read(
    graph: httpx.Client, path: str = WIFI, caller: str = ME, query: dict[str, str] | None = None
) -> httpx.Response:
    return graph.get(path, params=query or {}, headers={"client-request-id": caller})


def events(graph: httpx.Client, slot: str = SLOT) -> list[dict[str, object]]:
    found: list[dict[str, object]] = graph.get("/_sandbox/writes").json()["writes"][tenant.WIFI_HQ][slot]
    return found


def blind(graph: httpx.Client) -> int:
    count = int(graph.get("/_sandbox/writes/blind").json()["blindReposts"])
    assert graph.get("/_sandbox/writes").json()["blindReposts"] == count
    return count


def posted(answered: int | None, *, landed: object, caller: str | None = ME) -> dict[str, object]:
    return {"event": "post", "answered": answered, "landed": landed, "clientRequestId": caller}


def looked(caller: str | None = ME) -> dict[str, object]:
    return {"event": "read", "clientRequestId": caller}


def test_writes_and_reads_stand_in_their_order(graph: httpx.Client) -> None:
    read(graph)
    post(graph)
    read(graph, WIFI_ITSELF, SOMEBODY, EXPANDED)
    post(graph, caller=SOMEBODY)
    graph.get(CONFIGURATIONS, params=EXPANDED)
    expected = [looked(), posted(201, landed=True), looked(SOMEBODY)]
    assert events(graph) == [*expected, posted(409, landed=False, caller=SOMEBODY), looked(None)]
    assert blind(graph) == 0


@pytest.mark.parametrize(
    ("fault", "answered", "landed"),
    [
        (UNANSWERED[0], None, True),
        (UNANSWERED[1], None, False),
        (UNANSWERED[2], 201, False),
        ({"kind": "status", "status": 503, "commit": True}, 503, True),
        ({"kind": "late", "status": 504}, 504, "late"),
        ({"kind": "body", "status": 201, "body": "{}", "commit": True}, 201, True),
        ({"kind": "status", "status": 429}, 429, False),
        ({"kind": "delay", "seconds": 0}, 201, True),
    ],
    ids=str,
)
def test_a_write_tells_what_was_answered_and_whether_it_landed(
    graph: httpx.Client, fault: Fault, answered: int | None, landed: object
) -> None:
    post(graph, fault)
    assert events(graph) == [posted(answered, landed=landed)]


def test_each_place_has_its_own_writes_and_the_reads_of_its_configuration(graph: httpx.Client) -> None:
    post(graph)
    read(graph)
    post(graph, to="allLicensedUsers")
    read(graph, f"{CONFIGURATIONS}/{tenant.KIOSK}/assignments")
    assert events(graph) == [posted(201, landed=True), looked()]
    assert events(graph, f"{tenant.WIFI_HQ}_{tenant.ALL_USERS}") == [looked(), posted(201, landed=True)]
    assert set(graph.get("/_sandbox/writes").json()["writes"]) == {tenant.WIFI_HQ}


def test_what_shows_no_assignments_is_no_read(graph: httpx.Client) -> None:
    post(graph)
    read(graph, WIFI_ITSELF)
    read(graph, "/v1.0/groups")
    read(graph, CONFIGURATIONS, query={**EXPANDED, "$filter": "displayName eq 'Browser policy'"})
    tell(graph, "faults", [{"kind": "status", "status": 503}, {"kind": "body", "body": '{"value": []}'}])
    assert [read(graph).status_code for _ in range(2)] == [503, 200]
    assert events(graph) == [posted(201, landed=True)]


def test_a_post_that_is_no_assignment_has_no_place(graph: httpx.Client) -> None:
    for content in (b"", b"[]", b"{}"):
        graph.post(WIFI, content=content, headers={"Content-Type": "application/json"})
    graph.post(WIFI_ITSELF + "/assign", json={"assignments": []})
    assert graph.get("/_sandbox/writes").json() == {"blindReposts": 0, "writes": {}}


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=str)
def test_a_post_after_one_that_may_have_landed_is_blind(graph: httpx.Client, fault: Fault) -> None:
    post(graph, fault)
    assert blind(graph) == 0
    post(graph)
    assert blind(graph) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=str)
def test_a_post_after_a_look_is_not_blind(graph: httpx.Client, fault: Fault) -> None:
    post(graph, fault)
    assert read(graph).status_code == 200
    post(graph)
    assert blind(graph) == 0


@pytest.mark.parametrize("fault", [{}, {"kind": "status", "status": 429}, {"kind": "status", "status": 401}], ids=str)
def test_a_post_after_one_that_was_answered_clearly_is_not_blind(graph: httpx.Client, fault: Fault) -> None:
    post(graph, fault)
    post(graph)
    assert blind(graph) == 0


def test_only_what_the_same_caller_sends_to_the_same_place_and_reads_of_it_counts(graph: httpx.Client) -> None:
    post(graph, UNANSWERED[0])
    post(graph, caller=SOMEBODY)
    post(graph, to="allLicensedUsers")
    assert blind(graph) == 0
    read(graph, caller=SOMEBODY)
    read(graph, f"{CONFIGURATIONS}/{tenant.KIOSK}/assignments")
    tell(graph, "faults", [{"kind": "drop", "when": "after", "method": "GET"}])
    with pytest.raises(httpx.TransportError):
        read(graph)
    post(graph)
    assert blind(graph) == 1


def test_doubt_lasts_until_somebody_looks(graph: httpx.Client) -> None:
    post(graph, UNANSWERED[0])
    post(graph)
    post(graph)
    assert blind(graph) == 2
    read(graph)
    post(graph)
    assert blind(graph) == 2


def test_a_caller_that_gives_up_was_not_answered(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "delay", "seconds": 0.2, "when": "after"}, {"kind": "delay", "seconds": 0.4}])
    with pytest.raises(httpx.ReadTimeout):
        graph.post(WIFI, json=target("allDevices"), headers={"client-request-id": ME}, timeout=0.05)
    graph.get("/v1.0/groups")
    assert events(graph) == [posted(None, landed=True)]
    post(graph)
    assert blind(graph) == 1


def test_the_next_post_is_blind_while_the_first_is_under_way(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "delay", "seconds": 0.2, "when": "after"}])
    with pytest.raises(httpx.ReadTimeout):
        graph.post(WIFI, json=target("allDevices"), headers={"client-request-id": ME}, timeout=0.05)
    post(graph)
    assert blind(graph) == 1


def test_a_reset_forgets_writes_and_a_silent_journal_does_not(graph: httpx.Client) -> None:
    tell(graph, "journal", {"keep": "none"})
    post(graph, UNANSWERED[0])
    post(graph)
    assert (len(events(graph)), blind(graph)) == (2, 1)
    tell(graph, "reset")
    assert graph.get("/_sandbox/writes").json() == {"blindReposts": 0, "writes": {}}


def test_a_request_that_a_reset_overtakes_is_answered_and_forgotten(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "delay", "seconds": 0.2, "when": "after"}] * 2)
    with ThreadPoolExecutor() as pool:
        overtaken = [pool.submit(graph.post, WIFI, json=target("allDevices")), pool.submit(graph.get, WIFI)]
        while len(journal(graph)) < len(overtaken):
            assert not overtaken[0].done()
        tell(graph, "reset")
        assert [one.result().status_code for one in overtaken] == [201, 200]
    assert graph.get("/_sandbox/writes").json() == {"blindReposts": 0, "writes": {}}


def test_many_configurations_are_shown_by_one_read(graph: httpx.Client) -> None:
    added = add(graph, configurations=[{"name": f"Policy {number}"} for number in range(300)])["configurations"]
    tell(graph, "paging", {"size": 999})
    for configuration in added:
        graph.post(f"{CONFIGURATIONS}/{configuration}/assignments", json=target("allDevices"))
    graph.get(CONFIGURATIONS, params=EXPANDED)
    writes = graph.get("/_sandbox/writes").json()["writes"]
    assert list(writes) == added
    for configuration, slots in writes.items():
        assert slots == {f"{configuration}_{tenant.ALL_DEVICES}": [posted(201, landed=True, caller=None), looked(None)]}
