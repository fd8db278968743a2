"""A second POST for one slot is answered in each of the three ways that are thinkable: facts.md §1 leaves it open."""

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import WIFI, assigned, error, intune_message, target


@pytest.mark.parametrize("second", ["group", "exclusionGroup"])
def test_a_second_post_for_one_slot_is_answered_with_409(graph: httpx.Client, second: str) -> None:
    graph.post(WIFI, json=target("group", groupId=tenant.PILOT))
    answer = graph.post(WIFI, json=target(second, groupId=tenant.PILOT))
    assert (answer.status_code, error(answer)["code"]) == (409, "Conflict")
    assert "already exists" in intune_message(answer)
    assert "#microsoft.graph.groupAssignmentTarget" in str(assigned(graph))


def test_it_is_answered_with_400_on_request(graph: httpx.Client) -> None:
    graph.post("/_sandbox/duplicates", json={"answer": "400"})
    graph.post(WIFI, json=target("allDevices"))
    answer = graph.post(WIFI, json=target("allDevices"))
    assert (answer.status_code, error(answer)["code"]) == (400, "BadRequest")


def test_it_replaces_the_first_with_201_on_request(graph: httpx.Client) -> None:
    graph.post("/_sandbox/duplicates", json={"answer": "201"})
    graph.post(WIFI, json=target("group", groupId=tenant.PILOT))
    assert graph.post(WIFI, json=target("exclusionGroup", groupId=tenant.PILOT)).status_code == 201
    assert "exclusionGroup" in str(assigned(graph))
    assert len(assigned(graph)) == 1


def test_an_unknown_mode_is_refused(graph: httpx.Client) -> None:
    assert graph.post("/_sandbox/duplicates", json={"answer": "418"}).status_code == 400
