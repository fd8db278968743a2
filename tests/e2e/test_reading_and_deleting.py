"""Assignments by id: listing, reading and deleting them."""

import json

import pytest

from sandbox.tenant import (
    ALL_DEVICES,
    ANDROID_WORK_PROFILE,
    IOS_BASELINE,
    PILOT,
    RESTRICTIONS,
    SALES,
    WIFI_HQ,
)
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, problem

NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SLOT = f"{WIFI_HQ}_{PILOT}"
NO_UNKNOWN_TARGETS = json.dumps({"rules": [{"callers": ["*"], "targets": ["group", "exclusionGroup"]}]})
EXCLUSION = f"{RESTRICTIONS}_{SALES}"


def test_a_list_shows_graphs_assignments_with_the_names_of_their_groups(gateway: Gateway, stack: Stack) -> None:
    response = gateway.assignments(RESTRICTIONS.upper())
    assert response.status_code == 200
    assert "assignment-outcome" not in response.headers
    first, second = response.json()["value"]
    assert first == {
        "id": f"{RESTRICTIONS}_{PILOT}",
        "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT},
        "groupName": "SG-Pilot",
    }
    assert second["groupName"] == 'SG-Sales "O\'Brien"'
    [configuration] = [entry for entry in stack.graph.requests() if "groups" not in entry["path"]]
    assert response.headers["request-id"] == configuration["requestId"]


def test_a_list_shows_filters_where_they_can_be_seen(filtering_gateway: Gateway) -> None:
    response = filtering_gateway.assignments(ANDROID_WORK_PROFILE)
    assert response.status_code == 200, response.text
    [assignment] = response.json()["value"]
    assert (assignment["groupName"], assignment["filterName"]) == ("Geräte Süd", "Corporate Windows")


def test_the_names_of_many_groups_are_read_fifteen_at_a_time(gateway: Gateway, stack: Stack) -> None:
    added = stack.graph.add(groups=[{"name": f"SG-{number}"} for number in range(31)])["groups"]
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget"}
    stack.graph.add(assignments=[{"configuration": WIFI_HQ, "target": {**target, "groupId": group}} for group in added])
    stack.graph.fail(kind="barrier", method="GET", path="/groups", times=3)
    listed = gateway.assignments(WIFI_HQ).json()["value"]
    assert sorted(each["groupName"] for each in listed) == sorted(f"SG-{number}" for number in range(31))


def test_a_group_that_is_gone_has_no_name(gateway: Gateway, stack: Stack) -> None:
    orphan = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": NOWHERE}
    stack.graph.add(assignments=[{"configuration": WIFI_HQ, "target": orphan}])
    [assignment] = gateway.assignments(WIFI_HQ).json()["value"]
    assert "groupName" not in assignment


def test_a_failure_that_passes_is_not_taken_for_a_group_without_a_name(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups$", status=500)
    problem(gateway.assignments(RESTRICTIONS), 503, "graph-unavailable")


def test_a_configuration_without_assignments_has_an_empty_list(gateway: Gateway, stack: Stack) -> None:
    assert gateway.assignments(WIFI_HQ).json() == {"value": []}
    assert len(stack.graph.requests()) == 1


def test_one_assignment_is_graphs_own_body(gateway: Gateway, stack: Stack) -> None:
    created = gateway.create(MAIN_JOB)
    response = gateway.client.get(created.headers["location"])
    assert (response.status_code, response.content) == (200, created.content)
    assert response.headers["request-id"] == stack.graph.requests()[-1]["requestId"]
    assert gateway.assignment(WIFI_HQ, SLOT.upper()).content == created.content


def test_an_assignment_of_all_devices_can_be_read_by_its_id(gateway: Gateway) -> None:
    response = gateway.assignment(IOS_BASELINE, f"{IOS_BASELINE}_{ALL_DEVICES}")
    assert response.json()["target"]["@odata.type"] == "#microsoft.graph.allDevicesAssignmentTarget"


@pytest.mark.parametrize("body", ["{}", "[]", "<html>", json.dumps({"id": EXCLUSION, "target": {"@odata.type": "x"}})])
def test_another_answer_than_the_assignment_is_not_passed_on(gateway: Gateway, stack: Stack, body: str) -> None:
    assert gateway.create(MAIN_JOB).status_code == 201
    stack.graph.fail(kind="body", method="GET", path=f"{SLOT}$", body=body)
    problem(gateway.assignment(WIFI_HQ, SLOT), 503, "graph-unavailable")


def test_what_is_not_there_is_not_found(gateway: Gateway) -> None:
    problem(gateway.assignments(NOWHERE), 404, "configuration-not-found")
    problem(gateway.assignment(WIFI_HQ, SLOT), 404, "assignment-not-found")
    problem(gateway.delete(NOWHERE, f"{NOWHERE}_{PILOT}"), 404, "configuration-not-found")


@pytest.mark.parametrize(
    ("configuration", "assignment", "field"),
    [
        ("wifi", SLOT, "configurationId"),
        (f"{{{WIFI_HQ}}}", SLOT, "configurationId"),
        ("%2E%2E", SLOT, "configurationId"),
        (WIFI_HQ, "1", "assignmentId"),
        (WIFI_HQ, EXCLUSION, "assignmentId"),
        (WIFI_HQ, f"{WIFI_HQ}_", "assignmentId"),
        (WIFI_HQ, f"{WIFI_HQ}_{PILOT}_{PILOT}%3F", "assignmentId"),
        (WIFI_HQ, f"{WIFI_HQ}_..%2Fx", "assignmentId"),
        (WIFI_HQ, f"{WIFI_HQ}%0A", "assignmentId"),
    ],
)
def test_an_address_that_graph_cannot_have_given_is_refused(
    gateway: Gateway, stack: Stack, configuration: str, assignment: str, field: str
) -> None:
    for response in (gateway.assignment(configuration, assignment), gateway.delete(configuration, assignment)):
        answer = problem(response, 422, "invalid-request")
        assert [error["field"] for error in answer["errors"]] == [field]
    assert stack.graph.requests() == []


def test_a_deletion_leaves_behind_what_it_takes_to_put_it_back(gateway: Gateway, stack: Stack) -> None:
    created = gateway.create(MAIN_JOB)
    response = gateway.delete(WIFI_HQ, SLOT.upper())
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["assignment-outcome"] == "deleted"
    assert stack.graph.assignments() == []
    [sent] = stack.graph.requests("DELETE")
    assert (sent["version"], response.headers["request-id"]) == ("v1.0", sent["requestId"])
    event = gateway.audit(response)
    assert (event["action"], event["outcome"], event["caller"]) == ("delete_assignment", "deleted", "key")
    assert (event["configurationId"], event["assignmentId"]) == (WIFI_HQ, SLOT)
    assert event["configurationName"] == "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ"
    assert event["removed"]["target"] == created.json()["target"]


def test_what_is_gone_already_is_as_good_as_deleted(gateway: Gateway, stack: Stack) -> None:
    response = gateway.delete(WIFI_HQ, SLOT)
    assert (response.status_code, response.headers["assignment-outcome"]) == (204, "unchanged")
    assert stack.graph.requests("DELETE") == []


def test_who_comes_second_finds_it_gone(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.fail(kind="status", method="DELETE", status=404, commit=True)
    response = gateway.delete(WIFI_HQ, SLOT)
    assert (response.status_code, response.headers["assignment-outcome"]) == (204, "unchanged")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "status", "status": 504, "commit": True},
        {"kind": "status", "status": 409, "commit": True},
        {"kind": "html", "commit": True},
        {"kind": "body", "body": "{}", "commit": True},
    ],
    ids=str,
)
def test_a_deletion_whose_answer_is_lost_is_settled_by_reading_back(
    gateway: Gateway, stack: Stack, fault: Json
) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.fail(method="DELETE", **fault)
    response = gateway.delete(WIFI_HQ, SLOT)
    assert (response.status_code, response.headers["assignment-outcome"]) == (204, "deleted")
    assert len(stack.graph.requests("DELETE")) == 1


def test_a_deletion_that_has_not_landed_is_unknown_and_settled_by_the_next(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.fail(kind="status", method="DELETE", status=500)
    problem(gateway.delete(WIFI_HQ, SLOT), 503, "outcome-unknown")
    assert len(stack.graph.requests("DELETE")) == 1
    assert gateway.delete(WIFI_HQ, SLOT).headers["assignment-outcome"] == "deleted"
    assert stack.graph.assignments() == []


@pytest.mark.parametrize(
    ("status", "code", "answered"),
    [(403, "graph-forbidden", 424), (400, "graph-rejected", 422), (429, "throttled", 429)],
)
def test_graphs_refusal_of_a_deletion_is_told(
    gateway: Gateway, stack: Stack, status: int, code: str, answered: int
) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.keep_failing(kind="status", method="DELETE", status=status)
    problem(gateway.delete(WIFI_HQ, SLOT, prefer="wait=1"), answered, code)
    assert len(stack.graph.assignments()) == 1


def test_the_other_assignments_stay(open_gateway: Gateway, stack: Stack) -> None:
    assert open_gateway.delete(RESTRICTIONS, EXCLUSION).status_code == 204
    assert [each["id"] for each in stack.graph.assignments(RESTRICTIONS)] == [f"{RESTRICTIONS}_{PILOT}"]


def test_without_a_document_neither_exclusions_nor_broad_targets_can_be_deleted(gateway: Gateway, stack: Stack) -> None:
    problem(gateway.delete(IOS_BASELINE, f"{IOS_BASELINE}_{ALL_DEVICES}"), 403, "guardrail")
    response = gateway.delete(RESTRICTIONS, EXCLUSION)  # taking an exclusion away widens
    problem(response, 403, "guardrail")
    assert "removed" not in gateway.audit(response)
    assert stack.graph.requests("DELETE") == []


def test_the_emergency_stop_holds_for_deletions(stack: Stack) -> None:
    with stack.gateway(WRITES_ENABLED="false") as stopped:
        problem(stopped.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}"), 403, "writes-disabled")
    assert stack.graph.requests("DELETE") == []


def test_a_target_of_a_type_that_nobody_knows_is_shown_and_not_deleted(open_gateway: Gateway, stack: Stack) -> None:
    target = {"@odata.type": "#microsoft.graph.newAssignmentTarget", "groupId": PILOT}
    whole = {"id": WIFI_HQ, "displayName": "Wi-Fi", "assignments": [{"id": SLOT, "target": target}]}
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=json.dumps(whole), times=2)
    assert open_gateway.assignments(WIFI_HQ).json()["value"] == [{"id": SLOT, "target": target}]
    with stack.gateway(GUARDRAILS=NO_UNKNOWN_TARGETS) as narrow:
        assert "newAssignmentTarget" in problem(narrow.delete(WIFI_HQ, SLOT), 403, "guardrail")["detail"]


def test_all_of_it_needs_the_key(gateway: Gateway, stack: Stack) -> None:
    client, bare = gateway.client, {"x-functions-key": ""}
    addresses = ["configurations", "groups", "filters", f"configurations/{WIFI_HQ}/assignments"]
    assert {client.get(each, headers=bare).status_code for each in addresses} == {401}
    assert client.delete(f"configurations/{WIFI_HQ}/assignments/{SLOT}", headers=bare).status_code == 401
    assert stack.graph.requests() == []
