"""Assignment filters: through beta, exactly as asked, or not at all."""

import json

import pytest

from sandbox.tenant import (
    ANDROID_WORK_PROFILE,
    BOBS_DEVICES,
    CORPORATE_WINDOWS,
    GROUP_SOUTH,
    IOS_BASELINE,
    NO_FILTER,
    PILOT,
    RECENT_IOS,
    RESTRICTIONS,
    WIFI_HQ,
)
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, eventually, problem

NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
WITH_FILTER = {**MAIN_JOB, "filterId": CORPORATE_WINDOWS, "filterMode": "exclude"}
SLOT = f"{WIFI_HQ}_{PILOT}"


def stored_filter(stack: Stack) -> tuple[str | None, str | None]:
    """Give id and mode of the filter of the one assignment that is there."""
    [assignment] = stack.graph.assignments()
    return assignment["target"][FILTER_ID], assignment["target"][FILTER_TYPE]


def read_as(stack: Stack, **target: object) -> None:
    """Have the next read of the configuration show one assignment of the pilot group with these properties."""
    shown = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT, **target}
    body = {"id": WIFI_HQ, "displayName": "Wi-Fi", "assignments": [{"id": SLOT, "target": shown}]}
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=json.dumps(body))


@pytest.mark.parametrize(
    "named",
    [{"filterId": CORPORATE_WINDOWS.upper()}, {"filterName": " corporate WINDOWS "}],
)
def test_a_filter_is_written_to_beta_with_its_id_and_mode(
    filtering_gateway: Gateway, stack: Stack, named: dict[str, str]
) -> None:
    response = filtering_gateway.create({**MAIN_JOB, **named, "filterMode": "exclude"})
    assert response.status_code == 201
    assert response.json()["target"][FILTER_ID] == CORPORATE_WINDOWS
    assert stored_filter(stack) == (CORPORATE_WINDOWS, "exclude")
    [post] = stack.graph.requests("POST")
    assert (post["version"], json.loads(post["body"])["target"]) == (
        "beta",
        {
            "@odata.type": "#microsoft.graph.groupAssignmentTarget",
            "groupId": PILOT,
            FILTER_ID: CORPORATE_WINDOWS,
            FILTER_TYPE: "exclude",
        },
    )
    event = filtering_gateway.audit(response)
    assert (event["filterId"], event["filterName"]) == (CORPORATE_WINDOWS, "Corporate Windows")


def test_without_a_filter_the_write_stays_in_v1(filtering_gateway: Gateway, stack: Stack) -> None:
    assert filtering_gateway.create(MAIN_JOB).status_code == 201
    versions = {entry["method"]: entry["version"] for entry in stack.graph.requests() if "groups" not in entry["path"]}
    assert versions == {"GET": "beta", "POST": "v1.0"}


@pytest.mark.parametrize("named", [{"filterId": CORPORATE_WINDOWS}, {"filterName": "Corporate Windows"}])
def test_where_filters_are_off_nothing_is_sent(gateway: Gateway, stack: Stack, named: dict[str, str]) -> None:
    answer = problem(gateway.create({**MAIN_JOB, **named, "filterMode": "include"}), 422, "invalid-request")
    assert [error["field"] for error in answer["errors"]] == list(named)
    assert "ASSIGNMENT_FILTERS" in answer["errors"][0]["message"]
    assert stack.graph.requests() == []


@pytest.mark.parametrize(
    ("named", "said"),
    [({"filterName": "Corporate"}, "'Corporate'"), ({"filterId": NOWHERE}, "this id"), ({"filterId": PILOT}, "id")],
)
def test_a_filter_that_is_not_there_refuses(
    filtering_gateway: Gateway, stack: Stack, named: dict[str, str], said: str
) -> None:
    request = {**MAIN_JOB, **named, "filterMode": "include"}
    assert said in problem(filtering_gateway.create(request), 404, "filter-not-found")["detail"]
    assert stack.graph.requests("POST") == []


def test_twins_among_the_filters_are_told_whatever_page_they_are_on(filtering_gateway: Gateway, stack: Stack) -> None:
    added = stack.graph.add(filters=[{"name": "corporate windows "}])
    stack.graph.tell("paging", {"size": 1})
    request = {**MAIN_JOB, "filterName": "Corporate Windows", "filterMode": "include"}
    answer = problem(filtering_gateway.create(request), 409, "ambiguous-name")
    assert [each["id"] for each in answer["candidates"]] == [CORPORATE_WINDOWS, *added["filters"]]


@pytest.mark.parametrize(
    ("configuration", "chosen", "status"),
    [
        (WIFI_HQ, RECENT_IOS, 422),
        (IOS_BASELINE, CORPORATE_WINDOWS, 422),
        (IOS_BASELINE, RECENT_IOS, 201),
    ],
)
def test_the_platform_of_a_filter_is_compared_with_the_configurations(
    filtering_gateway: Gateway, stack: Stack, configuration: str, chosen: str, status: int
) -> None:
    request = {"configurationId": configuration, "groupId": PILOT, "filterId": chosen, "filterMode": "include"}
    response = filtering_gateway.create(request)
    assert response.status_code == status
    assert len(stack.graph.requests("POST")) == (1 if status == 201 else 0)
    if status == 422:
        [error] = problem(response, 422, "invalid-request")["errors"]
        assert (error["field"], "windows" in error["message"], "ios" in error["message"]) == ("filterId", True, True)


def test_a_platform_that_nobody_knows_stands_in_nobodys_way(filtering_gateway: Gateway, stack: Stack) -> None:
    added = stack.graph.add(filters=[{"name": "Unknown", "platform": "unknown"}])
    request = {**WITH_FILTER, "filterId": added["filters"][0]}
    assert filtering_gateway.create(request).status_code == 201


@pytest.mark.parametrize(
    "request_",
    [
        {**WITH_FILTER, "filterMode": "include"},
        {**WITH_FILTER, "filterId": BOBS_DEVICES},
        MAIN_JOB,
    ],
    ids=["other mode", "other filter", "no filter"],
)
def test_the_same_target_with_another_filter_is_a_conflict(
    filtering_gateway: Gateway, stack: Stack, request_: Json
) -> None:
    assert filtering_gateway.create(WITH_FILTER).status_code == 201
    answer = problem(filtering_gateway.create(request_), 409, "assignment-conflict")
    assert SLOT in answer["detail"]
    assert f"{CORPORATE_WINDOWS} (exclude)" in answer["detail"]
    assert len(stack.graph.requests("POST")) == 1


def test_a_target_without_a_filter_is_in_the_way_of_one_with_a_filter(filtering_gateway: Gateway, stack: Stack) -> None:
    request = {**WITH_FILTER, "configurationId": RESTRICTIONS}  # the seed spells its "no filter" with zeros
    answer = problem(filtering_gateway.create(request), 409, "assignment-conflict")
    assert "without a filter" in answer["detail"]
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("spelling", [{}, {FILTER_ID: None}, {FILTER_ID: NO_FILTER, FILTER_TYPE: "none"}], ids=str)
def test_no_filter_in_every_spelling_is_no_filter(
    filtering_gateway: Gateway, stack: Stack, spelling: dict[str, object]
) -> None:
    read_as(stack, **spelling)
    assert filtering_gateway.create(MAIN_JOB).headers["assignment-outcome"] == "unchanged"


@pytest.mark.parametrize(
    "spelling",
    [
        {FILTER_ID: CORPORATE_WINDOWS, FILTER_TYPE: "none"},
        {FILTER_ID: CORPORATE_WINDOWS},
        {FILTER_ID: "", FILTER_TYPE: "none"},
    ],
    ids=str,
)
def test_half_a_filter_equals_nothing(filtering_gateway: Gateway, stack: Stack, spelling: dict[str, object]) -> None:
    for request in (MAIN_JOB, WITH_FILTER):
        read_as(stack, **spelling)
        problem(filtering_gateway.create(request), 409, "assignment-conflict")
    assert stack.graph.requests("POST") == []


def test_what_has_a_filter_is_unchanged_where_filters_cannot_be_seen(gateway: Gateway, stack: Stack) -> None:
    request = {"configurationId": ANDROID_WORK_PROFILE, "groupId": GROUP_SOUTH}
    assert gateway.create(request).headers["assignment-outcome"] == "unchanged"
    assert stack.graph.requests("POST") == []


def test_a_filter_that_graph_leaves_out_is_a_failure_and_undone(filtering_gateway: Gateway, stack: Stack) -> None:
    stack.graph.tell("filters", {"answer": "dropped"})
    response = filtering_gateway.create(WITH_FILTER)
    answer = problem(response, 424, "filter-not-applied")
    assert "removed again" in answer["detail"]
    assert stack.graph.assignments() == []
    [undone] = stack.graph.requests("DELETE")
    assert undone["path"].endswith(f"/assignments/{SLOT}")
    assert filtering_gateway.audit(response)["code"] == "filter-not-applied"


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 403}, {"kind": "drop", "when": "before"}, {"kind": "status", "status": 412}]
)
def test_what_cannot_be_undone_is_said(filtering_gateway: Gateway, stack: Stack, fault: Json) -> None:
    stack.graph.tell("filters", {"answer": "dropped"})
    stack.graph.keep_failing(method="DELETE", **fault)
    answer = problem(filtering_gateway.create(WITH_FILTER), 424, "filter-not-applied")
    assert f"{SLOT}" in answer["detail"]
    assert "could not be removed" in answer["detail"]
    problem(filtering_gateway.create(WITH_FILTER), 409, "assignment-conflict")


def test_the_end_of_the_callers_patience_does_not_keep_it_from_being_undone(
    filtering_gateway: Gateway, stack: Stack
) -> None:
    stack.graph.tell("filters", {"answer": "dropped"})
    stack.graph.fail(kind="delay", method="DELETE", seconds=1.5)
    problem(filtering_gateway.create(WITH_FILTER, Prefer="wait=1"), 503, "outcome-unknown")
    assert eventually(lambda: stack.graph.assignments() == [])


def test_an_answer_that_was_lost_may_hide_that_the_filter_was_left_out(
    filtering_gateway: Gateway, stack: Stack
) -> None:
    stack.graph.tell("filters", {"answer": "dropped"})
    stack.graph.fail(kind="drop", method="POST", when="after")
    answer = problem(filtering_gateway.create(WITH_FILTER), 424, "filter-not-applied")
    assert SLOT in answer["detail"]
    assert "left alone" in answer["detail"]
    assert stack.graph.requests("DELETE") == []


@pytest.mark.parametrize("answer", ["409", "400"])
def test_a_duplicate_without_the_filter_that_was_there_before_is_a_conflict(
    filtering_gateway: Gateway, stack: Stack, answer: str
) -> None:
    assert filtering_gateway.create(MAIN_JOB).status_code == 201
    stack.graph.tell("duplicates", {"answer": answer})
    body = json.dumps({"id": WIFI_HQ, "displayName": "Wi-Fi", "assignments": []})
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=body)
    answered = problem(filtering_gateway.create(WITH_FILTER), 409, "assignment-conflict")
    assert "without a filter" in answered["detail"]


@pytest.mark.parametrize("odd_id", ["..", "%2e%2e", "x?y"])
def test_an_odd_id_of_graphs_cannot_lead_the_undoing_elsewhere(
    filtering_gateway: Gateway, stack: Stack, odd_id: str
) -> None:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT}
    body = json.dumps({"id": odd_id, "target": target})
    stack.graph.fail(kind="body", method="POST", status=201, body=body)
    answer = problem(filtering_gateway.create(WITH_FILTER), 424, "filter-not-applied")
    assert "could not be removed" in answer["detail"]
    assert stack.graph.requests("DELETE") == []


def test_a_lost_answer_is_settled_by_its_filter_too(filtering_gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="drop", method="POST", when="after")
    response = filtering_gateway.create(WITH_FILTER)
    assert (response.status_code, response.headers["assignment-outcome"]) == (201, "created")
    assert stored_filter(stack) == (CORPORATE_WINDOWS, "exclude")
    assert len(stack.graph.requests("POST")) == 1


@pytest.mark.parametrize("target", ["allDevices", "allLicensedUsers"])
def test_a_broad_target_may_be_narrowed_by_a_filter(stack: Stack, target: str) -> None:
    rules = {"rules": [{"callers": ["*"], "targets": [target]}]}
    with stack.gateway(ASSIGNMENT_FILTERS="beta", GUARDRAILS=json.dumps(rules)) as gateway:
        request = {"configurationId": WIFI_HQ, "targetType": target, "filterName": "Bob's devices"}
        assert gateway.create({**request, "filterMode": "include"}).status_code == 201
    assert stored_filter(stack) == (BOBS_DEVICES, "include")
