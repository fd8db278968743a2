"""Writes whose answer does not say whether they landed: always settled by reading back, never sent twice."""

import json

import pytest

from sandbox.tenant import PILOT, SALES, WIFI_HQ
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Stack, problem

NOTHING_ASSIGNED = json.dumps({"id": WIFI_HQ, "displayName": "Wi-Fi", "assignments": []})


def as_wanted(**changed: object) -> str:
    """Give the body of the 201 that was asked for, or one that is not as it should be."""
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT}
    return json.dumps({"id": f"{WIFI_HQ}_{PILOT}", "target": target, **changed})


OTHER = as_wanted(target={"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": SALES})


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "status", "status": 408, "commit": True},
        {"kind": "status", "status": 500, "commit": True},
        {"kind": "status", "status": 504, "commit": True},
        {"kind": "html", "commit": True},
        {"kind": "body", "status": 201, "body": "", "commit": True},
        {"kind": "body", "status": 201, "body": "<html>", "commit": True},
        {"kind": "body", "status": 201, "body": "{}", "commit": True},
        {"kind": "body", "status": 201, "body": '{"id": "1"', "truncate": True, "commit": True},
        {"kind": "body", "status": 201, "body": OTHER, "commit": True},
        {"kind": "body", "status": 201, "body": as_wanted(id=5), "commit": True},
        {"kind": "body", "status": 201, "body": as_wanted(id=None), "commit": True},
        {"kind": "body", "status": 201, "body": as_wanted(id="../.."), "commit": True},
        {"kind": "body", "status": 201, "body": as_wanted(id="\ud83d"), "commit": True},
        {"kind": "body", "status": 201, "body": as_wanted(target={"@odata.type": 5}), "commit": True},
        {"kind": "status", "status": 503, "retryAfter": "9" * 5000, "commit": True},
        {"kind": "body", "status": 200, "body": "{}", "commit": True},
    ],
    ids=str,
)
def test_a_write_that_landed_without_a_readable_answer_is_found_and_answered_as_created(
    gateway: Gateway, stack: Stack, fault: dict[str, object]
) -> None:
    stack.graph.fail(method="POST", **fault)
    response = gateway.create(MAIN_JOB)
    assert (response.status_code, response.headers["assignment-outcome"]) == (201, "created")
    assert response.json()["id"] == f"{WIFI_HQ}_{PILOT}"
    assert len(stack.graph.requests("POST")) == 1


PASSING = [
    {"kind": "drop", "when": "before"},
    {"kind": "status", "status": 429, "retryAfter": "0"},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 504},
    {"kind": "status", "status": 401},
]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_write_is_sent_again_only_after_reading_back_has_shown_that_it_is_not_there(
    gateway: Gateway, stack: Stack, fault: dict[str, object]
) -> None:
    stack.graph.fail(method="POST", **fault)
    response = gateway.create(MAIN_JOB)
    assert (response.status_code, response.headers["assignment-outcome"]) == (201, "created")
    calls = [entry["method"] for entry in stack.graph.requests() if "groups" not in entry["path"]]
    first, second = (place for place, method in enumerate(calls) if method == "POST")
    assert set(calls[first + 1 : second]) == {"GET"}
    assert len(stack.graph.assignments()) == 1


def test_a_write_that_lands_between_two_looks_is_not_sent_again(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="late", method="POST", status=504)
    response = gateway.create(MAIN_JOB)
    assert (response.status_code, response.headers["assignment-outcome"]) == (201, "created")
    assert len(stack.graph.requests("POST")) == 1


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        ({"kind": "drop", "when": "before"}, "10"),
        ({"kind": "status", "status": 504, "retryAfter": "30"}, "30"),
        ({"kind": "delay", "seconds": 5}, "10"),
    ],
    ids=str,
)
def test_what_cannot_be_settled_in_time_is_unknown_and_sending_it_again_settles_it(
    gateway: Gateway, stack: Stack, fault: dict[str, object], pause: str
) -> None:
    stack.graph.keep_failing(method="POST", **fault)
    response = gateway.create(MAIN_JOB, **HASTY)
    problem(response, 503, "outcome-unknown")
    assert response.headers["retry-after"] == pause
    stack.graph.tell("reset")
    assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.graph.assignments()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "redirect", "location": "/v1.0/groups"},
        {"kind": "status", "status": 500},
        {"kind": "body", "status": 201, "body": ""},
        {"kind": "body", "status": 200, "body": as_wanted()},
    ],
    ids=str,
)
def test_a_write_whose_answer_says_nothing_is_looked_for_and_not_sent_again(
    gateway: Gateway, stack: Stack, fault: dict[str, object]
) -> None:
    stack.graph.fail(method="POST", **fault)
    problem(gateway.create(MAIN_JOB), 503, "outcome-unknown")
    assert len(stack.graph.requests("POST")) == 1
    assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.graph.assignments()) == 1


def test_once_a_write_may_have_landed_no_later_failure_says_that_it_has_not(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="POST", status=503)
    stack.graph.fail(kind="status", method="POST", status=403)
    problem(gateway.create(MAIN_JOB), 503, "outcome-unknown")
    assert len(stack.graph.requests("POST")) == 2


@pytest.mark.parametrize("answer", ["409", "400"])
def test_graphs_refusal_of_a_duplicate_means_unchanged(gateway: Gateway, stack: Stack, answer: str) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.tell("duplicates", {"answer": answer})
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=NOTHING_ASSIGNED)
    response = gateway.create(MAIN_JOB)
    assert (response.status_code, response.headers["assignment-outcome"]) == (200, "unchanged")
    assert len(stack.graph.assignments()) == 1


def test_a_duplicate_that_graph_answers_with_201_is_answered_so(gateway: Gateway, stack: Stack) -> None:
    gateway.create(MAIN_JOB)
    stack.graph.tell("duplicates", {"answer": "201"})
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=NOTHING_ASSIGNED)
    assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.graph.assignments()) == 1


def test_a_duplicate_on_the_other_side_is_a_conflict(gateway: Gateway, stack: Stack) -> None:
    gateway.create({**MAIN_JOB, "targetType": "exclusionGroup"})
    stack.graph.fail(kind="body", method="GET", path=f"{WIFI_HQ}$", body=NOTHING_ASSIGNED)
    problem(gateway.create(MAIN_JOB), 409, "assignment-conflict")


def test_when_reading_back_fails_too_the_outcome_is_unknown(gateway: Gateway, stack: Stack) -> None:
    refusal = {"kind": "status", "method": "GET", "path": f"{WIFI_HQ}$", "status": 429, "retryAfter": "30"}
    first_read = {"kind": "delay", "method": "GET", "path": f"{WIFI_HQ}$", "seconds": 0}
    stack.graph.tell("faults", [first_read, refusal, {"kind": "drop", "method": "POST", "when": "after"}])
    response = gateway.create(MAIN_JOB, **HASTY)
    answer = problem(response, 503, "outcome-unknown")
    assert (answer["graph"]["status"], response.headers["retry-after"]) == (429, "30")
    again = gateway.create(MAIN_JOB)
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")


def test_when_the_callers_patience_ends_after_the_write_the_outcome_is_unknown(gateway: Gateway, stack: Stack) -> None:
    first_read = {"kind": "delay", "method": "GET", "path": f"{WIFI_HQ}$", "seconds": 0}
    reading_back = {"kind": "delay", "method": "GET", "path": f"{WIFI_HQ}$", "seconds": 5}
    write = {"kind": "delay", "method": "POST", "seconds": 5, "when": "after"}
    stack.graph.tell("faults", [first_read, reading_back, write])
    problem(gateway.create(MAIN_JOB, **HASTY), 503, "outcome-unknown")
    again = gateway.create(MAIN_JOB)
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")
    assert len(stack.graph.requests("POST")) == 1


@pytest.mark.parametrize("status", [403, 404, 413, 422])
def test_a_write_that_graph_refuses_for_good_is_not_read_back(gateway: Gateway, stack: Stack, status: int) -> None:
    stack.graph.fail(kind="status", method="POST", status=status)
    assert gateway.create(MAIN_JOB).status_code in {422, 424}
    assert [entry["method"] for entry in stack.graph.requests()][-1] == "POST"
