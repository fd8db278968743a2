"""requests.http has a request for every operation, and each of them succeeds when sent from top to bottom."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.functions_index import index
from sandbox.programs import ROOT
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.stack import Gateway, Stack

SECRET = "made-up"
TEXT = (ROOT / "requests.http").read_text("utf-8")
DOCUMENTS = {"get_openapi", "get_swagger", "get_docs", "get_docs_asset"}  # for a browser, not for an editor


@dataclass(frozen=True)
class Written:
    """One request as it stands in the file, with the variables filled in."""

    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: str


def written_requests(variables: dict[str, str]) -> list[Written]:
    """Read the file as its editors do: requests between `###`, comments, variables in double braces."""
    preamble, *blocks = re.split(r"^###.*\n", TEXT, flags=re.MULTILINE)
    given = dict(re.findall(r"^@(\w+) = (.+)$", preamble, re.MULTILINE))
    assert variables.keys() <= given.keys()
    values = {**given, **variables}
    return [written(re.sub(r"\{\{(\w+)\}\}", lambda use: values[use[1]], block)) for block in blocks]


def written(block: str) -> Written:
    head, _, body = block.partition("\n\n")
    [name] = re.findall(r"^# @name (\w+)$", head, re.MULTILINE)
    [request, *headers] = [line for line in head.splitlines() if not line.startswith("#")]
    method, url = request.split(" ")
    return Written(name, method, url, dict(line.split(": ", 1) for line in headers), body.strip())


def test_every_operation_has_its_request_under_its_own_name() -> None:
    operations = {function.name for function in index(ROOT) if function.trigger["type"] == "httpTrigger"}
    assert sorted(request.name for request in written_requests({})) == sorted(operations - DOCUMENTS)


def test_the_file_is_set_for_the_sandbox() -> None:
    assert f"@gateway = http://127.0.0.1:7071/api\n@key = {FUNCTION_KEY}\n" in TEXT


@pytest.fixture
def desk_gateway(stack: Stack) -> Iterator[Gateway]:
    """Give one that takes webhooks of the source that the file has."""
    fields = {"configurationId": "configuration", "groupId": "group", "dryRun": "`true`"}
    proof = {"scheme": "shared-secret", "secrets": ["DESK_SECRET"], "header": "X-Secret"}
    source = {"verify": proof, "when": "`true`", "map": fields, "ticket": "ticket"}
    with stack.gateway(WEBHOOKS=json.dumps({"sources": {"desk": source}}), DESK_SECRET=SECRET) as gateway:
        yield gateway


def test_each_request_succeeds_when_they_are_sent_from_top_to_bottom(desk_gateway: Gateway, stack: Stack) -> None:
    gateway = desk_gateway
    event = {"configuration": WIFI_HQ, "group": PILOT, "ticket": "INC0012345"}
    accepted = gateway.client.post("webhooks/desk", json=event, headers={"X-Secret": SECRET})
    here = {
        "gateway": str(gateway.client.base_url).removesuffix("/"),
        "secret": SECRET,
        "operationId": accepted.json()["operationId"],
    }
    for request in written_requests(here):
        response = httpx.request(request.method, request.url, headers=request.headers, content=request.body)
        assert response.is_success, f"{request.name}: {response.text}"
    assert [entry["method"] for entry in stack.graph.requests() if entry["method"] != "GET"] == ["POST", "DELETE"]
