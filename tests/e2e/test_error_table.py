"""One test for each row of the error table in the README, in its order; those of keys are in `test_idempotency`."""

import json
from collections.abc import Iterator

import httpx
import pytest

from sandbox.tenant import ALL_DEVICES, ALL_USERS, PILOT, PILOT_WIFI, RESTRICTIONS, SALES, WIFI_HQ
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Stack, problem

NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CONFIGURATIONS = "/deviceConfigurations/"


def as_configuration(**changed: object) -> dict[str, object]:
    """Give the fault that answers the read of the configuration with one that is not as it should be."""
    whole = {"id": WIFI_HQ, "displayName": "Wi-Fi", "assignments": []}
    return {"kind": "body", "body": json.dumps({**whole, **changed})}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b'{"configurationId": ', "line 1, column 21"),
        (b'{"groupId": "1", "groupId": "2"}', "twice"),
        (b'{"groupId": NaN}', "NaN"),
        (b'{"groupId": "\\ud83d"}', "UTF-8"),
        ('{"groupId": "ü"}'.encode("latin-1"), "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"[" * 30_000, "beyond reason"),
    ],
    ids=[
        "empty",
        "cut off",
        "a field twice",
        "NaN",
        "half a surrogate pair",
        "Latin-1",
        "UTF-16",
        "deeply nested",
    ],
)
def test_400_malformed_json(gateway: Gateway, body: bytes, said: str) -> None:
    answer = problem(gateway.send(body, Content_Type="application/json"), 400, "malformed-json")
    assert said in answer["detail"]


def test_401_without_a_key_is_the_hosts_own_bare_answer(gateway: Gateway, stack: Stack) -> None:
    response = httpx.post(gateway.client.base_url.join("assignments"), json=MAIN_JOB)
    assert (response.status_code, response.content) == (401, b"")
    assert stack.graph.requests() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"targetType": "allDevices"},
        {"targetType": "allLicensedUsers"},
        {"targetType": "configurationManagerCollection", "collectionId": "SMS00001"},
    ],
    ids=lambda fields: str(fields["targetType"]),
)
def test_403_guardrail(gateway: Gateway, stack: Stack, fields: dict[str, str]) -> None:
    answer = problem(gateway.create({"configurationId": WIFI_HQ, **fields}), 403, "guardrail")
    assert fields["targetType"] in answer["detail"]
    assert stack.graph.requests("POST") == []


def test_403_writes_disabled_though_what_is_there_is_still_told(gateway: Gateway, stack: Stack) -> None:
    exclusion = {**MAIN_JOB, "targetType": "exclusionGroup", "groupId": SALES}
    assert gateway.create(MAIN_JOB).status_code == 201
    with stack.gateway(WRITES_ENABLED="false") as stopped:
        assert stopped.create(MAIN_JOB).headers["assignment-outcome"] == "unchanged"
        problem(stopped.create(exclusion), 403, "writes-disabled")
    assert len(stack.graph.requests("POST")) == 1


@pytest.mark.parametrize("status", [412, 400, 409])
def test_403_approval_required(gateway: Gateway, stack: Stack, status: int) -> None:
    message = "This tenant requires approval of the change by another administrator."
    fault = {"status": status, "message": message, "nested": 1, "headers": {"x-msft-approval-code": "A1B2"}}
    stack.graph.fail(kind="status", method="POST", **fault)
    answer = problem(gateway.create(MAIN_JOB), 403, "approval-required")
    assert answer["graph"]["approvalCode"] == "A1B2"
    assert answer["graph"]["message"].startswith(message)
    assert len(stack.graph.requests("POST")) == 1


def test_404_configuration_not_found(gateway: Gateway, stack: Stack) -> None:
    answer = problem(gateway.create({**MAIN_JOB, "configurationId": NOWHERE}), 404, "configuration-not-found")
    assert "Settings-catalog policies" in answer["detail"]
    assert answer["graph"]["status"] == 404
    assert stack.graph.requests("POST") == []


def test_404_group_not_found(gateway: Gateway, stack: Stack) -> None:
    response = gateway.create({**MAIN_JOB, "groupId": NOWHERE})
    problem(response, 404, "group-not-found")
    [asked] = [entry for entry in stack.graph.requests() if entry["path"].startswith("/groups/")]
    assert response.headers["request-id"] == asked["requestId"]
    assert stack.graph.requests("POST") == []


def test_404_tells_of_the_configuration_first_when_neither_is_there(gateway: Gateway) -> None:
    problem(gateway.create({"configurationId": NOWHERE, "groupId": NOWHERE}), 404, "configuration-not-found")


def test_409_assignment_conflict(gateway: Gateway, stack: Stack) -> None:
    problem(gateway.create({"configurationId": RESTRICTIONS, "groupId": SALES}), 409, "assignment-conflict")
    assert stack.graph.requests("POST") == []


def test_413_body_too_large(gateway: Gateway, stack: Stack) -> None:
    body = json.dumps(MAIN_JOB).encode()
    allowed = body + b" " * (64 * 1024 - len(body))
    problem(gateway.send(allowed + b" ", Content_Type="application/json"), 413, "body-too-large")
    assert stack.graph.requests() == []
    assert gateway.send(allowed, Content_Type="application/json").status_code == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_415_unsupported_media_type(gateway: Gateway, stack: Stack, media_type: str) -> None:
    response = gateway.send(json.dumps(MAIN_JOB).encode(), Content_Type=media_type)
    problem(response, 415, "unsupported-media-type")
    assert stack.graph.requests() == []


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"groupId": ALL_USERS}, "groupId", "virtual"),
        ({"groupId": ALL_DEVICES.upper()}, "groupId", "virtual"),
        ({"groupId": None}, "groupId", "null"),
        ({"ticket": " "}, "ticket", "blank"),
        ({"groupname": "SG-Pilot"}, "groupname", "not known"),
        ({"groupName": "SG-Pilot"}, "groupName", "one of the two"),
        ({"configurationName": "Browser policy"}, "configurationName", "one of the two"),
        ({"configurationName": None}, "configurationName", "null"),
        ({"groupName": "\u2003 \t"}, "groupName", "blank"),
        ({"groupName": "x" * 300}, "groupName", "256"),
        ({"filterName": None}, "filterName", "null"),
        ({"filterId": ""}, "filterId", "blank"),
        ({"filterMode": "include"}, "filterMode", "does not go without"),
        ({"filterName": "Corporate Windows"}, "filterMode", "required with a filter"),
        ({"filterName": "Corporate Windows", "filterMode": "none"}, "filterMode", "include, exclude"),
        ({"filterId": PILOT, "filterName": "x", "filterMode": "include"}, "filterName", "one of the two"),
        ({"targetType": "exclusionGroup", "filterName": "x", "filterMode": "include"}, "filterName", "does not go"),
        ({"targetType": "exclusionGroup", "filterId": PILOT, "filterMode": "include"}, "filterMode", "does not go"),
        ({"targetType": "allDevices", "groupName": "SG-Pilot"}, "groupName", "does not go with"),
        ({"filterId": ALL_DEVICES, "filterMode": "include"}, "filterId", "virtual"),
        ({"dryRun": "true"}, "dryRun", "true or false"),
        ({"dryRun": None}, "dryRun", "null"),
        ({"targetType": "everybody"}, "targetType", "one of"),
        ({"targetType": "allDevices"}, "groupId", "does not go with"),
        ({"targetType": "scopeTagGroup", "entraObjectId": PILOT}, "scopeTagTargetType", "required"),
        ({"configurationId": f"{{{WIFI_HQ}}}"}, "configurationId", "without braces"),
        ({"configurationId": 7}, "configurationId", "string"),
        ({"configurationId": "null"}, "configurationId", "GUID"),
        ({"configurationName": 7}, "configurationName", "string"),
        ({"configurationId": f"{WIFI_HQ}/.."}, "configurationId", "GUID"),
        ({"targetType": "scopeTagGroup", "entraObjectId": ALL_USERS}, "entraObjectId", "virtual"),
        ({"targetType": "scopeTagGroup", "scopeTagTargetType": "all"}, "scopeTagTargetType", "user, device, none"),
        ({"collectionId": "SMS/1"}, "collectionId", "must match"),
        ({"ticket": "x" * 65}, "ticket", "64"),
        ({"requestedBy": "x" * 257}, "requestedBy", "256"),
        ({"justification": "x" * 1025}, "justification", "1024"),
        ({"ticket": True}, "ticket", "string"),
    ],
)
def test_422_invalid_request(gateway: Gateway, stack: Stack, fields: dict[str, object], field: str, rule: str) -> None:
    answer = problem(gateway.create({**MAIN_JOB, **fields}), 422, "invalid-request")
    assert [error["message"] for error in answer["errors"] if error["field"] == field and rule in error["message"]]
    assert field in answer["detail"]
    assert stack.graph.requests() == []


def test_422_invalid_request_names_twenty_mistakes_at_most(gateway: Gateway) -> None:
    answer = problem(gateway.create({f"field {number}": 1 for number in range(1000)}), 422, "invalid-request")
    assert len(answer["errors"]) == 20


def test_422_invalid_request_for_json_that_is_no_object(gateway: Gateway) -> None:
    answer = problem(gateway.create([MAIN_JOB]), 422, "invalid-request")
    assert answer["errors"] == [{"field": "(document)", "message": "must be a JSON object"}]


@pytest.mark.parametrize("nested", [0, 1, 2])
def test_422_graph_rejected_with_graphs_words_unwrapped(gateway: Gateway, stack: Stack, nested: int) -> None:
    fault = {"status": 400, "code": "BadRequest", "message": "The target is not valid.", "nested": nested}
    stack.graph.fail(kind="status", method="POST", **fault)
    answer = problem(gateway.create(MAIN_JOB), 422, "graph-rejected")
    [post] = stack.graph.requests("POST")
    assert answer["detail"] == answer["graph"]["message"]
    assert answer["detail"].startswith("The target is not valid.")
    assert "http" not in answer["detail"]
    assert "{" not in answer["detail"]
    assert (answer["graph"]["status"], answer["graph"]["code"]) == (400, "BadRequest")
    assert answer["graph"]["requestId"] == post["requestId"]


@pytest.mark.parametrize(
    ("status", "said"), [(403, "DeviceManagementConfiguration.ReadWrite.All"), (401, "GRAPH_CLOUD")]
)
def test_424_graph_forbidden(gateway: Gateway, stack: Stack, status: int, said: str) -> None:
    stack.graph.keep_failing(kind="status", method="GET", path=CONFIGURATIONS, status=status)
    answer = problem(gateway.create(MAIN_JOB), 424, "graph-forbidden")
    assert said in answer["detail"]


@pytest.fixture(scope="module")
def tokenless_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway() as gateway:
        yield gateway


def test_424_identity_missing(tokenless_gateway: Gateway, stack: Stack) -> None:
    stack.identity.fail(kind="status", status=400)
    answer = problem(tokenless_gateway.create(MAIN_JOB), 424, "identity-missing")
    assert "AZURE_CLIENT_ID" in answer["detail"]
    assert stack.graph.requests() == []


def test_424_misconfigured(stack: Stack) -> None:
    with stack.gateway(AUTH_MODE="", GRAPH_CLOUD="mars") as gateway:
        answer = problem(gateway.create(MAIN_JOB), 424, "misconfigured")
    assert [error["field"] for error in answer["errors"]] == ["GRAPH_CLOUD", "AUTH_MODE"]
    assert stack.graph.requests() == []


def test_424_group_unreadable(stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups/", status=403, code="Authorization_RequestDenied")
    with stack.gateway(REQUIRE_GROUP_CHECK="true") as gateway:
        answer = problem(gateway.create(MAIN_JOB), 424, "group-unreadable")
    assert "GroupMember.Read.All" in answer["detail"]
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize(("retry_after", "answered"), [("7", "7"), (None, "10")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_429_throttled(gateway: Gateway, stack: Stack, method: str, retry_after: str | None, answered: str) -> None:
    stack.graph.keep_failing(kind="status", method=method, path=CONFIGURATIONS, status=429, retryAfter=retry_after)
    response = gateway.create(MAIN_JOB, **HASTY)
    problem(response, 429, "throttled")
    assert response.headers["retry-after"] == answered
    assert stack.graph.assignments() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503, "retryAfter": "30"},
        {"kind": "drop", "when": "before"},
        {"kind": "html"},
        {"kind": "redirect", "location": "https://login.example/"},
        {"kind": "body", "body": ""},
        {"kind": "body", "body": "<html>", "contentType": "text/html"},
        {"kind": "body", "body": "[]"},
        as_configuration(id=PILOT_WIFI),
        as_configuration(id=5),
        as_configuration(assignments=None),
        as_configuration(assignments=5),
        as_configuration(assignments={}),
        as_configuration(assignments=""),
        as_configuration(assignments=[5]),
        as_configuration(assignments=[{"id": "\ud83d", "target": {"@odata.type": "x"}}]),
        as_configuration(**{"assignments@odata.nextLink": ""}),
        as_configuration(assignments=[{"id": "2", "target": None}]),
        as_configuration(assignments=[{"id": "2", "target": {}}]),
        as_configuration(assignments=[{"id": "2", "target": {"@odata.type": 5}}]),
        as_configuration(**{"assignments@odata.nextLink": "http://elsewhere.example/v1.0/"}),
        as_configuration(**{"assignments@odata.nextLink": 5}),
        {"kind": "body", "body": '{"assignments": []', "truncate": True},
    ],
    ids=str,
)
def test_503_graph_unavailable(gateway: Gateway, stack: Stack, fault: dict[str, object]) -> None:
    stack.graph.keep_failing(method="GET", path=CONFIGURATIONS, **fault)
    response = gateway.create(MAIN_JOB, **HASTY)
    problem(response, 503, "graph-unavailable")
    assert response.headers["retry-after"] == fault.get("retryAfter", "10")
    assert stack.graph.requests("POST") == []


def test_503_graph_unavailable_when_the_callers_patience_ends_before_the_write(gateway: Gateway, stack: Stack) -> None:
    stack.graph.keep_failing(kind="delay", method="GET", path=CONFIGURATIONS, seconds=5)
    answer = problem(gateway.create(MAIN_JOB, Prefer="respond-async, wait=1"), 503, "graph-unavailable")
    assert "nothing was written" in answer["detail"]
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("rest", ["\x00", "?x=\n"])
def test_503_graph_unavailable_when_graph_sends_the_gateway_to_no_address(
    gateway: Gateway, stack: Stack, rest: str
) -> None:
    link = {"assignments@odata.nextLink": f"{stack.graph.url}/v1.0/{rest}"}
    stack.graph.fail(method="GET", path=CONFIGURATIONS, **as_configuration(**link))
    problem(gateway.create(MAIN_JOB), 503, "graph-unavailable")


ANOTHER_GROUP = json.dumps({"id": SALES, "displayName": "SG-Sales", "securityEnabled": True, "groupTypes": []})


@pytest.mark.parametrize("body", ["{}", '{"id": 5}', json.dumps({"id": PILOT}), ANOTHER_GROUP])
def test_503_graph_unavailable_when_the_group_is_answered_with_another(
    gateway: Gateway, stack: Stack, body: str
) -> None:
    stack.graph.fail(kind="body", method="GET", path="/groups/", body=body)
    problem(gateway.create(MAIN_JOB), 503, "graph-unavailable")
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("how", ["a link to the next page", "a redirect"])
def test_503_graph_unavailable_and_nobody_else_is_asked_when_graph_sends_the_gateway_elsewhere(
    gateway: Gateway, stack: Stack, how: str
) -> None:
    gateway.create(MAIN_JOB)  # the token is at hand now
    stack.reset()
    elsewhere = f"{stack.identity.url}/v1.0/assignments"
    link = as_configuration(**{"assignments@odata.nextLink": elsewhere})
    fault = link if how == "a link to the next page" else {"kind": "redirect", "location": elsewhere}
    stack.graph.fail(method="GET", path=CONFIGURATIONS, **fault)
    problem(gateway.create(MAIN_JOB), 503, "graph-unavailable")
    assert stack.identity.requests() == []


def test_503_graph_unavailable_when_nothing_listens(stack: Stack) -> None:
    with stack.gateway(GRAPH_BASE_URL="http://127.0.0.1:9") as gateway:
        problem(gateway.create(MAIN_JOB, **HASTY), 503, "graph-unavailable")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "drop", "when": "before"},
        {"kind": "status", "status": 408},
        {"kind": "html", "status": 200},
        {"kind": "body", "body": "[]"},
        {"kind": "body", "body": "5"},
        {"kind": "body", "body": "[" * 50_000},
        {"kind": "body", "body": '{"access_token": "a", "expires_on": [1]}'},
        {"kind": "body", "body": '{"access_token": "a", "expires_on": 1e400}'},
        {"kind": "body", "body": '{"access_token": "\\u00fc", "expires_on": "4000000000"}'},
        {"kind": "body", "body": '{"access_token": 5, "expires_on": "4000000000"}'},
    ],
    ids=str,
)
def test_503_identity_unavailable(tokenless_gateway: Gateway, stack: Stack, fault: dict[str, object]) -> None:
    stack.identity.keep_failing(**fault)
    problem(tokenless_gateway.create(MAIN_JOB, **HASTY), 503, "identity-unavailable")
    assert stack.graph.requests() == []


def test_503_outcome_unknown(gateway: Gateway, stack: Stack) -> None:
    stack.graph.keep_failing(kind="drop", method="POST", when="before")
    problem(gateway.create(MAIN_JOB, **HASTY), 503, "outcome-unknown")
    assert stack.graph.assignments() == []
