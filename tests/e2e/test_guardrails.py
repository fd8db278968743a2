"""The guardrails at work: what they read, whom they show what, and where their verdict can be found again."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.tenant import ALL_DEVICES, CORPORATE_WINDOWS, IOS_BASELINE, PILOT, RESTRICTIONS, SALES, WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, problem

PILOTS = {
    "name": "pilots",
    "callers": ["key"],
    "actions": ["create", "read"],
    "configurations": ["win11*", RESTRICTIONS],
    "targets": ["group", "exclusionGroup", "scopeTagGroup"],
    "groups": ["SG-P*"],
    "maxMembers": 12,
    "requireTicket": "INC[0-9]{7}",
}
CLEANING = {
    "name": "cleaning",
    "callers": ["*"],
    "actions": ["delete"],
    "targets": ["group"],
    "groups": ["SG-*"],
    "requireJustification": True,
}
TICKET = {"ticket": "INC0012345"}


@pytest.fixture(scope="module")
def running_narrow_gateway(running_stack: Stack) -> Iterator[Gateway]:
    document = json.dumps({"rules": [PILOTS, CLEANING]})
    with running_stack.gateway(GUARDRAILS=document, ASSIGNMENT_FILTERS="beta") as gateway:
        yield gateway


@pytest.fixture
def narrow(running_narrow_gateway: Gateway, stack: Stack) -> Gateway:  # noqa: ARG001 - the emulators start from the seed
    return running_narrow_gateway


def missing(response: httpx.Response) -> list[str]:
    """Give the fields of rules that a refusal names."""
    return [error["field"] for error in problem(response, 403, "guardrail")["errors"]]


def counted(stack: Stack) -> int:
    return len([entry for entry in stack.graph.requests() if entry["path"].endswith("$count")])


def test_the_rule_that_lets_an_assignment_through_stands_in_its_audit_event(narrow: Gateway, stack: Stack) -> None:
    response = narrow.create({**MAIN_JOB, **TICKET})
    assert response.status_code == 201
    assert narrow.audit(response)["rule"] == "pilots"
    assert counted(stack) == 1


def test_all_refusals_of_a_request_are_told_together_and_nothing_is_written(narrow: Gateway, stack: Stack) -> None:
    response = narrow.create({"configurationId": IOS_BASELINE, "targetType": "allDevices"})
    assert missing(response) == [
        "GUARDRAILS.rules.0.configurations",
        "GUARDRAILS.rules.0.targets",
        "GUARDRAILS.rules.0.groups",
        "GUARDRAILS.rules.0.maxMembers",
        "GUARDRAILS.rules.0.requireTicket",
    ]
    event = narrow.audit(response)
    assert len(event["refusals"]) == 5
    assert "allDevices" in event["refusals"][1]
    assert "rule" not in event
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_meets_the_same_verdict(narrow: Gateway, dry_run: bool) -> None:  # noqa: FBT001 - a parameter
    wish = {**MAIN_JOB, "dryRun": dry_run}
    assert missing(narrow.create(wish)) == ["GUARDRAILS.rules.0.requireTicket"]
    allowed = narrow.create({**wish, **TICKET})
    assert allowed.json().get("rule") == ("pilots" if dry_run else None)


def test_a_group_with_more_members_than_the_rule_allows_is_refused(narrow: Gateway, stack: Stack) -> None:
    [big] = stack.graph.add(groups=[{"name": "SG-Production", "members": 13}])["groups"]
    answer = problem(narrow.create({**MAIN_JOB, **TICKET, "groupId": big}), 403, "guardrail")
    assert "13" in answer["errors"][0]["message"]
    assert stack.graph.requests("POST") == []


def test_a_group_whose_members_cannot_be_counted_is_refused(narrow: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/\\$count$", status=403)
    assert missing(narrow.create({**MAIN_JOB, **TICKET}))[0] == "GUARDRAILS.rules.0.maxMembers"
    stack.graph.keep_failing(kind="status", method="GET", path="/\\$count$", status=503)
    problem(narrow.create({**MAIN_JOB, **TICKET}, prefer="wait=1"), 503, "graph-unavailable")
    assert stack.graph.requests("POST") == []


def test_members_are_not_counted_where_no_rule_asks(gateway: Gateway, stack: Stack) -> None:
    assert gateway.create(MAIN_JOB).status_code == 201
    assert counted(stack) == 0


def test_a_group_whose_name_may_not_be_read_is_none_that_a_rule_names(narrow: Gateway, stack: Stack) -> None:
    stack.graph.keep_failing(kind="status", method="GET", path="/groups", status=403)
    answer = problem(narrow.create({**MAIN_JOB, **TICKET}), 403, "guardrail")
    assert answer["errors"][0]["field"] == "GUARDRAILS.rules.0.groups"
    assert PILOT in answer["errors"][0]["message"]


def test_the_object_of_a_scope_tag_is_a_group_to_the_rules_as_well(narrow: Gateway) -> None:
    wish = {"configurationId": WIFI_HQ, "targetType": "scopeTagGroup", "scopeTagTargetType": "user", **TICKET}
    assert "GUARDRAILS.rules.0.groups" in missing(narrow.create({**wish, "entraObjectId": SALES}))


def test_a_deletion_is_judged_by_the_assignment_as_it_is_and_by_the_groups_name(narrow: Gateway, stack: Stack) -> None:
    included = f"{RESTRICTIONS}_{PILOT}"
    why = {"justification": "rolled back"}
    assert "GUARDRAILS.rules.1.requireJustification" in missing(narrow.delete(RESTRICTIONS, included))
    assert "GUARDRAILS.rules.1.targets" in missing(narrow.delete(RESTRICTIONS, f"{RESTRICTIONS}_{SALES}", **why))
    assert "GUARDRAILS.rules.1.groups" in missing(narrow.delete(IOS_BASELINE, f"{IOS_BASELINE}_{ALL_DEVICES}", **why))
    assert stack.graph.requests("DELETE") == []
    response = narrow.delete(RESTRICTIONS, included, **why, ticket="INC1", requestedBy="Ada")
    assert response.status_code == 204
    event = narrow.audit(response)
    assert (event["rule"], event["ticket"], event["requestedBy"]) == ("cleaning", "INC1", "Ada")
    assert event["justification"] == "rolled back"


def test_a_deletion_of_a_group_whose_name_may_not_be_read_is_refused_where_rules_give_names(
    narrow: Gateway, stack: Stack
) -> None:
    stack.graph.keep_failing(kind="status", method="GET", path="/groups", status=403)
    refused = narrow.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}", justification="rolled back")
    assert "GUARDRAILS.rules.1.groups" in missing(refused)
    assert stack.graph.requests("DELETE") == []


def test_a_deletion_can_be_tried(gateway: Gateway, stack: Stack) -> None:
    included = f"{RESTRICTIONS}_{PILOT}"
    tried = gateway.delete(RESTRICTIONS, included, dryRun="true")
    assert (tried.status_code, tried.headers["assignment-outcome"]) == (200, "planned")
    preview: Json = tried.json()
    assert (preview["outcome"], preview["rule"]) == ("wouldDelete", "default: undoing")
    assert preview["target"]["groupId"] == PILOT
    assert preview["request"] == {
        "method": "DELETE",
        "url": f"{stack.graph.url}/v1.0/deviceManagement/deviceConfigurations/{RESTRICTIONS}/assignments/{included}",
    }
    assert stack.graph.requests("DELETE") == []
    gone = gateway.delete(WIFI_HQ, f"{WIFI_HQ}_{PILOT}", dryRun="true")
    assert (gone.status_code, gone.json()["outcome"]) == (200, "unchanged")
    assert gateway.delete(RESTRICTIONS, included, dryRun="false").status_code == 204


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"dryrun": "true"}, "dryrun"),
        ({"dryRun": "1"}, "dryRun"),
        ({"dryRun": ""}, "dryRun"),
        ({"dryRun": ["true", "false"]}, "dryRun"),
        ({"ticket": "x" * 65}, "ticket"),
        ({"requestedBy": " "}, "requestedBy"),
        ({"justification": "x" * 1025}, "justification"),
    ],
)
def test_a_deletion_that_is_not_understood_does_not_delete(
    gateway: Gateway, stack: Stack, query: dict[str, Any], field: str
) -> None:
    answer = problem(gateway.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}", **query), 422, "invalid-request")
    assert [error["field"] for error in answer["errors"]] == [field]
    assert stack.graph.requests() == []


def test_lists_show_what_some_rule_lets_the_caller_use(narrow: Gateway) -> None:
    names = [each["name"] for each in narrow.choices("groups", search="SG").json()["value"]]
    assert names
    assert all(name.startswith("SG-") for name in names)
    ids = {each["id"] for each in narrow.choices("filters").json()["value"]}
    assert CORPORATE_WINDOWS in ids


def test_lists_leave_out_what_no_rule_lets_the_caller_use(stack: Stack) -> None:
    mine = {**PILOTS, "callers": ["*"]}
    others = {**PILOTS, "callers": ["a0000000-0000-4000-8000-000000000001"], "configurations": ["*"], "groups": ["*"]}
    with stack.gateway(GUARDRAILS=json.dumps({"rules": [mine, others]})) as gateway:
        shown = {each["id"] for each in gateway.choices("configurations").json()["value"]}
        assert {WIFI_HQ, RESTRICTIONS} <= shown
        assert IOS_BASELINE not in shown
        assert [each["id"] for each in gateway.choices("groups", search="SG").json()["value"]] == [PILOT]
        [seen] = gateway.assignments(RESTRICTIONS).json()["value"]
        assert seen["target"]["groupId"] == PILOT
        assert gateway.assignments(IOS_BASELINE).json() == {"value": []}
        assert gateway.assignment(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}").status_code == 200
        missing(gateway.assignment(RESTRICTIONS, f"{RESTRICTIONS}_{SALES}"))


def test_a_dry_run_shows_of_what_is_assigned_only_what_the_caller_may_see(narrow: Gateway, stack: Stack) -> None:
    wish = {**MAIN_JOB, **TICKET, "configurationId": RESTRICTIONS, "dryRun": True}
    purpose = {"justification": "rolled back", "dryRun": "true"}
    gone = f"{RESTRICTIONS}_{WIFI_HQ}"

    def shown(response: httpx.Response) -> list[str]:
        assert response.status_code == 200
        return [each["target"]["groupId"] for each in response.json()["existing"]]

    assert len(narrow.assignments(RESTRICTIONS).json()["value"]) == len([PILOT])
    assert shown(narrow.create(wish)) == [PILOT]  # and not that of the group SG-Sales
    assert shown(narrow.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}", **purpose)) == [PILOT]
    assert shown(narrow.delete(RESTRICTIONS, gone, **purpose)) == [PILOT]
    stack.graph.keep_failing(kind="status", method="GET", path="/groups", status=403)
    assert shown(narrow.delete(RESTRICTIONS, gone, **purpose)) == []


def test_who_is_named_by_no_rule_sees_nothing_and_hears_what_it_would_take(stack: Stack) -> None:
    others = json.dumps({"rules": [{**PILOTS, "callers": ["webhook:jira"]}]})
    with stack.gateway(GUARDRAILS=others, ASSIGNMENT_FILTERS="beta") as gateway:
        assert gateway.choices("configurations").json() == {"value": []}
        assert gateway.choices("filters").json() == {"value": []}
        assert gateway.assignments(RESTRICTIONS).json() == {"value": []}
        assert missing(gateway.create(MAIN_JOB)) == ["GUARDRAILS.rules"]


def test_without_a_document_the_log_and_the_event_say_so(gateway: Gateway, stack: Stack) -> None:  # noqa: ARG001 - from the seed
    response = gateway.create(MAIN_JOB)
    assert gateway.audit(response)["rule"] == "default: narrow targets"
    assert len(gateway.output.lines_with("There is no GUARDRAILS document")) == 1
