"""Assignments in the emulated Graph: state, ids and closed types, as facts.md §1 and the documentation say."""

import json
import uuid

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import (
    CONFIGURATIONS,
    STRANGER,
    WIFI,
    WIFI_IN_BETA,
    assigned,
    error,
    intune_message,
    target,
)

# The response of the documentation's example, whose Content-Length of 283 counts CRLF.
DOCUMENTED_RESPONSE = b"\r\n".join(
    [
        b"{",
        b'  "@odata.type": "#microsoft.graph.deviceConfigurationAssignment",',
        b'  "id": "d59b6342-6342-d59b-4263-9bd542639bd5",',
        b'  "target": {',
        b'    "@odata.type": "microsoft.graph.scopeTagGroupAssignmentTarget",',
        b'    "targetType": "user",',
        b'    "entraObjectId": "Entra Object Id value"',
        b"  }",
        b"}",
    ],
)


def test_the_documented_example_is_answered_byte_for_byte(graph: httpx.Client) -> None:
    body = {
        "@odata.type": "#microsoft.graph.deviceConfigurationAssignment",
        "target": {
            "@odata.type": "microsoft.graph.scopeTagGroupAssignmentTarget",
            "targetType": "user",
            "entraObjectId": "Entra Object Id value",
        },
    }
    answer = graph.post(WIFI, json=body)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == "283"
    assert answer.content == DOCUMENTED_RESPONSE


def test_the_documented_id_is_answered_to_a_guid_too(graph: httpx.Client) -> None:
    body = target("scopeTagGroup", targetType="user", entraObjectId=tenant.DOCUMENTED_OBJECT_ID)
    assert graph.post(WIFI, json=body).json()["id"] == tenant.DOCUMENTED_ASSIGNMENT


def test_another_scope_tag_group_has_a_stable_id_of_its_own(graph: httpx.Client) -> None:
    body = target("scopeTagGroup", targetType="device", entraObjectId=STRANGER)
    first = graph.post(WIFI, json=body).json()["id"]
    graph.post("/_sandbox/reset")
    assert graph.post(WIFI, json=body).json()["id"] == first != tenant.DOCUMENTED_ASSIGNMENT
    assert uuid.UUID(first)


@pytest.mark.parametrize(
    ("body", "slot"),
    [
        (target("group", groupId=tenant.PILOT), tenant.PILOT),
        (target("exclusionGroup", groupId=tenant.PILOT), tenant.PILOT),
        (target("allDevices"), tenant.ALL_DEVICES),
        (target("allLicensedUsers"), tenant.ALL_USERS),
        (target("configurationManagerCollection", collectionId="SMS00001"), "SMS00001"),
    ],
)
def test_the_id_is_made_of_configuration_and_target(
    graph: httpx.Client,
    body: dict[str, object],
    slot: str,
) -> None:
    answer = graph.post(WIFI, json=body)
    assert answer.status_code == 201
    assert answer.json()["id"] == f"{tenant.WIFI_HQ}_{slot}"
    assert answer.json()["target"] == body["target"]
    assert [one["id"] for one in assigned(graph)] == [answer.json()["id"]]


def test_a_group_that_does_not_exist_is_accepted(graph: httpx.Client) -> None:
    assert graph.post(WIFI, json=target("group", groupId=STRANGER)).status_code == 201


def test_siblings_stay(graph: httpx.Client) -> None:
    path = f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assignments"
    assert graph.post(path, json=target("allLicensedUsers")).status_code == 201
    assert len(assigned(graph, tenant.RESTRICTIONS)) == 3


def test_beta_tells_more(graph: httpx.Client) -> None:
    answer = graph.post(WIFI_IN_BETA, json=target("group", groupId=tenant.PILOT)).json()
    assert (answer["source"], answer["sourceId"], answer["intent"]) == ("direct", tenant.WIFI_HQ, "apply")
    assert answer["target"]["deviceAndAppManagementAssignmentFilterId"] is None
    assert answer["target"]["deviceAndAppManagementAssignmentFilterType"] == "none"


@pytest.mark.parametrize(
    "body",
    [
        target("group", groupId=tenant.PILOT, deviceAndAppManagementAssignmentFilterType="include"),
        target("group", groupId=tenant.PILOT, color="red"),
        target("allDevices", groupId=tenant.PILOT),
        {**target("allDevices"), "intent": "apply"},
        {**target("allDevices"), "color": "red"},
    ],
)
def test_a_property_unknown_to_the_closed_type_is_refused(
    graph: httpx.Client,
    body: dict[str, object],
) -> None:
    answer = graph.post(WIFI, json=body)
    assert answer.status_code == 400
    assert error(answer)["code"] == "ModelValidationFailure"
    assert "does not exist on type 'microsoft." in str(error(answer)["message"])
    assert assigned(graph) == []


@pytest.mark.parametrize(
    "body",
    [target("everybody"), {"target": {"@odata.type": "group"}}, {**target("allDevices"), "@odata.type": "#x"}],
)
def test_an_unknown_type_is_refused(graph: httpx.Client, body: dict[str, object]) -> None:
    answer = graph.post(WIFI, json=body)
    assert answer.status_code == 400
    assert "could not be resolved by the model" in str(error(answer)["message"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        target("group"),
        target("group", groupId="SG-Pilot"),
        target("group", groupId=7),
        target("configurationManagerCollection"),
        target("scopeTagGroup", targetType="toaster", entraObjectId=STRANGER),
    ],
)
def test_a_missing_or_malformed_value_is_refused_in_the_words_of_intune(
    graph: httpx.Client,
    body: dict[str, object],
) -> None:
    answer = graph.post(WIFI, json=body)
    assert answer.status_code == 400
    assert error(answer)["code"] == "BadRequest"
    assert " - Activity ID: " in intune_message(answer)


@pytest.mark.parametrize("body", ["", "{", "[]"])
def test_a_body_that_is_no_json_object_is_refused(graph: httpx.Client, body: str) -> None:
    answer = graph.post(WIFI, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, error(answer)["code"]) == (400, "BadRequest")


def test_a_body_without_a_content_type_is_refused(graph: httpx.Client) -> None:
    answer = graph.post(WIFI, content=json.dumps(target("allDevices")))
    assert answer.status_code == 400
    assert "Content-Type" in str(error(answer)["message"])


def test_they_are_listed_read_and_deleted(graph: httpx.Client) -> None:
    path = f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assignments"
    identifier = f"{tenant.RESTRICTIONS}_{tenant.SALES}"
    listed = graph.get(path).json()["value"]
    single = graph.get(f"{path}/{identifier}").json()
    assert [one["id"] for one in listed] == [f"{tenant.RESTRICTIONS}_{tenant.PILOT}", identifier]
    assert single == {"@odata.type": "#microsoft.graph.deviceConfigurationAssignment", **listed[1]}
    assert graph.delete(f"{path}/{identifier}").status_code == 204
    assert graph.get(f"{path}/{identifier}").status_code == 404
    answer = graph.delete(f"{path}/{identifier}")
    assert (answer.status_code, error(answer)["code"]) == (404, "ResourceNotFound")


def test_assign_replaces_the_whole_set(graph: httpx.Client) -> None:
    body = {"assignments": [target("group", groupId=tenant.EMPLOYEES)]}
    answer = graph.post(f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assign", json=body)
    assert answer.status_code == 200
    assert [one["id"] for one in assigned(graph, tenant.RESTRICTIONS)] == [answer.json()["value"][0]["id"]]


@pytest.mark.parametrize("body", [{}, {"assignments": ["everybody"]}])
def test_assign_without_assignments_changes_nothing(graph: httpx.Client, body: dict[str, object]) -> None:
    assert graph.post(f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assign", json=body).status_code == 400
    assert len(assigned(graph, tenant.RESTRICTIONS)) == 2


def test_a_configuration_that_nobody_has_is_answered_with_404(graph: httpx.Client) -> None:
    for answer in (
        graph.get(f"{CONFIGURATIONS}/{STRANGER}"),
        graph.get(f"{CONFIGURATIONS}/{STRANGER}/assignments"),
        graph.post(f"{CONFIGURATIONS}/{STRANGER}/assignments", json=target("allDevices")),
    ):
        assert (answer.status_code, error(answer)["code"]) == (404, "ResourceNotFound")
        assert intune_message(answer).startswith("An error has occurred - Operation ID")


def test_a_configuration_id_that_is_no_guid_is_answered_with_400(graph: httpx.Client) -> None:
    answer = graph.get(f"{CONFIGURATIONS}/wifi/assignments")
    assert (answer.status_code, error(answer)["code"]) == (400, "BadRequest")
    assert "https://fef." in intune_message(answer)
