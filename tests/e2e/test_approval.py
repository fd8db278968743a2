"""A tenant that wants a second administrator for every change (Multi Admin Approval): told, and never sent again."""

import base64
from collections.abc import Iterator

import pytest

from sandbox.tenant import PILOT, RESTRICTIONS, WIFI_HQ
from tests.e2e.stack import GUID, MAIN_JOB, Gateway, Stack, problem

JUSTIFICATION = "Neues Gebäude \N{EN DASH} INC1 🚒"


@pytest.fixture
def strict_stack(stack: Stack) -> Iterator[Stack]:
    stack.graph.tell("approval", {"required": True})
    yield stack
    assert stack.graph.assignments(WIFI_HQ) == []


def test_without_a_justification_graph_wants_one(gateway: Gateway, strict_stack: Stack) -> None:
    answer = problem(gateway.create(MAIN_JOB), 403, "approval-required")
    assert (answer["graph"]["status"], "approvalCode" in answer["graph"]) == (400, False)
    assert "justification" in answer["graph"]["message"]
    assert len(strict_stack.graph.requests("POST")) == 1


def test_the_justification_goes_along_and_the_approval_code_comes_back(gateway: Gateway, strict_stack: Stack) -> None:
    response = gateway.create({**MAIN_JOB, "justification": JUSTIFICATION})
    answer = problem(response, 403, "approval-required")
    assert answer["graph"]["status"] == 412
    assert GUID.fullmatch(answer["graph"]["approvalCode"])
    [post] = strict_stack.graph.requests("POST")
    sent = post["headers"]["x-msft-approval-justification"]
    assert base64.b64decode(sent, validate=True).decode() == JUSTIFICATION


def test_asking_again_while_it_waits_is_no_duplicate(gateway: Gateway, strict_stack: Stack) -> None:
    request = {**MAIN_JOB, "justification": JUSTIFICATION}
    problem(gateway.create(request), 403, "approval-required")
    answer = problem(gateway.create(request), 403, "approval-required")
    assert answer["graph"]["status"] == 409
    assert len(strict_stack.graph.requests("POST")) == 2


def test_the_longest_justification_is_taken(gateway: Gateway, strict_stack: Stack) -> None:
    answer = problem(gateway.create({**MAIN_JOB, "justification": "ü" * 1024}), 403, "approval-required")
    assert (answer["graph"]["status"], len(strict_stack.graph.requests("POST"))) == (412, 1)


def test_a_deletion_wants_approval_too(gateway: Gateway, strict_stack: Stack) -> None:
    response = gateway.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}")
    problem(response, 403, "approval-required")
    assert len(strict_stack.graph.requests("DELETE")) == 1


def test_where_no_policy_is_the_justification_changes_nothing(gateway: Gateway) -> None:
    assert gateway.create({**MAIN_JOB, "justification": JUSTIFICATION}).status_code == 201
