"""What docs/operations.md has operators do: stopping all changes, rotating a secret, bringing an assignment back."""

import json
import re
from pathlib import Path

import pytest

from sandbox.programs import ROOT, stores
from sandbox.tenant import CORPORATE_WINDOWS, IOS_BASELINE, NO_FILTER, PILOT, RESTRICTIONS, WIFI_HQ
from tests.e2e.deliveries import DOCUMENT, TAKEN, deliver, finished, pass_time, payload, put_off
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, problem

GUIDE = (ROOT / "docs" / "operations.md").read_text("utf-8")
RESTORED = dict(re.findall(r"^\| `(\w+)` \| `(\w+)`[^|]*\|$", GUIDE.partition("| In `target` |")[2], re.MULTILINE))
PLACES = (WIFI_HQ, RESTRICTIONS, IOS_BASELINE)
OPEN = json.dumps({"rules": [{"callers": ["*"], "targets": ["*"]}]})
SCOPE_TAG = {"targetType": "scopeTagGroup", "scopeTagTargetType": "user", "entraObjectId": PILOT}
FILTERED = {"groupId": PILOT, "filterId": CORPORATE_WINDOWS, "filterMode": "include"}
COLLECTION = {"targetType": "configurationManagerCollection", "collectionId": "SMS00001"}


UNFETCHED = "@Microsoft.KeyVault(SecretUri=https://vault.vault.azure.net/secrets/ZENDESK-SECRET)"
"""What the platform leaves in a setting whose secret is not there, or disabled."""

NOTHING = (None, "none", NO_FILTER)
"""How Graph spells that an assignment has no filter."""


def said(target: Json) -> Json:
    """Give what a target says, without what it does not have."""
    return {name: value for name, value in target.items() if value not in NOTHING}


def assigned(stack: Stack) -> list[tuple[str, str, Json]]:
    stored = [(place, each) for place in PLACES for each in stack.graph.assignments(place)]
    return sorted((place, each["id"], said(each["target"])) for place, each in stored)


def as_the_handbook_says(event: Json) -> Json:
    """Make the request that brings a removed assignment back, by the table in the handbook."""
    target = event["removed"]["target"]
    kind = target["@odata.type"].removeprefix("#").removeprefix("microsoft.graph.").removesuffix("AssignmentTarget")
    kept = {
        name: value for name, value in target.items() if name in RESTORED and value not in (None, "none", NO_FILTER)
    }
    renamed = {RESTORED[name]: value for name, value in kept.items()}
    return {"configurationId": event["configurationId"], "targetType": kind, **renamed}


def test_the_handbooks_table_has_every_property_that_an_assignment_has() -> None:
    assert RESTORED == {
        "groupId": "groupId",
        "collectionId": "collectionId",
        "deviceAndAppManagementAssignmentFilterId": "filterId",
        "deviceAndAppManagementAssignmentFilterType": "filterMode",
        "targetType": "scopeTagTargetType",
        "entraObjectId": "entraObjectId",
    }


def test_every_kind_of_removed_assignment_is_brought_back_from_its_event(stack: Stack) -> None:
    with stack.gateway(GUARDRAILS=OPEN, ASSIGNMENT_FILTERS="beta") as gateway:
        for fields in (SCOPE_TAG, COLLECTION, FILTERED):
            assert gateway.create({"configurationId": WIFI_HQ, **fields}).status_code == 201
        before = assigned(stack)
        deleted = [gateway.delete(place, identifier) for place, identifier, _ in before]
        events = [gateway.audit(each) for each in deleted]
        assert assigned(stack) == []
        for event in events:
            restored = gateway.create(as_the_handbook_says(event))
            assert restored.headers["assignment-outcome"] == "created", restored.text
        assert assigned(stack) == before
    kinds = {event["removed"]["target"]["@odata.type"].rpartition(".")[2] for event in events}
    assert len(kinds) == 5, kinds


def test_the_stop_holds_for_every_write_and_for_no_read(stack: Stack) -> None:
    with stack.gateway(WRITES_ENABLED="false", GUARDRAILS=OPEN) as stopped:
        problem(stopped.create(MAIN_JOB), 403, "writes-disabled")
        problem(stopped.create({**MAIN_JOB, "dryRun": True}), 403, "writes-disabled")
        problem(stopped.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}"), 403, "writes-disabled")
        assigned = stopped.create({"configurationId": RESTRICTIONS, "groupId": PILOT})
        assert assigned.headers["assignment-outcome"] == "unchanged"
        assert stopped.assignments(RESTRICTIONS).status_code == 200
    assert [each["method"] for each in stack.graph.requests() if each["method"] != "GET"] == []


def test_the_stop_holds_for_work_that_was_accepted_before_it_and_that_can_be_done_after_it(
    gateway: Gateway, stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "operations.sqlite"
    stack.graph.fail(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    with stack.gateway(**TAKEN, **stores(tmp_path)) as before:
        accepted = deliver(before, "zendesk").json()["operationId"]
        assert put_off(file, accepted)
    with stack.gateway(**TAKEN, **stores(tmp_path), WRITES_ENABLED="false") as stopped:
        pass_time(file)
        told = finished(stopped, f"operations/{accepted}")
        assert (told["outcome"], told["problem"]["code"]) == ("refused", "writes-disabled")
        assert deliver(stopped, "zendesk").json()["operationId"] == accepted
        assert finished(stopped, f"operations/{accepted}") == told
    assert stack.graph.requests("POST") == []
    assert gateway.create(told["request"]).headers["assignment-outcome"] == "created"


@pytest.fixture
def rotating() -> dict[str, str]:
    document = json.loads(DOCUMENT)
    document["sources"] = {"zendesk": document["sources"]["zendesk"]}
    document["sources"]["zendesk"]["verify"]["secrets"] = ["ZENDESK_SECRET_1", "ZENDESK_SECRET_2"]
    return {"WEBHOOKS": json.dumps(document)}


def test_a_secret_is_rotated_without_a_webhook_that_is_turned_away(stack: Stack, rotating: dict[str, str]) -> None:
    def sent(gateway: Gateway, number: int, secret: str) -> int:
        body = payload("zendesk").replace(b"35436", str(number).encode())
        return deliver(gateway, "zendesk", body, secret).status_code

    with stack.gateway(**rotating, ZENDESK_SECRET_1="old", ZENDESK_SECRET_2=UNFETCHED) as gateway:
        assert [sent(gateway, 1, "old"), sent(gateway, 2, "new"), sent(gateway, 3, UNFETCHED)] == [202, 401, 401]
    with stack.gateway(**rotating, ZENDESK_SECRET_1="old", ZENDESK_SECRET_2="new") as gateway:
        assert [sent(gateway, 4, "old"), sent(gateway, 5, "new")] == [202, 202]
    with stack.gateway(**rotating, ZENDESK_SECRET_1=UNFETCHED, ZENDESK_SECRET_2="new") as gateway:
        assert [sent(gateway, 6, "old"), sent(gateway, 7, "new"), sent(gateway, 8, UNFETCHED)] == [401, 202, 401]
