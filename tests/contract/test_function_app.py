"""The app in Microsoft's own worker library, compared with the same app in the sandbox's Functions host."""

import json
import sys
from collections.abc import Iterator

import httpx
import pytest

from sandbox.functions_index import index
from sandbox.programs import ROOT, sample_settings
from sandbox.tenant import PILOT, RESTRICTIONS, SALES, WIFI_HQ
from tests.contract.worker_library import Answer, Case, WorkerLibrary, differences
from tests.e2e.stack import Gateway, Stack

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="azure-functions-runtime needs Python 3.13 or newer")

OWN_ID = {"client-request-id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}
JSON = {**OWN_ID, "content-type": "application/json"}
CHANGING = frozenset({"request-id", "location"})


def create(**fields: object) -> Case:
    return Case(
        "create_assignment",
        "POST",
        "assignments",
        headers=JSON,
        content=json.dumps({"configurationId": WIFI_HQ, **fields}).encode(),
        varying=CHANGING,
    )


def by_id(function: str, method: str, configuration: str, assignment: str | None = None) -> Case:
    path = f"configurations/{configuration}/assignments" + (f"/{assignment}" if assignment else "")
    params = {"configurationId": configuration} | ({"assignmentId": assignment} if assignment else {})
    return Case(function, method, path, params, headers=OWN_ID, varying=CHANGING)


CASES = {
    "created": create(groupId=PILOT),
    "created, for the documentation's type": create(
        targetType="scopeTagGroup", scopeTagTargetType="user", entraObjectId=PILOT
    ),
    "unchanged": create(configurationId=RESTRICTIONS, groupId=PILOT),
    "conflict": create(configurationId=RESTRICTIONS, groupId=SALES),
    "refused by the guardrails": create(targetType="allDevices"),
    "an invalid request": create(groupId=None, ticket="x" * 65),
    "a request that is not JSON": Case("create_assignment", "POST", "assignments", headers=JSON, content=b"{"),
    "a request without a type": Case("create_assignment", "POST", "assignments", headers=OWN_ID, content=b"{}"),
    "an empty body": Case("create_assignment", "POST", "assignments", headers=JSON),
    "a dry run by names": create(
        configurationId=WIFI_HQ, groupName="sg-pilot", dryRun=True, justification="New building"
    ),
    "a list": by_id("list_assignments", "GET", RESTRICTIONS),
    "one assignment": by_id("get_assignment", "GET", RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}"),
    "deleted": by_id("delete_assignment", "DELETE", RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}"),
    "gone": by_id("delete_assignment", "DELETE", WIFI_HQ, f"{WIFI_HQ}_{PILOT}"),
    "a bad address": by_id("delete_assignment", "DELETE", WIFI_HQ, "1"),
    "a drop-down": Case("list_configurations", "GET", "configurations?search=wi-fi", headers=OWN_ID, varying=CHANGING),
    "a search that is too short": Case("list_groups", "GET", "groups?search=S", headers=OWN_ID),
    "no filters": Case("list_filters", "GET", "filters", headers=OWN_ID),
    "health": Case("get_health", "GET", "health", headers=OWN_ID),
    "its page": Case("get_docs", "GET", "docs"),
    "a file of its page": Case("get_docs_asset", "GET", "docs/docs.css", {"asset": "docs.css"}),
    "a file that its page does not have": Case("get_docs_asset", "GET", "docs/host.json", {"asset": "host.json"}),
    "its description": Case("get_openapi", "GET", "openapi.json", headers=OWN_ID),
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.running() as stack:
        yield stack


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Gateway]:
    with stack.gateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Iterator[WorkerLibrary]:
    environment = {**sample_settings(), **stack.settings, "WEBSITE_HOSTNAME": "127.0.0.1:7071"}
    with WorkerLibrary(ROOT, environment) as worker:
        yield worker


def test_the_worker_finds_the_functions_that_the_sandbox_serves(worker: WorkerLibrary) -> None:
    metadata = worker.metadata()
    assert (metadata["status"], metadata["error"]) == ("Success", None)
    found = sorted(metadata["functions"], key=lambda function: str(function["name"]))
    assert found == [
        {"name": function.name, "directory": function.directory, "bindings": list(function.bindings)}
        for function in index(ROOT)
    ]
    assert [function["name"] for function in found] == [
        "clean_operations",
        "create_assignment",
        "delete_assignment",
        "get_assignment",
        "get_docs",
        "get_docs_asset",
        "get_health",
        "get_openapi",
        "get_operation",
        "get_swagger",
        "list_assignments",
        "list_configurations",
        "list_filters",
        "list_groups",
        "list_operations",
        "process_operation",
        "receive_webhook",
        "sweep_operations",
    ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_worker_and_the_sandbox_answer_alike(
    stack: Stack, gateway: Gateway, worker: WorkerLibrary, case: Case
) -> None:
    stack.reset()
    request = case.request(gateway.client)
    from_worker: Answer = worker.invoke(case.function, request, case.route_params)
    stack.reset()
    from_host: httpx.Response = gateway.client.send(request)
    assert differences(from_worker, from_host, case.varying) == []


def test_a_created_assignment_is_graphs_own_answer_in_the_worker_too(
    stack: Stack, gateway: Gateway, worker: WorkerLibrary
) -> None:
    stack.reset()
    case = CASES["created"]
    answer = worker.invoke(case.function, case.request(gateway.client), case.route_params)
    assert answer.status == 201
    assert json.loads(answer.body)["id"] == f"{WIFI_HQ}_{PILOT}"
    assert answer.headers["location"].startswith("http://127.0.0.1:7071/api/configurations/")
