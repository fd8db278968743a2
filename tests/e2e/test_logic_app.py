"""The sample for Logic Apps asks for what the gateway offers, and makes of each answer what its guide says."""

import json
import re
from collections.abc import Mapping
from typing import get_args

import httpx
import pytest

from sandbox.functions_index import index, path_segments, route_prefix
from sandbox.programs import ROOT
from sandbox.tenant import CONFIGURATIONS, PILOT, RESTRICTIONS, WIFI_HQ
from shared.errors import Throttled
from shared.gateway_error import DEFAULT_RETRY_AFTER_SECONDS
from shared.schemas import AssignmentRequest
from shared.telemetry import Outcome
from tests.e2e.logic_app import Run
from tests.e2e.stack import Gateway, Json, Stack

DEFINITION: Json = json.loads((ROOT / "connectors/logic-apps/workflow.json").read_text("utf-8"))["definition"]
CALL = DEFINITION["actions"]["Assign_a_configuration"]
SWITCH = DEFINITION["actions"]["What_happened"]
INPUT = DEFINITION["triggers"]["Request"]["inputs"]["schema"]

WIFI, LIMITS = (str(configuration["displayName"]) for configuration in CONFIGURATIONS[:2])
ASKED = {
    "configurationName": WIFI,
    "groupName": "SG-Pilot",
    "ticket": "INC0012345",
    "requestedBy": "ada@example.com",
    "dryRun": False,
}
SYNCHRONOUS_CALL_SECONDS = 120  # Logic Apps ends a synchronous call then, its own and its caller's: facts.md §4


def run(client: httpx.Client, asked: Mapping[str, object], base: str) -> Json:
    played = Run(client, asked, {"gateway": base.removesuffix("/api/"), "audience": "api://gateway"})
    played.play(DEFINITION["actions"])
    assert isinstance(played.answer, dict)
    return played.answer


def answer_of(gateway: Gateway, asked: Mapping[str, object]) -> Json:
    return run(gateway.client, asked, str(gateway.client.base_url))


def seconds(duration: str) -> int:
    [found] = re.findall(r"^PT(\d+)S$", duration)
    return int(found)


def test_it_calls_an_operation_that_the_gateway_has_with_fields_and_headers_that_it_reads() -> None:
    base = Run(httpx.Client(), ASKED, {"gateway": "https://gateway.example", "audience": "api://gateway"})
    inputs = base.evaluated(CALL["inputs"])
    segments = path_segments(httpx.URL(inputs["uri"]).path)
    matching = [
        function.name
        for function in index(ROOT)
        if function.allows(inputs["method"]) and function.route(route_prefix(ROOT)).match(segments) is not None
    ]
    assert matching == ["create_assignment"]
    assert AssignmentRequest.parse(inputs["body"]).model_dump(by_alias=True, exclude_none=True) == {
        **ASKED,
        "targetType": "group",
    }
    assert inputs["authentication"] == {"type": "ManagedServiceIdentity", "audience": "api://gateway"}
    assert inputs["headers"].keys() == {"Content-Type", "Prefer"}


def test_what_its_caller_leaves_out_is_refused_and_never_made_up() -> None:
    assert DEFINITION["triggers"]["Request"]["operationOptions"] == "EnableSchemaValidation"
    assert INPUT["additionalProperties"] is False
    assert set(INPUT["required"]) == INPUT["properties"].keys() == ASKED.keys() == CALL["inputs"]["body"].keys()


def test_all_its_tries_fit_into_the_time_that_its_caller_waits() -> None:
    policy, wait = CALL["inputs"]["retryPolicy"], int(CALL["inputs"]["headers"]["Prefer"].removeprefix("wait="))
    pause = seconds(policy["interval"])
    longest = (policy["count"] + 1) * wait + policy["count"] * pause
    assert policy["type"] == "fixed"
    assert pause >= DEFAULT_RETRY_AFTER_SECONDS
    assert longest < seconds(CALL["limit"]["timeout"]) < SYNCHRONOUS_CALL_SECONDS


def test_its_outcomes_are_the_gateways() -> None:
    named = set(re.findall(r"'([a-z]+)'", DEFINITION["actions"]["Outcome"]["inputs"].replace("'dryRun'", "")))
    assert named == {"created", "unchanged", "planned", "refused", "failed", Throttled.code}
    assert named - {Throttled.code} <= set(get_args(Outcome))
    assert {case["case"] for case in SWITCH["cases"].values()} == named - {"refused", "failed"}


def test_created(gateway: Gateway, stack: Stack) -> None:
    assignment = f"{WIFI_HQ}_{PILOT}"
    answer = answer_of(gateway, ASKED)
    assert (answer["statusCode"], answer["body"]) == (201, {"outcome": "created", "assignmentId": assignment})
    assert [stored["id"] for stored in stack.graph.assignments()] == [assignment]


def test_unchanged(gateway: Gateway) -> None:
    answer = answer_of(gateway, {**ASKED, "configurationName": LIMITS})
    assignment = f"{RESTRICTIONS}_{PILOT}"
    assert (answer["statusCode"], answer["body"]) == (200, {"outcome": "unchanged", "assignmentId": assignment})


def test_planned(gateway: Gateway, stack: Stack) -> None:
    answer = answer_of(gateway, {**ASKED, "dryRun": True})
    assert answer["statusCode"] == 200
    assert answer["body"] == {
        "outcome": "planned",
        "would": "wouldCreate",
        "configuration": WIFI,
        "group": "SG-Pilot",
        "memberCount": 12,
    }
    assert stack.graph.assignments() == []


def test_a_dry_run_of_what_is_there_already(gateway: Gateway) -> None:
    answer = answer_of(gateway, {**ASKED, "configurationName": LIMITS, "dryRun": True})
    assert (answer["statusCode"], answer["body"]["would"]) == (200, "unchanged")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"groupName": "SG-Nobody"}, 404, "group-not-found"),
        ({"groupName": "SG-Twin"}, 409, "ambiguous-name"),
        ({"groupName": None}, 422, "invalid-request"),
    ],
)
def test_refused(gateway: Gateway, stack: Stack, asked: dict[str, object], status: int, code: str) -> None:
    answer = answer_of(gateway, {**ASKED, **asked})
    assert (answer["statusCode"], answer["body"]["outcome"]) == (status, "refused")
    assert answer["body"]["problem"]["code"] == code
    assert stack.graph.requests("POST") == []


def test_refused_by_the_host_without_a_word(gateway: Gateway) -> None:
    with httpx.Client() as without_a_key:
        answer = run(without_a_key, ASKED, str(gateway.client.base_url))
    assert (answer["statusCode"], answer["body"]) == (401, {"outcome": "refused", "problem": None})


@pytest.mark.parametrize("status", [429, 503])
def test_throttled(gateway: Gateway, stack: Stack, status: int) -> None:
    stack.graph.keep_failing(kind="status", method="GET", path="/deviceConfigurations", status=status, retryAfter="30")
    answer = answer_of(gateway, ASKED)
    assert (answer["statusCode"], answer["body"]["outcome"]) == (status, "throttled")
    assert answer["headers"]["Retry-After"] == "30"
    assert answer["body"]["problem"]["retryable"] is True


def test_failed(gateway: Gateway, stack: Stack) -> None:
    stack.graph.keep_failing(kind="status", method="GET", path="/deviceConfigurations", status=403)
    answer = answer_of(gateway, ASKED)
    assert (answer["statusCode"], answer["body"]["outcome"]) == (424, "failed")
    assert answer["body"]["problem"]["code"] == "graph-forbidden"


def test_a_gateway_that_does_not_answer_has_failed(gateway: Gateway) -> None:
    answer = run(gateway.client, ASKED, "http://127.0.0.1:9")
    assert (answer["statusCode"], answer["body"]) == (504, {"outcome": "failed", "problem": None})
