"""Two requests at the same moment, on two worker processes: one assignment, and the truth for both callers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox.tenant import BOBS_DEVICES, CORPORATE_WINDOWS, PILOT, WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, eventually, problem

SLOT = f"{WIFI_HQ}_{PILOT}"
EXCLUSION = {**MAIN_JOB, "targetType": "exclusionGroup"}

# Both have read, and so decided, before either writes; and where that is said, both have written before either lands.
BOTH_HAVE_READ: Json = {"kind": "barrier", "method": "GET", "path": f"{WIFI_HQ}$", "times": 2}
BOTH_HAVE_WRITTEN: Json = {"kind": "barrier", "method": "POST", "times": 2}
AT_ONCE = pytest.mark.parametrize(
    "barriers", [[BOTH_HAVE_READ], [BOTH_HAVE_READ, BOTH_HAVE_WRITTEN]], ids=["both have read", "both have written"]
)

Pair = tuple[Gateway, Gateway]


@pytest.fixture
def pair(gateway: Gateway, other_gateway: Gateway) -> Pair:
    return gateway, other_gateway


def at_once(pair: Pair, *requests: Mapping[str, object]) -> list[httpx.Response]:
    """Send one request to each of the two at the same time."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda gateway, request: gateway.create(request), pair, requests))


def outcomes(answers: list[httpx.Response]) -> list[tuple[int, str]]:
    """Give status and outcome of each answer, the created ones last."""
    return sorted((each.status_code, each.headers["assignment-outcome"]) for each in answers)


@AT_ONCE
@pytest.mark.parametrize("duplicate", ["409", "400"])
def test_of_two_equal_requests_one_creates_and_the_other_finds_it_there(
    pair: Pair, stack: Stack, barriers: list[Json], duplicate: str
) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.tell("faults", barriers)
    answers = at_once(pair, MAIN_JOB, MAIN_JOB)
    assert outcomes(answers) == [(200, "unchanged"), (201, "created")]
    assert [each.json()["id"] for each in answers] == [SLOT, SLOT]
    assert len(stack.graph.requests("POST")) == 2
    assert len(stack.graph.assignments()) == 1


@AT_ONCE
def test_where_graph_answers_a_duplicate_with_201_both_hear_that_and_there_is_one_assignment(
    pair: Pair, stack: Stack, barriers: list[Json]
) -> None:
    stack.graph.tell("duplicates", {"answer": "201"})
    stack.graph.tell("faults", barriers)
    assert outcomes(at_once(pair, MAIN_JOB, MAIN_JOB)) == [(201, "created")] * 2
    assert len(stack.graph.requests("POST")) == 2
    assert len(stack.graph.assignments()) == 1


@pytest.mark.parametrize("duplicate", ["409", "400", "201"])
def test_when_both_answers_are_lost_too_both_find_the_one_assignment(pair: Pair, stack: Stack, duplicate: str) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.tell("faults", [BOTH_HAVE_READ, {"kind": "drop", "method": "POST", "when": "after", "times": 2}])
    answers = at_once(pair, MAIN_JOB, MAIN_JOB)
    assert outcomes(answers) == [(201, "created")] * 2  # either may be the one, and neither can know
    assert [each.json()["id"] for each in answers] == [SLOT, SLOT]
    assert (len(stack.graph.requests("POST")), stack.graph.blind_reposts()) == (2, 0)
    assert len(stack.graph.assignments()) == 1


@pytest.mark.parametrize("duplicate", ["409", "400", "201"])
def test_when_both_writes_are_lost_on_the_way_neither_is_repeated_without_a_look(
    pair: Pair, stack: Stack, duplicate: str
) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.tell("faults", [BOTH_HAVE_READ, {"kind": "status", "method": "POST", "status": 503, "times": 2}])
    answers = at_once(pair, MAIN_JOB, MAIN_JOB)
    assert {each.status_code for each in answers} == {201}
    assert stack.graph.blind_reposts() == 0
    assert len(stack.graph.assignments()) == 1


@AT_ONCE
@pytest.mark.parametrize("duplicate", ["409", "400"])
def test_of_including_and_excluding_a_group_one_wins_and_the_other_hears_of_the_conflict(
    pair: Pair, stack: Stack, barriers: list[Json], duplicate: str
) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.tell("faults", barriers)
    won, lost = sorted(at_once(pair, MAIN_JOB, EXCLUSION), key=lambda answer: answer.status_code)
    assert (won.status_code, won.headers["assignment-outcome"]) == (201, "created")
    assert SLOT in problem(lost, 409, "assignment-conflict")["detail"]
    [there] = stack.graph.assignments()
    assert there["target"]["@odata.type"] == won.json()["target"]["@odata.type"]


@AT_ONCE
def test_where_graph_takes_the_later_of_include_and_exclude_each_hears_what_graph_has_made_of_its_own(
    pair: Pair, stack: Stack, barriers: list[Json]
) -> None:
    stack.graph.tell("duplicates", {"answer": "201"})
    stack.graph.tell("faults", barriers)
    including, excluding = at_once(pair, MAIN_JOB, EXCLUSION)
    assert outcomes([including, excluding]) == [(201, "created")] * 2
    kinds = {
        answer.json()["target"]["@odata.type"]: request
        for answer, request in zip((including, excluding), (MAIN_JOB, EXCLUSION), strict=True)
    }
    assert len(kinds) == 2  # each in Graph's own words: true when they were said, and overtaken for the first
    [there] = stack.graph.assignments()
    wanted = kinds.pop(there["target"]["@odata.type"])
    [overtaken] = kinds.values()
    assert pair[0].create(wanted).headers["assignment-outcome"] == "unchanged"
    problem(pair[0].create(overtaken), 409, "assignment-conflict")


@pytest.mark.parametrize("duplicate", ["409", "400"])
def test_of_two_filters_for_one_target_one_wins_and_the_other_hears_of_the_conflict(
    filtering_gateway: Gateway, stack: Stack, duplicate: str
) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.tell("faults", [BOTH_HAVE_READ])
    requests = [{**MAIN_JOB, "filterId": each, "filterMode": "include"} for each in (CORPORATE_WINDOWS, BOBS_DEVICES)]
    pair = filtering_gateway, filtering_gateway
    won, lost = sorted(at_once(pair, *requests), key=lambda answer: answer.status_code)
    assert won.status_code == 201
    problem(lost, 409, "assignment-conflict")
    assert len(stack.graph.assignments()) == 1


def test_of_two_deletions_one_deletes_and_the_other_finds_it_gone(pair: Pair, stack: Stack) -> None:
    assert pair[0].create(MAIN_JOB).status_code == 201
    stack.graph.tell("faults", [BOTH_HAVE_READ])
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda gateway: gateway.delete(WIFI_HQ, SLOT), pair))
    assert outcomes(answers) == [(204, "deleted"), (204, "unchanged")]
    assert stack.graph.assignments() == []


def test_a_deletion_and_a_creation_at_once_end_as_one_after_the_other(pair: Pair, stack: Stack) -> None:
    assert pair[0].create(MAIN_JOB).status_code == 201
    stack.graph.tell("faults", [BOTH_HAVE_READ])
    with ThreadPoolExecutor(2) as threads:
        deleted = threads.submit(pair[0].delete, WIFI_HQ, SLOT)
        created = threads.submit(pair[1].create, MAIN_JOB)
    assert outcomes([deleted.result(), created.result()]) == [(200, "unchanged"), (204, "deleted")]
    assert stack.graph.assignments() == []
    assert pair[1].create(MAIN_JOB).status_code == 201


def test_a_deletion_whose_answer_is_lost_is_told_from_the_creation_that_comes_after_it(
    pair: Pair, stack: Stack
) -> None:
    assert pair[0].create(MAIN_JOB).status_code == 201
    first_read = {"kind": "delay", "method": "GET", "path": f"{WIFI_HQ}$", "seconds": 0}
    # The deletion is looked for at the moment in which the creation looks what is there.
    stack.graph.tell("faults", [first_read, {"kind": "drop", "method": "DELETE", "when": "after"}, BOTH_HAVE_READ])
    with ThreadPoolExecutor(1) as threads:
        deleting = threads.submit(pair[0].delete, WIFI_HQ, SLOT)
        assert eventually(lambda: stack.graph.assignments() == [])
        assert pair[1].create(MAIN_JOB).status_code == 201
    assert deleting.result().headers["assignment-outcome"] == "deleted"
    assert len(stack.graph.requests("DELETE")) == 1
    assert len(stack.graph.assignments()) == 1
