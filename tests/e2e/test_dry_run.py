"""A dry run: every step but the write, and the answer that the real request would get."""

import json

import pytest

from sandbox.tenant import GROUP_SOUTH, IOS_BASELINE, PILOT, RESTRICTIONS, SALES, WIFI_HQ
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Json, Stack, problem

NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def test_what_is_shown_is_what_is_sent(gateway: Gateway, stack: Stack) -> None:
    shown = gateway.create({**MAIN_JOB, "dryRun": True}).json()["request"]
    assert gateway.create({**MAIN_JOB, "dryRun": False}).status_code == 201
    [post] = stack.graph.requests("POST")
    assert (shown["method"], shown["url"]) == ("POST", f"{stack.graph.url}/{post['version']}{post['path']}")
    assert shown["body"] == json.loads(post["body"])


def test_what_is_there_already_is_shown_as_unchanged(gateway: Gateway, stack: Stack) -> None:
    response = gateway.create({"configurationId": RESTRICTIONS, "groupName": "SG-Pilot", "dryRun": True})
    assert (response.status_code, response.headers["assignment-outcome"]) == (200, "planned")
    preview = response.json()
    assert preview["outcome"] == "unchanged"
    assert [each["id"] for each in preview["existing"]] == [f"{RESTRICTIONS}_{PILOT}", f"{RESTRICTIONS}_{SALES}"]
    assert preview["configuration"] == {"id": RESTRICTIONS, "name": "Win11 \N{EN DASH} Device restrictions"}
    assert stack.graph.requests("POST") == []


def test_graphs_null_is_shown_as_it_came(filtering_gateway: Gateway) -> None:
    [assigned] = filtering_gateway.create({"configurationId": IOS_BASELINE, "groupId": PILOT, "dryRun": True}).json()[
        "existing"
    ]
    assert assigned["target"]["deviceAndAppManagementAssignmentFilterId"] is None


def test_the_members_are_counted_where_they_may_be(gateway: Gateway, stack: Stack) -> None:
    request = {"configurationId": WIFI_HQ, "targetType": "exclusionGroup", "groupId": GROUP_SOUTH, "dryRun": True}
    assert gateway.create(request).json()["memberCount"] == 240
    stack.graph.fail(kind="body", method="GET", path="count$", body="\ufeff7", contentType="text/plain")
    assert gateway.create(request).json()["memberCount"] == 7


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 429},
        {"kind": "drop", "when": "before"},
        {"kind": "body", "body": "many", "contentType": "text/plain"},
        {"kind": "body", "body": ""},
    ],
    ids=str,
)
def test_a_count_that_cannot_be_had_changes_nothing_else(gateway: Gateway, stack: Stack, fault: Json) -> None:
    stack.graph.keep_failing(method="GET", path="count$", **fault)
    response = gateway.create({**MAIN_JOB, "dryRun": True}, **HASTY)
    assert (response.status_code, response.json()["outcome"]) == (200, "wouldCreate")
    assert "memberCount" not in response.json()


def test_a_target_without_a_group_has_no_members_to_count(open_gateway: Gateway, stack: Stack) -> None:
    preview = open_gateway.create({"configurationId": WIFI_HQ, "targetType": "allDevices", "dryRun": True}).json()
    assert preview["target"] == {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    assert "memberCount" not in preview
    assert len(stack.graph.requests()) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"configurationId": NOWHERE}, 404, "configuration-not-found"),
        ({"groupId": NOWHERE}, 404, "group-not-found"),
        ({"configurationId": RESTRICTIONS, "groupId": SALES}, 409, "assignment-conflict"),
        ({"groupId": None}, 422, "invalid-request"),
    ],
)
def test_what_would_be_refused_is_refused_alike(
    gateway: Gateway, stack: Stack, fields: Json, status: int, code: str
) -> None:
    tried = gateway.create({**MAIN_JOB, **fields, "dryRun": True})
    real = gateway.create({**MAIN_JOB, **fields})
    assert problem(tried, status, code)["detail"] == problem(real, status, code)["detail"]
    assert stack.graph.requests("POST") == []


def test_the_guardrails_and_the_emergency_stop_hold_in_a_dry_run(gateway: Gateway, stack: Stack) -> None:
    broad = {"configurationId": WIFI_HQ, "targetType": "allDevices", "dryRun": True}
    problem(gateway.create(broad), 403, "guardrail")
    with stack.gateway(WRITES_ENABLED="false") as stopped:
        problem(stopped.create({**MAIN_JOB, "dryRun": True}), 403, "writes-disabled")


def test_a_dry_run_is_audited_as_one(gateway: Gateway) -> None:
    event = gateway.audit(gateway.create({**MAIN_JOB, "dryRun": True}))
    assert (event["action"], event["outcome"], event["dryRun"]) == ("create_assignment", "planned", True)
