"""Assignment filters of the emulated Graph: in beta only, and there perhaps in vain (facts.md §1)."""

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import (
    CONFIGURATIONS,
    FILTERS,
    STRANGER,
    WIFI_IN_BETA,
    assigned,
    error,
    names,
    target,
    tell,
)

FILTERED = target(
    "group",
    groupId=tenant.PILOT,
    deviceAndAppManagementAssignmentFilterId=tenant.CORPORATE_WINDOWS,
    deviceAndAppManagementAssignmentFilterType="include",
)


def test_filters_are_listed_and_read_in_beta(graph: httpx.Client) -> None:
    assert names(graph.get(FILTERS)) == ["Corporate Windows", "Bob's devices", "iOS 17 and later"]
    assert graph.get(f"{FILTERS}/{tenant.RECENT_IOS}").json()["platform"] == "iOS"
    assert graph.get(f"{FILTERS}/{STRANGER}").status_code == 404


def test_v1_does_not_know_filters(graph: httpx.Client) -> None:
    answer = graph.get(FILTERS.replace("beta", "v1.0"))
    assert answer.status_code == 400
    assert error(answer)["message"] == "Resource not found for the segment 'assignmentFilters'."


def test_a_filter_is_written_in_beta(graph: httpx.Client) -> None:
    answer = graph.post(WIFI_IN_BETA, json=FILTERED)
    assert answer.status_code == 201
    assert answer.json()["target"] == FILTERED["target"]


def test_a_malformed_filter_is_refused(graph: httpx.Client) -> None:
    body = target("allDevices", deviceAndAppManagementAssignmentFilterId="Corporate Windows")
    assert graph.post(WIFI_IN_BETA, json=body).status_code == 400


def test_a_filter_is_seen_in_beta_only(graph: httpx.Client) -> None:
    path = f"{CONFIGURATIONS}/{tenant.ANDROID_WORK_PROFILE}/assignments"
    assert "Filter" not in graph.get(path).text
    (found,) = graph.get(path.replace("v1.0", "beta")).json()["value"]
    assert found["target"]["deviceAndAppManagementAssignmentFilterId"] == tenant.CORPORATE_WINDOWS
    assert found["target"]["deviceAndAppManagementAssignmentFilterType"] == "include"


def test_no_filter_reads_back_as_null_or_as_zeros(graph: httpx.Client) -> None:
    found = assigned(graph, tenant.RESTRICTIONS)
    assert "'deviceAndAppManagementAssignmentFilterId': None" in str(found)
    assert f"'deviceAndAppManagementAssignmentFilterId': '{tenant.NO_FILTER}'" in str(found)


@pytest.mark.parametrize(
    ("path", "body"),
    [(WIFI_IN_BETA, FILTERED), (WIFI_IN_BETA.replace("/assignments", "/assign"), {"assignments": [FILTERED]})],
)
def test_beta_can_drop_filters_without_a_word(graph: httpx.Client, path: str, body: dict[str, object]) -> None:
    tell(graph, "filters", {"answer": "dropped"})
    answer = graph.post(path, json=body)
    assert answer.is_success
    assert tenant.CORPORATE_WINDOWS not in answer.text
    (stored,) = assigned(graph)
    no_filter = {"deviceAndAppManagementAssignmentFilterId": None, "deviceAndAppManagementAssignmentFilterType": "none"}
    assert stored["target"] == target("group", groupId=tenant.PILOT, **no_filter)["target"]


@pytest.mark.parametrize(("command", "content"), [("filters", {"answer": "applied"}), ("reset", None)])
def test_filters_are_taken_again_when_that_is_over(
    graph: httpx.Client, command: str, content: dict[str, str] | None
) -> None:
    tell(graph, "filters", {"answer": "dropped"})
    tell(graph, command, content)
    assert graph.post(WIFI_IN_BETA, json=FILTERED).json()["target"] == FILTERED["target"]
