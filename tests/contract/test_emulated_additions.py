"""A test adds what it needs to the emulated tenant, and a reset takes it away again."""

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import CONFIGURATIONS, FILTERS, STRANGER, WIFI, add, assigned, names, target, tell

EVENTUAL = {"ConsistencyLevel": "eventual"}


def test_a_configuration_is_added_and_can_be_assigned(graph: httpx.Client) -> None:
    (identifier,) = add(graph, configurations=[{"name": "Edge", "type": "iosCustomConfiguration"}])["configurations"]
    read = graph.get(f"{CONFIGURATIONS}/{identifier}").json()
    assert (read["displayName"], read["@odata.type"]) == ("Edge", "#microsoft.graph.iosCustomConfiguration")
    assert names(graph.get(CONFIGURATIONS, params={"$filter": "displayName eq 'Edge'"})) == ["Edge"]
    assert graph.post(f"{CONFIGURATIONS}/{identifier}/assignments", json=target("allDevices")).status_code == 201
    assert [one["id"] for one in assigned(graph, identifier)] == [f"{identifier}_{tenant.ALL_DEVICES}"]


def test_a_group_is_added_with_what_it_is_and_its_members(graph: httpx.Client) -> None:
    kind = {"securityEnabled": False, "mailEnabled": True, "groupTypes": ["Unified"]}
    (identifier,) = add(graph, groups=[{"name": "Team", "members": 3, **kind}])["groups"]
    read = graph.get(f"/v1.0/groups/{identifier}").json()
    assert {**read, **kind, "displayName": "Team"} == read
    assert graph.get(f"/v1.0/groups/{identifier}/transitiveMembers/$count", headers=EVENTUAL).text == "3"


def test_a_group_is_an_empty_security_group_where_nothing_else_is_said(graph: httpx.Client) -> None:
    (identifier,) = add(graph, groups=[{"name": "SG-New"}])["groups"]
    read = graph.get(f"/v1.0/groups/{identifier}").json()
    assert (read["securityEnabled"], read["mailEnabled"], read["groupTypes"]) == (True, False, [])
    assert graph.get(f"/v1.0/groups/{identifier}/transitiveMembers/$count", headers=EVENTUAL).text == "0"


def test_a_filter_is_added_with_its_platform(graph: httpx.Client) -> None:
    one, other = add(graph, filters=[{"name": "One"}, {"name": "Other", "platform": "macOS"}])["filters"]
    assert [graph.get(f"{FILTERS}/{each}").json()["platform"] for each in (one, other)] == [
        "windows10AndLater",
        "macOS",
    ]


def test_an_assignment_is_added_with_a_filter_and_to_a_configuration_of_the_same_command(graph: httpx.Client) -> None:
    chosen = {
        "deviceAndAppManagementAssignmentFilterId": tenant.BOBS_DEVICES,
        "deviceAndAppManagementAssignmentFilterType": "exclude",
    }
    new = {"configuration": STRANGER, **target("group", groupId=tenant.PILOT, **chosen)}
    added = add(graph, configurations=[{"name": "Edge", "id": STRANGER}], assignments=[new])
    assert added == {
        "configurations": [STRANGER],
        "groups": [],
        "filters": [],
        "assignments": [f"{STRANGER}_{tenant.PILOT}"],
    }
    (shown,) = graph.get(f"/beta/deviceManagement/deviceConfigurations/{STRANGER}/assignments").json()["value"]
    assert shown["target"] == new["target"]


def test_the_same_additions_have_the_same_ids_after_a_reset(graph: httpx.Client) -> None:
    things = {kind: [{"name": "One"}, {"name": "Two"}] for kind in ("configurations", "groups", "filters")}
    first = add(graph, **things)
    assert add(graph, **things)["groups"] != first["groups"]
    tell(graph, "reset")
    assert graph.get(f"/v1.0/groups/{first['groups'][0]}").status_code == 404
    assert add(graph, **things) == first


def test_an_id_that_is_asked_for_is_not_given_to_another(graph: httpx.Client) -> None:
    next_id = "90000000-0000-4000-8000-000000000009"
    given, asked = add(graph, groups=[{"name": "One"}, {"name": "Two", "id": next_id.upper()}])["groups"]
    assert given != asked == next_id


@pytest.mark.parametrize(
    "things",
    [
        {"groups": [{"name": "Twin", "id": tenant.PILOT}]},
        {"groups": [{"name": "Twin", "id": STRANGER}, {"name": "Twin", "id": STRANGER}]},
        {"groups": [{"name": "Odd", "id": "SG-Odd"}]},
        {"groups": [{"name": "Odd", "color": "red"}]},
        {"assignments": [{"configuration": STRANGER, **target("allDevices")}]},
        {"assignments": [{"configuration": tenant.WIFI_HQ, **target("everybody")}]},
    ],
    ids=str,
)
def test_what_cannot_be_added_is_refused_with_all_the_rest(
    graph: httpx.Client, things: dict[str, list[dict[str, object]]]
) -> None:
    answer = graph.post("/_sandbox/add", json={"configurations": [{"name": "Edge"}], **things})
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 1
    assert len(names(graph.get(CONFIGURATIONS))) == 9
    assert len(names(graph.get("/v1.0/groups"))) == 8
    assert graph.get(WIFI).json()["value"] == []


def test_ten_thousand_configurations_are_no_burden(graph: httpx.Client) -> None:
    added = add(graph, configurations=[{"name": f"Policy {number}"} for number in range(10_000)])["configurations"]
    assert len(set(added)) == 10_000
    assert graph.get(f"{CONFIGURATIONS}/{added[-1]}").json()["displayName"] == "Policy 9999"
    found = graph.get(CONFIGURATIONS, params={"$filter": "displayName eq 'Policy 5000'", "$expand": "assignments"})
    assert names(found) == ["Policy 5000"]
