"""How often one caller may ask, whatever the others do."""

from collections.abc import Iterator

import pytest

from tests.e2e.principals import DESK_APP, DESK_OBJECT, ENTRA, READ, WRITE, application, principal, user
from tests.e2e.stack import MAIN_JOB, Gateway, Stack, problem

OTHER = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
FLOW = principal(application(WRITE))
DESK = principal(application(WRITE, app=DESK_APP, object_id=DESK_OBJECT))
ADELE = principal(user(READ, WRITE))


@pytest.fixture(scope="module")
def limited(running_stack: Stack) -> Iterator[Gateway]:
    """Give a gateway that takes three requests of each caller, and one more every twenty seconds."""
    with running_stack.gateway(**ENTRA, CALLER_REQUESTS_PER_MINUTE="3") as gateway:
        yield gateway


def test_one_callers_limit_is_not_anothers_and_nothing_is_sent_beyond_it(limited: Gateway, stack: Stack) -> None:
    assert [limited.create(MAIN_JOB, **FLOW).status_code for _ in range(2)] == [201, 200]
    problem(limited.create({}, **FLOW), 422, "invalid-request")  # what is refused has been asked as well
    stack.reset()
    for response in (limited.create(MAIN_JOB, **FLOW), limited.client.get("configurations", headers=FLOW)):
        answer = problem(response, 429, "rate-limited")
        assert response.headers["retry-after"] == "20"
        assert "3 requests in a minute" in answer["detail"]
        event = limited.audit(response)
        assert (event["outcome"], event["code"], event["graphCalls"]) == ("failed", "rate-limited", 0)
    assert stack.graph.requests() == []
    assert limited.create(MAIN_JOB, **DESK).status_code == 201
    assert limited.create(MAIN_JOB, **ADELE).status_code == 200
    assert limited.health().status_code == 200


@pytest.mark.usefixtures("stack")
def test_who_is_not_let_in_uses_up_nobodys_share(limited: Gateway) -> None:
    for _ in range(4):
        problem(limited.create(MAIN_JOB), 401, "unauthenticated")
        problem(limited.create(MAIN_JOB, **principal(user(object_id=OTHER))), 403, "forbidden")
    assert limited.create(MAIN_JOB, **principal(user(WRITE, object_id=OTHER))).status_code == 201
