import json

import pytest
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter
from msgraph.generated.models.all_devices_assignment_target import AllDevicesAssignmentTarget
from msgraph.generated.models.all_licensed_users_assignment_target import AllLicensedUsersAssignmentTarget
from msgraph.generated.models.configuration_manager_collection_assignment_target import (
    ConfigurationManagerCollectionAssignmentTarget,
)
from msgraph.generated.models.device_and_app_management_assignment_target import DeviceAndAppManagementAssignmentTarget
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph.generated.models.exclusion_group_assignment_target import ExclusionGroupAssignmentTarget
from msgraph.generated.models.group_assignment_target import GroupAssignmentTarget

from sandbox.tenant import (
    DOCUMENTED_ASSIGNMENT,
    DOCUMENTED_CONFIGURATION,
    DOCUMENTED_OBJECT_ID,
    IOS_BASELINE,
    PILOT,
    RESTRICTIONS,
    SALES,
    WIFI_HQ,
)
from tests.e2e.stack import GUID, HASTY, MAIN_JOB, Gateway, Stack, problem


def as_the_sdk_sends(target: DeviceAndAppManagementAssignmentTarget) -> str:
    """Give the body that the SDK's documented way, with its typed models, would send."""
    writer = JsonSerializationWriter()
    odata_type = "#microsoft.graph.deviceConfigurationAssignment"
    writer.write_object_value(None, DeviceConfigurationAssignment(odata_type=odata_type, target=target))
    return writer.get_serialized_content().decode()


def as_graph_sends(assignment_id: str, target: dict[str, str]) -> bytes:
    """Give the 201's body as the documentation prints it, down to its line ends (its Content-Length counts them)."""
    odata_type = "#microsoft.graph.deviceConfigurationAssignment"
    text = json.dumps({"@odata.type": odata_type, "id": assignment_id, "target": target}, indent=2)
    return text.replace("\n", "\r\n").encode()


def test_an_assignment_is_created_and_answered_with_graphs_own_bytes(gateway: Gateway, stack: Stack) -> None:
    response = gateway.create(MAIN_JOB)
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.headers["assignment-outcome"] == "created"
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT}
    assert response.content == as_graph_sends(f"{WIFI_HQ}_{PILOT}", target)
    assert [each["id"] for each in stack.graph.assignments()] == [f"{WIFI_HQ}_{PILOT}"]


def test_the_answer_names_the_assignments_own_address_whatever_host_was_asked_for(gateway: Gateway) -> None:
    response = gateway.create(MAIN_JOB, Host="evil.example")
    own = gateway.client.base_url
    assert response.headers["location"] == f"{own}configurations/{WIFI_HQ}/assignments/{WIFI_HQ}_{PILOT}"


def test_the_documentations_example_goes_out_and_comes_back_to_the_letter(gateway: Gateway, stack: Stack) -> None:
    response = gateway.create(
        {
            "configurationId": DOCUMENTED_CONFIGURATION,
            "targetType": "scopeTagGroup",
            "scopeTagTargetType": "user",
            "entraObjectId": DOCUMENTED_OBJECT_ID,
        }
    )
    target = {
        "@odata.type": "microsoft.graph.scopeTagGroupAssignmentTarget",
        "targetType": "user",
        "entraObjectId": DOCUMENTED_OBJECT_ID,
    }
    documented = {"@odata.type": "#microsoft.graph.deviceConfigurationAssignment", "target": target}
    [post] = stack.graph.requests("POST")
    assert (post["version"], post["path"]) == (
        "v1.0",
        f"/deviceManagement/deviceConfigurations/{DOCUMENTED_CONFIGURATION}/assignments",
    )
    assert post["headers"]["content-type"] == "application/json"
    assert post["body"] == json.dumps(documented)
    assert response.status_code == 201
    assert response.content == as_graph_sends(DOCUMENTED_ASSIGNMENT, target)


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"groupId": PILOT}, GroupAssignmentTarget(group_id=PILOT)),
        ({"targetType": "exclusionGroup", "groupId": PILOT}, ExclusionGroupAssignmentTarget(group_id=PILOT)),
        ({"targetType": "allDevices"}, AllDevicesAssignmentTarget()),
        ({"targetType": "allLicensedUsers"}, AllLicensedUsersAssignmentTarget()),
        (
            {"targetType": "configurationManagerCollection", "collectionId": "SMS00001"},
            ConfigurationManagerCollectionAssignmentTarget(collection_id="SMS00001"),
        ),
    ],
    ids=lambda value: value.get("targetType", "group") if isinstance(value, dict) else "",
)
def test_each_target_of_the_v1_metadata_goes_out_as_the_sdks_own_model_and_comes_back_to_the_letter(
    open_gateway: Gateway, stack: Stack, fields: dict[str, str], model: DeviceAndAppManagementAssignmentTarget
) -> None:
    response = open_gateway.create({"configurationId": WIFI_HQ, **fields})
    [post] = stack.graph.requests("POST")
    assert post["body"] == as_the_sdk_sends(model)
    assert response.status_code == 201
    [stored] = stack.graph.assignments()
    assert response.content == as_graph_sends(stored["id"], json.loads(post["body"])["target"])


def test_what_is_assigned_already_is_answered_with_200_and_not_written_again(gateway: Gateway, stack: Stack) -> None:
    created = gateway.create(MAIN_JOB)
    again = gateway.create(MAIN_JOB)
    assert again.status_code == 200
    assert again.headers["assignment-outcome"] == "unchanged"
    assert "location" not in again.headers
    assert again.json() == {name: value for name, value in created.json().items() if name != "@odata.type"}
    assert len(stack.graph.requests("POST")) == 1


def test_ids_are_compared_without_regard_to_case(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    again = gateway.create({name: value.upper() for name, value in MAIN_JOB.items()})
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")
    assert len(stack.graph.requests("POST")) == 1
    read = [entry for entry in stack.graph.requests("GET") if entry["path"].startswith("/deviceManagement")][-1]
    assert again.headers["request-id"] == read["requestId"]


def test_the_other_assignments_of_a_configuration_stay(gateway: Gateway, stack: Stack) -> None:
    before = stack.graph.assignments(IOS_BASELINE)
    assert gateway.create({"configurationId": IOS_BASELINE, "groupId": PILOT}).status_code == 201
    assert [each for each in stack.graph.assignments(IOS_BASELINE) if each in before] == before
    assert [entry["path"] for entry in stack.graph.requests("POST")] == [
        f"/deviceManagement/deviceConfigurations/{IOS_BASELINE}/assignments"
    ]


def test_a_group_that_is_excluded_cannot_be_included(gateway: Gateway, stack: Stack) -> None:
    body = problem(gateway.create({"configurationId": RESTRICTIONS, "groupId": SALES}), 409, "assignment-conflict")
    assert f"{RESTRICTIONS}_{SALES}" in body["detail"]
    assert "exclusionGroup" in body["detail"]
    assert stack.graph.requests("POST") == []


def test_a_group_that_is_included_cannot_be_excluded(gateway: Gateway, stack: Stack) -> None:
    request = {"configurationId": RESTRICTIONS, "targetType": "exclusionGroup", "groupId": PILOT}
    problem(gateway.create(request), 409, "assignment-conflict")
    assert stack.graph.requests("POST") == []


def test_a_create_costs_graph_two_reads_and_one_write_over_http_1(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    reads, write = stack.graph.requests("GET"), stack.graph.requests("POST")
    assert sorted(entry["path"].split("/")[1] for entry in reads) == ["deviceManagement", "groups"]
    assert len(write) == 1
    assert {entry["httpVersion"] for entry in reads + write} == {"1.1"}


def test_connections_and_the_token_are_kept_from_one_request_to_the_next(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    first = {entry["clientPort"] for entry in stack.graph.requests()}
    stack.graph.tell("reset")
    stack.identity.tell("reset")
    gateway.create(MAIN_JOB)
    assert {entry["clientPort"] for entry in stack.graph.requests()} <= first
    assert stack.identity.requests() == []


def test_further_pages_of_a_configurations_assignments_are_read(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    next_link = f"{stack.graph.url}/v1.0/deviceManagement/deviceConfigurations/{WIFI_HQ}/assignments"
    first = {"id": WIFI_HQ.upper(), "displayName": "", "assignments": [], "assignments@odata.nextLink": next_link}
    second = {"value": [], "@odata.nextLink": next_link}
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=json.dumps(first))
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}/assignments$", body=json.dumps(second))
    again = gateway.create(MAIN_JOB)
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")


def test_the_callers_request_id_is_answered_and_sent_on_to_graph(gateway: Gateway, stack: Stack) -> None:
    own = "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"
    response = gateway.create(MAIN_JOB, client_request_id=own)
    assert response.headers["client-request-id"] == own.lower()
    assert {entry["headers"]["client-request-id"] for entry in stack.graph.requests()} == {own.lower()}
    [post] = stack.graph.requests("POST")
    assert response.headers["request-id"] == post["requestId"]


def test_a_flows_request_id_is_taken_where_there_is_no_other(gateway: Gateway) -> None:
    own = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    response = gateway.create(MAIN_JOB, client_request_id="not a GUID", x_ms_client_request_id=own)
    assert response.headers["client-request-id"] == own


def test_a_request_without_an_id_gets_one(gateway: Gateway) -> None:
    assert GUID.fullmatch(gateway.create(MAIN_JOB).headers["client-request-id"])


def test_a_group_that_may_not_be_read_is_assigned_with_a_warning(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups/", status=403, code="Authorization_RequestDenied")
    response = gateway.create(MAIN_JOB)
    assert response.status_code == 201
    assert response.headers["assignment-warning"] == "group-unverified"


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"])
def test_a_byte_order_mark_and_every_spelling_of_json_are_understood(gateway: Gateway, media_type: str) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(MAIN_JOB).encode()
    assert gateway.send(body, Content_Type=media_type).status_code == 201


def test_a_caller_without_patience_still_gets_a_second(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="delay", method="GET", path="/deviceConfigurations/", seconds=0.2)
    assert gateway.create(MAIN_JOB, Prefer="WAIT=0").status_code == 201


def test_an_odd_id_of_graphs_cannot_bend_the_address_of_the_assignment(gateway: Gateway, stack: Stack) -> None:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT}
    body = json.dumps({"id": "a%2Fb?c#d", "target": target})
    stack.graph.fail(kind="body", method="POST", status=201, body=body, commit=True)
    assert gateway.create(MAIN_JOB).headers["location"].endswith("/assignments/a%252Fb%3Fc%23d")


def test_graph_is_asked_for_no_more_than_is_needed(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    queries = sorted((entry["path"].split("/")[1], entry["query"]) for entry in stack.graph.requests("GET"))
    assert queries == [
        ("deviceManagement", {"$expand": "assignments", "$select": "id,displayName"}),
        ("groups", {"$select": "id,displayName,securityEnabled,groupTypes"}),
    ]


def test_every_attempt_leaves_one_audit_event_of_one_line(gateway: Gateway) -> None:
    ticket = {"ticket": "INC1\n\x1b[31m\u2028\x85", "requestedBy": "ana@example.com", "justification": "New building"}
    response = gateway.create({**MAIN_JOB, **ticket})
    [line] = gateway.output.lines_with(response.headers["client-request-id"])
    assert line.isascii()
    event = json.loads(line.partition("gateway.audit: ")[2])
    assert {**event, **ticket, **MAIN_JOB} == event
    assert (event["outcome"], event["caller"], event["graphCalls"]) == ("created", "key", 3)
    assert event["configurationName"] == "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ"
    assert response.headers["request-id"] in event["graphRequestIds"]


def test_a_failed_attempt_is_audited_with_what_lay_behind_it(gateway: Gateway, stack: Stack) -> None:
    stack.graph.keep_failing(kind="drop", method="GET", path="/deviceConfigurations/", when="before")
    event = gateway.audit(gateway.create(MAIN_JOB, **HASTY))
    assert (event["outcome"], event["code"], event["cause"]) == ("failed", "graph-unavailable", "RemoteProtocolError")


def test_the_log_holds_the_audit_event_and_no_line_for_each_call(gateway: Gateway) -> None:
    assert gateway.output.lines_with(gateway.create(MAIN_JOB).headers["client-request-id"])
    assert gateway.output.lines_so_far("HTTP Request") == []
    assert gateway.output.lines_so_far("Bearer") == []
