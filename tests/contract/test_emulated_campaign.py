"""A campaign of faults: by chance, and yet the same ones for the same requests."""

import uuid
from collections import Counter

import httpx
import pytest

from tests.contract.emulator import CONFIGURATIONS, WIFI, target, tell

GROUPS = "/v1.0/groups"
STATUSES = [{"kind": "status", "status": status} for status in (429, 503, 504)]
CALLERS = [str(uuid.UUID(int=number)) for number in range(60)]


def outcome(graph: httpx.Client, caller: str, path: str = GROUPS) -> int | None:
    try:
        return graph.get(path, headers={"client-request-id": caller}).status_code
    except httpx.TransportError:
        return None


def outcomes(graph: httpx.Client, callers: list[str], seed: int) -> dict[str, list[int | None]]:
    tell(graph, "reset")
    tell(graph, "campaign", {"seed": seed, "rate": 0.5, "faults": [*STATUSES, {"kind": "drop", "when": "before"}]})
    found: dict[str, list[int | None]] = {caller: [] for caller in callers}
    for _ in range(2):
        for caller in callers:
            found[caller].append(outcome(graph, caller))
    return found


def test_the_same_requests_meet_the_same_faults_in_whatever_order_they_come(graph: httpx.Client) -> None:
    forwards = outcomes(graph, CALLERS, seed=7)
    assert outcomes(graph, CALLERS[::-1], seed=7) == forwards
    assert {one for pair in forwards.values() for one in pair} == {200, 429, 503, 504, None}
    assert any(first != second for first, second in forwards.values())


def test_another_seed_makes_another_campaign(graph: httpx.Client) -> None:
    assert outcomes(graph, CALLERS, seed=7) != outcomes(graph, CALLERS, seed=8)


def test_the_query_is_no_part_of_the_draw(graph: httpx.Client) -> None:
    tell(graph, "campaign", {"rate": 0.5, "faults": STATUSES})
    plain = [outcome(graph, caller) for caller in CALLERS]
    tell(graph, "campaign", {"rate": 0.5, "faults": STATUSES})
    assert [outcome(graph, caller, f"{GROUPS}?$top=1") for caller in CALLERS] == plain


def test_a_request_meets_only_faults_that_are_for_it(graph: httpx.Client) -> None:
    faults = [
        {"kind": "status", "status": 504, "method": "POST"},
        {"kind": "status", "status": 503, "path": "/deviceConfigurations$"},
    ]
    tell(graph, "campaign", {"rate": 1, "faults": faults})
    assert graph.get(GROUPS).status_code == 200
    assert [graph.get(CONFIGURATIONS).status_code for _ in range(3)] == [503] * 3
    assert graph.post(WIFI, json=target("allDevices")).status_code == 504


def test_what_was_played_is_counted_by_kind_and_by_status(graph: httpx.Client) -> None:
    tell(graph, "campaign", {"rate": 0.5, "faults": [*STATUSES, {"kind": "html"}]})
    met = Counter(outcome(graph, caller) for caller in CALLERS)
    del met[200]
    played = graph.get("/_sandbox/campaign").json()
    assert played["kinds"] == {"html": met.pop(502), "status": met.total()}
    assert played["statuses"] == {str(status): number for status, number in met.items()}


def test_a_rate_of_nothing_ends_the_campaign_and_leaves_its_counts(graph: httpx.Client) -> None:
    tell(graph, "campaign", {"rate": 1, "faults": STATUSES[:1]})
    assert graph.get(GROUPS).status_code == 429
    tell(graph, "campaign", {"rate": 0})
    assert graph.get(GROUPS).status_code == 200
    assert graph.get("/_sandbox/campaign").json() == {"kinds": {"status": 1}, "statuses": {"429": 1}}
    tell(graph, "reset")
    assert graph.get("/_sandbox/campaign").json() == {"kinds": {}, "statuses": {}}


def test_a_rule_that_waits_for_a_request_comes_first(graph: httpx.Client) -> None:
    tell(graph, "campaign", {"rate": 1, "faults": STATUSES[:1]})
    tell(graph, "faults", [{"kind": "html"}])
    assert [graph.get(GROUPS).status_code for _ in range(2)] == [502, 429]


@pytest.mark.parametrize(
    "plan",
    [{}, {"rate": 1.5}, {"rate": -1}, {"rate": 1, "faults": [{"kind": "barrier"}]}, {"rate": 1, "fault": []}],
    ids=str,
)
def test_a_plan_that_cannot_be_followed_is_refused(graph: httpx.Client, plan: dict[str, object]) -> None:
    assert graph.post("/_sandbox/campaign", json=plan).status_code == 400
    assert graph.get(GROUPS).status_code == 200
