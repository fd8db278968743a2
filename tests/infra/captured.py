"""Audit events as a real gateway logs them, one of each kind that alerts and pictures tell apart."""

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.programs import stores
from sandbox.tenant import CORPORATE_WINDOWS, PILOT, RESTRICTIONS, SALES, WIFI_HQ
from tests.e2e.deliveries import TAKEN, ask, deliver, pass_time, payload, put_off, start_timer
from tests.e2e.principals import ENTRA, WRITE, principal, user
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Json, Stack

CLAIMS = {"ticket": "INC0012345", "requestedBy": "ana@example.com", "justification": "New building"}
RUN = {"x-ms-workflow-run-id": "08584794562149031746598135021CU11"}
WITH_FILTER = {"configurationId": WIFI_HQ, "groupId": SALES, "filterId": CORPORATE_WINDOWS, "filterMode": "include"}
LATER = {"kind": "status", "method": "GET", "status": 429, "headers": {"Retry-After": "300"}}


def captured(stack: Stack, folder: Path) -> Mapping[str, Json]:
    """Have two gateways do and refuse all that; the second one is stopped and has no store."""
    with stack.gateway(**TAKEN, **stores(folder), ASSIGNMENT_FILTERS="beta") as gateway:
        events = {**_answered(gateway), **_failing(gateway, stack), **_accepted(gateway, stack, folder)}
    with stack.gateway(**TAKEN, **ENTRA, **stores(folder / "nowhere"), WRITES_ENABLED="false") as stopped:
        stack.reset()
        events["stopped"] = stopped.audit(stopped.create(MAIN_JOB, **principal(user(WRITE))))
        events["store"] = stopped.audit(deliver(stopped, "zendesk"))
    return events


def _answered(gateway: Gateway) -> dict[str, Json]:
    collection = {"targetType": "configurationManagerCollection", "collectionId": "SMS00001"}
    scope_tag = {"targetType": "scopeTagGroup", "scopeTagTargetType": "user", "entraObjectId": PILOT}
    by_name = {"configurationName": 'Bob\'s "kiosk"', "groupName": "sg-pilot"}
    filtered = {"filterName": "Corporate Windows", "filterMode": "include"}
    answers = {
        "created": gateway.create({**MAIN_JOB, **CLAIMS}, **RUN),
        "unchanged": gateway.create(MAIN_JOB),
        "planned": gateway.create({**by_name, **filtered, "dryRun": True}),
        "scope tag": gateway.create({"configurationId": WIFI_HQ, **scope_tag}),
        "refused": gateway.create({"configurationId": WIFI_HQ, **collection}),
        "deleted": gateway.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}", **CLAIMS),
        "listed": gateway.assignments(RESTRICTIONS),
        "forged": deliver(gateway, "zendesk", secret="guessed"),
        "ignored": deliver(gateway, "github", payload("github").replace(b'"labeled"', b'"unlabeled"')),
    }
    return {kind: gateway.audit(answer) for kind, answer in answers.items()}


def _failing(gateway: Gateway, stack: Stack) -> dict[str, Json]:
    events = {}
    for kind, fault in {
        "unavailable": {**LATER, "status": 503},
        "throttled": LATER,
        "forbidden": {"kind": "status", "method": "GET", "status": 403},
        "unknown": {"kind": "status", "method": "POST", "status": 503},
    }.items():
        stack.reset()
        stack.graph.keep_failing(**fault)
        events[kind] = gateway.audit(gateway.create(MAIN_JOB, **HASTY))
    stack.reset()
    stack.graph.tell("filters", {"answer": "dropped"})
    events["filter"] = gateway.audit(gateway.create(WITH_FILTER))
    stack.reset()
    return events


def _accepted(gateway: Gateway, stack: Stack, folder: Path) -> dict[str, Json]:
    """Have one event's work put off, forgotten, found by the sweep and given up; one's done; and one's put off."""
    file = folder / "operations.sqlite"
    stack.graph.keep_failing(**LATER)
    accepted = deliver(gateway, "zendesk")
    given_up = accepted.json()["operationId"]
    _line(gateway, given_up, "accepted")
    assert put_off(file, given_up)
    ask(file, "DELETE FROM messages")
    pass_time(file, attempts=9)
    start_timer(gateway, "sweep_operations")
    found = {"accepted": gateway.audit(accepted), "given up": _line(gateway, given_up, "finished")}
    found["forgotten"] = json.loads(gateway.output.lines_with('"sweep_operations"')[-1].partition("audit: ")[2])
    found["put off"] = _line(gateway, deliver(gateway, "pagerduty").json()["operationId"], "accepted")
    stack.reset()
    found["done"] = _line(gateway, deliver(gateway, "jira").json()["operationId"], "finished")
    return found


def _line(gateway: Gateway, operation_id: str, state: str) -> Json:
    """Wait for the event of a try that leaves an operation in this state."""
    line = gateway.output.lines_with(f'"operationId": "{operation_id}", "operationState": "{state}"')[-1]
    event: Json = json.loads(line.partition("gateway.audit: ")[2])
    return event
