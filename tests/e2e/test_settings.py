"""What the settings do, and how the app says which of them are missing or wrong."""

import json
from datetime import timedelta

from sandbox.tenant import WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway, Stack, problem

CLIENT_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ALL_DEVICES_ALLOWED = json.dumps({"rules": [{"callers": ["*"], "targets": ["allDevices"]}]})
TO_ALL_DEVICES = {"configurationId": WIFI_HQ, "targetType": "allDevices"}


def test_health_answers_anybody_once_the_settings_are_right(gateway: Gateway) -> None:
    response = gateway.health()
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_health_names_every_setting_that_is_missing_or_wrong_and_no_value(stack: Stack) -> None:
    settings = {
        "AUTH_MODE": "none",
        "AZURE_CLIENT_ID": "secret-1",
        "GRAPH_BASE_URL": "http://secret-2.example",
        "GRAPH_CLOUD": "secret-3",
        "GUARDRAILS": '{"rules": [{"callers": ["*"], "targets": ["group", "secret-4"]}], "secret": 5}',
        "IDENTITY_ENDPOINT": "",
        "IDENTITY_HEADER": " ",
        "REQUEST_DEADLINE_SECONDS": "221",
        "REQUIRE_GROUP_CHECK": "secret-6",
        "WRITES_ENABLED": "no",
    }
    with stack.gateway(**settings) as gateway:
        response = gateway.health()
        problem(gateway.create(MAIN_JOB), 424, "misconfigured")
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (503, 503, "misconfigured")
    assert {error["field"] for error in body["errors"]} == {
        *(settings.keys() - {"GUARDRAILS"}),
        "GUARDRAILS.rules.0.targets.1",
        "GUARDRAILS.secret",
    }
    assert "secret-" not in response.text
    assert stack.graph.requests() == []


def test_guardrails_open_what_they_name_and_nothing_else(stack: Stack) -> None:
    with stack.gateway(GUARDRAILS=ALL_DEVICES_ALLOWED) as gateway:
        assert gateway.create(TO_ALL_DEVICES).status_code == 201
        problem(gateway.create(MAIN_JOB), 403, "guardrail")


def test_the_cloud_decides_for_which_graph_the_system_assigned_identity_gets_its_token(stack: Stack) -> None:
    with stack.gateway(GRAPH_CLOUD="usgov-dod") as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
    assert {entry["audience"] for entry in stack.graph.requests()} == {"https://dod-graph.microsoft.us"}
    [token_request] = stack.identity.requests()
    assert token_request["query"]["resource"] == "https://dod-graph.microsoft.us"
    assert "client_id" not in token_request["query"]


def test_the_user_assigned_identity_is_asked_for_by_its_client_id(stack: Stack) -> None:
    with stack.gateway(AZURE_CLIENT_ID=CLIENT_ID) as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
    assert {entry["audience"] for entry in stack.graph.requests()} == {"https://graph.microsoft.com"}
    [token_request] = stack.identity.requests()
    assert token_request["query"]["client_id"] == CLIENT_ID


def test_the_deadline_is_a_setting_that_a_caller_cannot_lengthen(stack: Stack) -> None:
    stack.graph.fail(kind="delay", method="POST", seconds=5, when="after")
    with stack.gateway(REQUEST_DEADLINE_SECONDS="1") as gateway:
        response = gateway.create(MAIN_JOB, Prefer="wait=60")
    assert (response.status_code, response.headers["assignment-outcome"]) == (201, "created")
    assert response.elapsed < timedelta(seconds=3)
