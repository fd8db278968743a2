"""The story of a flow author who has never seen a GUID: ask, assign, look, take back, by names only."""

from sandbox.tenant import CORPORATE_WINDOWS, PILOT, WIFI_HQ
from tests.e2e.stack import Gateway, Stack

CONFIGURATION = "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ"
WISH = {
    "configurationName": CONFIGURATION,
    "groupName": "SG-Pilot",
    "filterName": "Corporate Windows",
    "filterMode": "include",
    "ticket": "INC0012345",
}
FILTER = {
    "deviceAndAppManagementAssignmentFilterId": CORPORATE_WINDOWS,
    "deviceAndAppManagementAssignmentFilterType": "include",
}
TARGET = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT, **FILTER}


def only(choices: list[dict[str, str]], name: str) -> str:
    [found] = [choice["id"] for choice in choices if choice["name"] == name]
    return found


def test_a_configuration_is_tried_assigned_seen_and_taken_back_by_names_only(
    filtering_gateway: Gateway, stack: Stack
) -> None:
    gateway = filtering_gateway
    chosen = only(gateway.choices("configurations", search="wi-fi").json()["value"], CONFIGURATION)
    assert only(gateway.choices("groups", search="sg").json()["value"], WISH["groupName"]) == PILOT
    assert only(gateway.choices("filters").json()["value"], WISH["filterName"]) == CORPORATE_WINDOWS

    tried = gateway.create({**WISH, "dryRun": True})
    assert (tried.status_code, tried.headers["assignment-outcome"]) == (200, "planned")
    assert tried.json() == {
        "outcome": "wouldCreate",
        "rule": "default: narrow targets",
        "request": {
            "method": "POST",
            "url": f"{stack.graph.url}/beta/deviceManagement/deviceConfigurations/{WIFI_HQ}/assignments",
            "body": {"@odata.type": "#microsoft.graph.deviceConfigurationAssignment", "target": TARGET},
        },
        "configuration": {"id": chosen, "name": CONFIGURATION},
        "target": {**TARGET, "name": "SG-Pilot"},
        "filter": {"id": CORPORATE_WINDOWS, "name": "Corporate Windows"},
        "memberCount": 12,
        "existing": [],
    }
    assert stack.graph.requests("POST") == []

    created = gateway.create(WISH)
    assert (created.status_code, created.headers["assignment-outcome"]) == (201, "created")
    assert {**TARGET, **created.json()["target"]} == created.json()["target"]
    assert gateway.create(WISH).headers["assignment-outcome"] == "unchanged"

    [listed] = gateway.assignments(chosen).json()["value"]
    assert (listed["groupName"], listed["filterName"]) == ("SG-Pilot", "Corporate Windows")
    assert gateway.client.get(created.headers["location"]).content == created.content

    deleted = gateway.delete(chosen, listed["id"])
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert deleted.headers["assignment-outcome"] == "deleted"
    assert gateway.assignments(chosen).json() == {"value": []}
    assert gateway.audit(deleted)["removed"]["target"] == created.json()["target"]
