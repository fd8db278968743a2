"""The token: how often it is asked for, when it is kept, and who never gets to see it."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox.programs import sample_settings
from sandbox.tenant import SALES, WIFI_HQ
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Stack, problem

CHALLENGE = base64.b64encode(b'{"access_token": {"nbf": {"essential": true, "value": "1"}}}').decode()
CONFIGURATION = f"/deviceConfigurations/{WIFI_HQ}"
SALES_TOO = {**MAIN_JOB, "groupId": SALES}
NOBODY_LISTENS = "http://127.0.0.1:9"


def token(stack: Stack, lifetime_seconds: int) -> str:
    """Give the body of a token answer like the endpoint's own, but with another lifetime."""
    header = {"X-IDENTITY-HEADER": sample_settings()["IDENTITY_HEADER"]}
    query = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}
    answer = httpx.get(stack.settings["IDENTITY_ENDPOINT"], params=query, headers=header).raise_for_status().json()
    stack.identity.tell("reset")
    return json.dumps({**answer, "expires_on": str(int(time.time()) + lifetime_seconds)})


def test_parallel_first_requests_share_one_token(stack: Stack) -> None:
    with stack.gateway() as gateway, ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: gateway.create(MAIN_JOB).status_code, range(50)))
    assert set(answers) <= {200, 201}
    assert len(stack.identity.requests()) == 1
    assert len(stack.graph.assignments()) == 1


def test_a_failure_is_shared_by_all_who_wait_for_it_and_not_kept(stack: Stack) -> None:
    stack.identity.fail(kind="status", status=400)
    with stack.gateway() as gateway:
        problem(gateway.create(MAIN_JOB), 424, "identity-missing")
        assert len(stack.identity.requests()) == 1
        assert gateway.create(MAIN_JOB).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "drop", "when": "before"},
        {"kind": "delay", "seconds": 6},
    ],
    ids=str,
)
def test_a_failure_of_the_identity_endpoint_that_passes_is_lived_through(
    stack: Stack, fault: dict[str, object]
) -> None:
    stack.identity.fail(**fault)
    with stack.gateway() as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.identity.requests()) == 2


def test_a_token_is_renewed_five_minutes_before_it_expires(stack: Stack) -> None:
    stack.identity.fail(kind="body", body=token(stack, lifetime_seconds=290))
    with stack.gateway() as gateway:
        gateway.create(MAIN_JOB)
        assert len(stack.identity.requests()) == 2  # one for the reads, and another for the write
        gateway.create(MAIN_JOB)
    assert len(stack.identity.requests()) == 2


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 400}, 424, "identity-missing"),
        ({"kind": "status", "status": 500}, 503, "identity-unavailable"),
        ({"kind": "delay", "seconds": 5}, 503, "identity-unavailable"),
    ],
    ids=str,
)
def test_without_a_token_for_the_write_nothing_is_sent_and_that_is_what_is_said(
    stack: Stack, fault: dict[str, object], status: int, code: str
) -> None:
    stack.identity.fail(kind="body", body=token(stack, lifetime_seconds=290))  # good for the reads, and no longer
    stack.identity.keep_failing(**fault)
    with stack.gateway() as gateway:
        problem(gateway.create(MAIN_JOB, **HASTY), status, code)
    assert stack.graph.requests("POST") == []


def test_a_token_that_graph_refuses_is_not_kept(stack: Stack) -> None:
    with stack.gateway() as gateway:
        gateway.create(MAIN_JOB)
        stack.graph.fail(kind="status", method="GET", path="/deviceConfigurations/", status=401)
        assert gateway.create(MAIN_JOB).headers["assignment-outcome"] == "unchanged"
    assert len(stack.identity.requests()) == 2


def test_a_graph_that_refuses_every_token_is_asked_with_one_fresh_one_and_no_more(stack: Stack) -> None:
    with stack.gateway() as gateway:
        gateway.create(MAIN_JOB)
        stack.graph.keep_failing(kind="status", method="GET", status=401)
        problem(gateway.create(MAIN_JOB), 424, "graph-forbidden")
    assert len(stack.identity.requests()) == 2


def test_a_write_whose_every_token_is_refused_is_sent_with_one_fresh_one_and_no_more(
    gateway: Gateway, stack: Stack
) -> None:
    gateway.create(SALES_TOO)  # the token is at hand now
    stack.reset()
    stack.graph.keep_failing(kind="status", method="POST", status=401)
    problem(gateway.create(MAIN_JOB), 424, "graph-forbidden")
    assert (len(stack.graph.requests("POST")), len(stack.identity.requests())) == (2, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("method", "code"), [("GET", "graph-unavailable"), ("POST", "outcome-unknown")])
def test_no_redirect_of_graphs_is_followed(gateway: Gateway, stack: Stack, method: str, code: str, status: int) -> None:
    gateway.create(SALES_TOO)
    stack.reset()
    elsewhere = f"{stack.identity.url}/v1.0/"
    stack.graph.fail(kind="redirect", method=method, path=CONFIGURATION, location=elsewhere, status=status)
    problem(gateway.create(MAIN_JOB), 503, code)
    assert stack.identity.requests() == []
    assert len(stack.graph.requests("POST")) == (method == "POST")


def test_no_redirect_of_the_identity_endpoints_is_followed(stack: Stack) -> None:
    stack.identity.keep_failing(kind="redirect", location=f"{stack.graph.url}/msi/token", status=307)
    with stack.gateway() as gateway:
        problem(gateway.create(MAIN_JOB, **HASTY), 503, "identity-unavailable")
    assert stack.graph.requests() == []


def test_a_base_url_that_leads_away_from_this_machine_gets_no_token(stack: Stack) -> None:
    with stack.gateway(GRAPH_BASE_URL="http://localhost@graph.example") as gateway:
        answer = problem(gateway.create(MAIN_JOB), 424, "misconfigured")
    assert [error["field"] for error in answer["errors"]] == ["GRAPH_BASE_URL"]
    assert stack.identity.requests() == []


@pytest.mark.parametrize("claims", ["x", "", "//8="])
def test_a_demand_that_cannot_be_read_is_met_with_a_fresh_token(stack: Stack, claims: str) -> None:
    headers = {"WWW-Authenticate": f'Bearer claims="{claims}"'}
    stack.graph.fail(kind="status", method="GET", path="/deviceConfigurations/", status=401, headers=headers)
    with stack.gateway() as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.identity.requests()) == 2


def test_graphs_demand_for_a_new_token_is_met_within_the_request(stack: Stack) -> None:
    headers = {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{CHALLENGE}"'}
    stack.graph.fail(kind="status", method="POST", status=401, headers=headers)
    with stack.gateway() as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.identity.requests()) == 2


def test_a_proxy_of_the_environment_never_sees_the_identity_header_or_the_token(stack: Stack) -> None:
    names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    with stack.gateway(**dict.fromkeys(names, NOBODY_LISTENS), NO_PROXY="", no_proxy="") as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201


def test_a_caller_that_gives_up_does_not_take_the_token_from_those_who_wait(stack: Stack) -> None:
    stack.identity.fail(kind="delay", seconds=2)
    with stack.gateway() as gateway, ThreadPoolExecutor(2) as threads:
        hasty = threads.submit(gateway.create, MAIN_JOB, Prefer="wait=1")
        patient = threads.submit(gateway.create, MAIN_JOB)
        problem(hasty.result(), 503, "identity-unavailable")
        assert patient.result().status_code == 201
    assert len(stack.identity.requests()) == 1
