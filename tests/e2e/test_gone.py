"""Callers that hang up and workers that are killed while Graph holds the write: what is left is whole, and told."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, eventually

ASSIGNMENTS = f"/v1.0/deviceManagement/deviceConfigurations/{WIFI_HQ}/assignments"
CONFIGURATION = f"/v1.0/deviceManagement/deviceConfigurations/{WIFI_HQ}"

GIVEN_UP = "host     POST /api/assignments  400"
AUDITED = "gateway.audit: "


def held(method: str, path: str) -> Json:
    """Give the fault that holds one request until the test asks for the same."""
    return {"kind": "barrier", "method": method, "path": f"{path}$", "times": 2}


@contextmanager
def asking(gateway: Gateway, request_id: str) -> Iterator[HTTPConnection]:
    """Send the main request over a connection of its own, whose answer may never be read."""
    headers = {"x-functions-key": FUNCTION_KEY, "Content-Type": "application/json", "client-request-id": request_id}
    address = gateway.client.base_url
    with closing(HTTPConnection(address.host, address.port, timeout=10)) as connection:
        connection.request("POST", "/api/assignments", json.dumps(MAIN_JOB), headers)
        yield connection


@pytest.mark.parametrize(("method", "path"), [("GET", CONFIGURATION), ("POST", ASSIGNMENTS)], ids=["GET", "POST"])
def test_a_caller_that_hangs_up_leaves_one_assignment_and_one_audit_event_that_tells_of_it(
    gateway: Gateway, stack: Stack, method: str, path: str
) -> None:
    stack.graph.fail(**held(method, path))
    request_id = str(uuid.uuid4())
    with asking(gateway, request_id):
        assert eventually(lambda: any(path.endswith(entry["path"]) for entry in stack.graph.requests(method)))
    httpx.request(method, f"{stack.graph.url}{path}")  # the caller is gone, and Graph goes on
    [event] = gateway.output.lines_with(request_id)
    assert json.loads(event.partition(AUDITED)[2])["outcome"] == "created"
    assert len(stack.graph.assignments()) == 1
    again = gateway.create(MAIN_JOB)
    assert (again.status_code, gateway.audit(again)["outcome"]) == (200, "unchanged")
    assert gateway.output.lines_so_far(request_id) == [event]


def test_a_caller_that_hangs_up_in_the_middle_of_its_request_has_asked_for_nothing(
    gateway: Gateway, stack: Stack
) -> None:
    address = gateway.client.base_url
    given_up, audited = (len(gateway.output.lines_so_far(text)) for text in (GIVEN_UP, AUDITED))
    with closing(HTTPConnection(address.host, address.port, timeout=10)) as connection:
        connection.putrequest("POST", "/api/assignments")
        connection.putheader("x-functions-key", FUNCTION_KEY)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(json.dumps(MAIN_JOB)) + 1))
        connection.endheaders(json.dumps(MAIN_JOB).encode())
    assert eventually(lambda: len(gateway.output.lines_so_far(GIVEN_UP)) > given_up)
    assert len(gateway.output.lines_so_far(AUDITED)) == audited
    assert stack.graph.requests() == []


@contextmanager
def killed_while_graph_holds_its_write(stack: Stack, request_id: str) -> Iterator[None]:
    """Send the main request to a worker of its own, and kill that between its write and the answer."""
    with stack.gateway() as doomed, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(doomed.create, MAIN_JOB, client_request_id=request_id)
        assert eventually(lambda: bool(stack.graph.requests("POST")))
        doomed.host.kill()
        with pytest.raises(httpx.TransportError):
            asked.result()
        yield


def test_what_a_killed_worker_has_written_is_found_by_the_next(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="delay", method="POST", seconds=3, when="after")
    request_id = str(uuid.uuid4())
    with killed_while_graph_holds_its_write(stack, request_id):
        again = gateway.create(MAIN_JOB, client_request_id=request_id)
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")
    assert len(stack.graph.requests("POST")) == 1
    assert len(stack.graph.assignments()) == 1


@pytest.mark.parametrize("duplicate", ["409", "201"])
def test_what_a_killed_worker_has_sent_and_lands_while_the_next_one_writes_is_there_once(
    gateway: Gateway, stack: Stack, duplicate: str
) -> None:
    stack.graph.tell("duplicates", {"answer": duplicate})
    stack.graph.fail(**held("POST", ASSIGNMENTS))
    request_id = str(uuid.uuid4())
    with killed_while_graph_holds_its_write(stack, request_id):
        again = gateway.create(MAIN_JOB, client_request_id=request_id)
    assert again.status_code in {200, 201}
    assert again.json()["id"] == f"{WIFI_HQ}_{PILOT}"
    assert (len(stack.graph.requests("POST")), stack.graph.blind_reposts()) == (2, 0)
    assert len(stack.graph.assignments()) == 1
