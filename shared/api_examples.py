"""Examples in the API documents: requests, answers and one problem of each kind. Pure."""

from collections.abc import Mapping
from typing import Any

from shared.answers import Problem
from shared.api_problems import ERRORS, WHEN
from shared.api_texts import (
    EXAMPLE_ASSIGNMENT,
    EXAMPLE_CONFIGURATION,
    EXAMPLE_FILTER,
    EXAMPLE_GROUP,
    EXAMPLE_OPERATION,
    EXAMPLE_REQUEST_ID,
    REQUEST,
)
from shared.details import Choice, FieldError

Examples = dict[str, dict[str, Any]]

CONFIGURATION = {"id": EXAMPLE_CONFIGURATION, "name": REQUEST["configurationName"].example}
TARGET = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": EXAMPLE_GROUP}
ASSIGNMENT = {
    "@odata.type": "#microsoft.graph.deviceConfigurationAssignment",
    "id": EXAMPLE_ASSIGNMENT,
    "target": TARGET,
}
ADDRESS = f"https://graph.microsoft.com/v1.0/deviceManagement/deviceConfigurations/{EXAMPLE_CONFIGURATION}/assignments"
TRIED = {"rule": "default: narrow targets", "configuration": CONFIGURATION}
CREATION = {
    "outcome": "wouldCreate",
    **TRIED,
    "request": {"method": "POST", "url": ADDRESS, "body": {key: ASSIGNMENT[key] for key in ("@odata.type", "target")}},
    "target": {**TARGET, "name": "SG-Pilot"},
    "memberCount": 12,
    "existing": [],
}
DELETION = {
    "outcome": "wouldDelete",
    **TRIED,
    "request": {"method": "DELETE", "url": f"{ADDRESS}/{EXAMPLE_ASSIGNMENT}"},
    "target": TARGET,
    "existing": [ASSIGNMENT],
}


def _example(summary: str, value: object) -> dict[str, Any]:
    return {"summary": summary, "value": value}


REQUESTS: Examples = {
    "byIds": _example(
        "A group, by ids", {"configurationId": EXAMPLE_CONFIGURATION, "groupId": EXAMPLE_GROUP, "ticket": "INC0012345"}
    ),
    "byNames": _example(
        "A dry run, by names",
        {
            "configurationName": CONFIGURATION["name"],
            "groupName": "SG-Pilot",
            "dryRun": True,
            "requestedBy": "adele@contoso.com",
            "justification": "New building opens on Monday.",
        },
    ),
    "withFilter": _example(
        "A group, those of its devices alone that a filter hits",
        {
            "configurationId": EXAMPLE_CONFIGURATION,
            "groupId": EXAMPLE_GROUP,
            "filterId": EXAMPLE_FILTER,
            "filterMode": "include",
        },
    ),
    "exclusion": _example(
        "A group that is left out",
        {"configurationId": EXAMPLE_CONFIGURATION, "targetType": "exclusionGroup", "groupName": "SG-Pilot"},
    ),
}

EVENTS: Examples = {
    "approved": _example(
        "A ticket is approved",
        {"event": "approved", "configuration": CONFIGURATION["name"], "group": "SG-Pilot", "ticket": "INC0012345"},
    )
}
ASKED = {"configurationId": EXAMPLE_CONFIGURATION, "groupId": EXAMPLE_GROUP, "ticket": "INC0012345"}
WAITING = {
    "id": EXAMPLE_OPERATION,
    "state": "accepted",
    "caller": "webhook:jira",
    "ticket": "INC0012345",
    "request": ASKED,
    "attempts": 0,
    "created": "2026-11-23T09:00:00.000+00:00",
    "updated": "2026-11-23T09:00:00.000+00:00",
}
DONE = {**WAITING, "state": "finished", "outcome": "created", "attempts": 1, "assignment": ASSIGNMENT}

SUCCESSES: Mapping[str, Mapping[int, Examples]] = {
    "create_assignment": {
        200: {
            "unchanged": _example("It was assigned already", ASSIGNMENT),
            "planned": _example("A dry run", CREATION),
        },
        201: {"created": _example("It was created", ASSIGNMENT)},
    },
    "list_assignments": {
        200: {"one": _example("One assignment", {"value": [{**ASSIGNMENT, "groupName": "SG-Pilot"}]})}
    },
    "get_assignment": {200: {"one": _example("An assignment", ASSIGNMENT)}},
    "delete_assignment": {200: {"planned": _example("A dry run", DELETION)}},
    "list_configurations": {200: {"one": _example("One configuration", {"value": [CONFIGURATION]})}},
    "list_groups": {200: {"one": _example("One group", {"value": [{"id": EXAMPLE_GROUP, "name": "SG-Pilot"}]})}},
    "list_filters": {
        200: {"one": _example("One filter", {"value": [{"id": EXAMPLE_FILTER, "name": "Corporate Windows"}]})}
    },
    "receive_webhook": {
        200: {
            "ignored": _example("It does not count", {"outcome": "ignored"}),
            "planned": _example("A dry run", {"outcome": "wouldAccept", "request": ASKED}),
        },
        202: {"accepted": _example("It is kept", {"outcome": "accepted", "operationId": EXAMPLE_OPERATION})},
    },
    "get_operation": {
        200: {"finished": _example("It is done", DONE)},
        202: {"accepted": _example("It waits", WAITING)},
    },
    "list_operations": {200: {"one": _example("One operation", {"value": [DONE]})}},
    "get_health": {200: {"ready": _example("Ready", {"status": "ready"})}},
}

_ERRORS = {
    "invalid-request": [FieldError("groupId", "is required with targetType group, or groupName in its place")],
    "guardrail": [FieldError("targetType", "must be one of group, exclusionGroup, scopeTagGroup")],
    "misconfigured": [FieldError("AUTH_MODE", "must be key or entra")],
}
_CANDIDATES = [Choice(EXAMPLE_GROUP, "SG-Twin"), Choice(EXAMPLE_GROUP.replace("1", "2"), "SG-Twin")]


def problem_example(code: str) -> dict[str, Any]:
    """Give a problem of this kind."""
    candidates = _CANDIDATES if code == "ambiguous-name" else []
    error = ERRORS[code](WHEN[code], errors=_ERRORS.get(code, []), candidates=candidates)
    problem = Problem.of(error, EXAMPLE_REQUEST_ID).model_dump(by_alias=True, exclude_none=True)
    return _example(error.title, problem)
