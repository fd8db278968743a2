"""Configurations, groups and filters of the emulated Graph are found, selected and paged as OData says."""

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import (
    CONFIGURATIONS,
    STRANGER,
    WIFI_IN_BETA,
    error,
    names,
    target,
)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("displayName eq 'Bob''s \"kiosk\"'", ['Bob\'s "kiosk"']),
        ("displayName eq '[Pilot] Wi-Fi (HQ)'", ["[Pilot] Wi-Fi (HQ)"]),
        ("displayName eq 'Browser policy'", ["Browser policy", "Browser policy"]),
        ("displayName eq 'browser policy'", []),
        ("startswith(displayName,'Geräte')", ["Geräte \N{EN DASH} Süd"]),
        ("contains(displayName,'Wi-Fi')", ["Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ", "[Pilot] Wi-Fi (HQ)"]),
    ],
)
def test_configurations_are_found_by_name(graph: httpx.Client, expression: str, found: list[str]) -> None:
    assert names(graph.get(CONFIGURATIONS, params={"$filter": expression})) == found


def test_groups_are_found_without_regard_to_case(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$filter": "displayName eq 'sg-twin'"})
    assert [one["id"] for one in answer.json()["value"]] == [tenant.TWIN_ONE, tenant.TWIN_TWO]


def test_groups_have_no_contains(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$filter": "contains(displayName,'SG')"})
    assert (answer.status_code, error(answer)["code"]) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "displayName eq 'Bob's'"},
        {"$filter": "id eq 'x'"},
        {"$select": "colour"},
        {"$expand": "colours"},
        {"$orderby": "colour"},
        {"$top": "0"},
        {"$top": "1000"},
        {"$search": "x"},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(graph: httpx.Client, query: dict[str, str]) -> None:
    assert graph.get(CONFIGURATIONS, params=query).status_code == 400


def test_select_keeps_the_type_and_expand_adds_assignments(graph: httpx.Client) -> None:
    query = {
        "$select": "id,displayName",
        "$expand": "assignments",
        "$filter": "displayName eq 'iOS \N{EN DASH} Baseline'",
    }
    (found,) = graph.get(CONFIGURATIONS, params=query).json()["value"]
    single = graph.get(f"{CONFIGURATIONS}/{tenant.IOS_BASELINE}", params={"$expand": "assignments"}).json()
    assert set(found) == {"@odata.type", "id", "displayName", "assignments@odata.context", "assignments"}
    assert found["@odata.type"] == "#microsoft.graph.iosGeneralDeviceConfiguration"
    assert [one["id"] for one in found["assignments"]] == [f"{tenant.IOS_BASELINE}_{tenant.ALL_DEVICES}"]
    assert single["assignments"] == found["assignments"]


def test_pages_are_linked_until_all_is_read(graph: httpx.Client) -> None:
    graph.post("/_sandbox/paging", json={"size": 4})
    link: str | None = f"{graph.base_url}{CONFIGURATIONS}?$orderby=displayName%20desc&$select=displayName"
    pages = []
    while link is not None:
        answer = graph.get(link)
        pages.append(names(answer))
        link = answer.json().get("@odata.nextLink")
        assert link is None or link.startswith(f"{graph.base_url}/v1.0/")
    read = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert read == sorted(read, reverse=True)


def test_top_is_the_size_of_a_page(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$top": "3"})
    assert len(names(answer)) == 3
    assert len(names(graph.get(answer.json()["@odata.nextLink"]))) == 3


def test_assignments_come_in_pages_too(graph: httpx.Client) -> None:
    answer = graph.get(f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assignments", params={"$top": "1"})
    assert len(answer.json()["value"]) == 1
    assert len(graph.get(answer.json()["@odata.nextLink"]).json()["value"]) == 1


def test_a_group_is_read_by_id(graph: httpx.Client) -> None:
    answer = graph.get(f"/v1.0/groups/{tenant.FALCON_TEAM.upper()}").json()
    assert (answer["groupTypes"], answer["securityEnabled"]) == (["Unified"], False)


def test_an_unknown_group_is_answered_with_404(graph: httpx.Client) -> None:
    answer = graph.get(f"/v1.0/groups/{STRANGER}")
    assert (answer.status_code, error(answer)["code"]) == (404, "Request_ResourceNotFound")


def test_a_group_id_that_is_no_guid_is_answered_with_400(graph: httpx.Client) -> None:
    assert error(graph.get("/v1.0/groups/sg-pilot"))["message"] == "Invalid object identifier 'sg-pilot'."


def test_members_are_counted_in_plain_text(graph: httpx.Client) -> None:
    path = f"/v1.0/groups/{tenant.PILOT}/transitiveMembers/$count"
    answer = graph.get(path, headers={"ConsistencyLevel": "eventual"})
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == ("12", "text/plain")
    assert error(graph.get(path))["message"] == "$count is not currently supported."


def test_they_are_listed_and_read_in_beta(graph: httpx.Client) -> None:
    path = "/beta/deviceManagement/assignmentFilters"
    assert names(graph.get(path)) == ["Corporate Windows", "Bob's devices", "iOS 17 and later"]
    assert graph.get(f"{path}/{tenant.RECENT_IOS}").json()["platform"] == "iOS"
    assert graph.get(f"{path}/{STRANGER}").status_code == 404


def test_v1_does_not_know_them(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/deviceManagement/assignmentFilters")
    assert answer.status_code == 400
    assert error(answer)["message"] == "Resource not found for the segment 'assignmentFilters'."


def test_a_filter_is_written_in_beta(graph: httpx.Client) -> None:
    chosen = {
        "deviceAndAppManagementAssignmentFilterId": tenant.CORPORATE_WINDOWS,
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    answer = graph.post(WIFI_IN_BETA, json=target("group", groupId=tenant.PILOT, **chosen))
    assert answer.status_code == 201
    assert chosen.items() <= answer.json()["target"].items()


def test_a_malformed_filter_is_refused(graph: httpx.Client) -> None:
    body = target("allDevices", deviceAndAppManagementAssignmentFilterId="Corporate Windows")
    assert graph.post(WIFI_IN_BETA, json=body).status_code == 400
