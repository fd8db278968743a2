"""Configurations and groups by name: exactly one, or a refusal that says what there is."""

import json

import pytest

from sandbox.tenant import (
    BROWSER_MAC,
    BROWSER_WINDOWS,
    FALCON_TEAM,
    KIOSK,
    NEWSLETTER,
    PILOT,
    SALES,
    TWIN_ONE,
    TWIN_TWO,
    WIFI_HQ,
)
from tests.e2e.stack import MAIN_JOB, Gateway, Json, Stack, problem

BY_NAMES = {"configurationName": "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ", "groupName": "SG-Pilot"}
LONGEST = "Ж" * 256


def reads(stack: Stack, kind: str) -> list[Json]:
    """Give the reads of one collection, in their order."""
    return [entry for entry in stack.graph.requests("GET") if entry["path"].split("/")[-1] == kind]


def test_names_and_ids_cost_one_round_of_reads_side_by_side_and_one_write(gateway: Gateway, stack: Stack) -> None:
    for request in (BY_NAMES, MAIN_JOB):
        stack.graph.tell("reset")
        stack.graph.fail(kind="barrier", method="GET", times=2)
        assert gateway.create(request).status_code == 201
        assert [entry["method"] for entry in stack.graph.requests()] == ["GET", "GET", "POST"]


def test_a_filter_is_read_in_the_same_round(filtering_gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="barrier", method="GET", times=3)
    request = {**BY_NAMES, "filterName": "Corporate Windows", "filterMode": "include"}
    assert filtering_gateway.create(request).status_code == 201
    assert [entry["method"] for entry in stack.graph.requests()] == ["GET", "GET", "GET", "POST"]


@pytest.mark.parametrize(
    ("configuration", "group"),
    [
        ("win11 \N{EN DASH} WI-FI \N{EN DASH} hq", "sg-pilot"),
        ("  Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ\t", "\N{NO-BREAK SPACE}SG-PILOT "),
    ],
)
def test_case_and_the_blanks_around_a_name_do_not_matter(
    gateway: Gateway, stack: Stack, configuration: str, group: str
) -> None:
    assert gateway.create({"configurationName": configuration, "groupName": group}).status_code == 201
    assert [each["id"] for each in stack.graph.assignments()] == [f"{WIFI_HQ}_{PILOT}"]


def test_a_name_that_has_blanks_in_graph_is_found_in_a_second_round(gateway: Gateway, stack: Stack) -> None:
    added = stack.graph.add(
        configurations=[{"name": " Edge baseline  "}], groups=[{"name": "SG-Edge\N{NO-BREAK SPACE}"}]
    )
    response = gateway.create({"configurationName": "edge baseline", "groupName": "SG-Edge"})
    assert response.json()["id"] == f"{added['configurations'][0]}_{added['groups'][0]}"
    for kind in ("deviceConfigurations", "groups"):
        first, second = reads(stack, kind)
        assert "$filter" in first["query"]
        assert "$filter" not in second["query"]


def test_every_page_is_read(gateway: Gateway, stack: Stack) -> None:
    stack.graph.tell("paging", {"size": 2})
    added = stack.graph.add(configurations=[{"name": "Z last "}], groups=[{"name": " z last"}])
    response = gateway.create({"configurationName": "z last", "groupName": "Z LAST"})
    assert response.json()["id"] == f"{added['configurations'][0]}_{added['groups'][0]}"
    assert len(reads(stack, "deviceConfigurations")) == 1 + 5
    assert len(reads(stack, "groups")) == 1 + 5


def test_twins_on_different_pages_are_twins(gateway: Gateway, stack: Stack) -> None:
    stack.graph.tell("paging", {"size": 1})
    answer = problem(gateway.create({**BY_NAMES, "groupName": "SG-Twin"}), 409, "ambiguous-name")
    assert [each["id"] for each in answer["candidates"]] == [TWIN_ONE, TWIN_TWO]


def test_an_expansion_that_goes_on_in_pages_is_read_to_its_end(gateway: Gateway, stack: Stack) -> None:
    groups = stack.graph.add(groups=[{"name": f"SG-{number}"} for number in range(5)])["groups"]
    for group in groups:
        assert gateway.create({"configurationId": WIFI_HQ, "groupId": group}).status_code == 201
    stack.graph.tell("paging", {"size": 2})
    again = gateway.create({**BY_NAMES, "groupName": "SG-4"})
    assert (again.status_code, again.headers["assignment-outcome"]) == (200, "unchanged")
    assert len(gateway.assignments(WIFI_HQ).json()["value"]) == 5


def test_several_configurations_of_a_name_are_told_with_their_ids(gateway: Gateway, stack: Stack) -> None:
    request = {**BY_NAMES, "configurationName": "browser policy"}
    answer = problem(gateway.create(request), 409, "ambiguous-name")
    assert answer["candidates"] == [
        {"id": BROWSER_WINDOWS, "name": "Browser policy"},
        {"id": BROWSER_MAC, "name": "Browser policy"},
    ]
    assert stack.graph.requests("POST") == []


def test_twenty_candidates_are_told_at_most(gateway: Gateway, stack: Stack) -> None:
    stack.graph.add(groups=[{"name": "SG-Many"} for _ in range(30)])
    answer = problem(gateway.create({**BY_NAMES, "groupName": "SG-Many"}), 409, "ambiguous-name")
    assert "30 groups" in answer["detail"]
    assert len(answer["candidates"]) == 20


def test_a_configuration_that_is_not_there_may_be_in_the_settings_catalog(gateway: Gateway, stack: Stack) -> None:
    answer = problem(gateway.create({**BY_NAMES, "configurationName": "Win12"}), 404, "configuration-not-found")
    assert "'Win12'" in answer["detail"]
    assert "Settings-catalog policies" in answer["detail"]
    assert stack.graph.requests("POST") == []


def test_a_group_that_is_not_there_may_be_too_new(gateway: Gateway, stack: Stack) -> None:
    answer = problem(gateway.create({**BY_NAMES, "groupName": "SG"}), 404, "group-not-found")
    assert "'SG'" in answer["detail"]
    assert "a while" in answer["detail"]
    assert stack.graph.requests("POST") == []


def test_what_graph_finds_under_a_name_counts_only_where_it_bears_the_name(gateway: Gateway, stack: Stack) -> None:
    everything = {"id": SALES, "displayName": "SG-Sales", "securityEnabled": True, "groupTypes": []}
    body = json.dumps({"value": [everything]})
    stack.graph.fail(kind="body", method="GET", path="/groups$", times=2, body=body)
    problem(gateway.create(BY_NAMES), 404, "group-not-found")
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien's ''quoted''",
        'the "best" one',
        "100 % of #1 + more & more; a=b?c/d\\e",
        "%27 or 1 eq 1",
        "' or startswith(displayName,'",
        "Geräte \N{EN DASH} Süd ß",
        "🚒 Feuerwehr 👩🏽\N{ZERO WIDTH JOINER}🚒",
        "מכשירים שלי \N{RIGHT-TO-LEFT MARK}123",
        "90000000-0000-4000-8000-000000000001",
        "{90000000-0000-4000-8000-000000000001}",
        "null",
        "0",
        "a line\nbreak, a tab\tand a NUL\x00",
        LONGEST,
    ],
)
def test_a_name_may_be_made_of_anything(gateway: Gateway, stack: Stack, name: str) -> None:
    added = stack.graph.add(configurations=[{"name": name}], groups=[{"name": name}])
    response = gateway.create({"configurationName": name, "groupName": name})
    assert response.json()["id"] == f"{added['configurations'][0]}_{added['groups'][0]}"
    assert len(stack.graph.requests("GET")) == 2  # Graph itself has found it: nothing of the name was lost on the way
    assert gateway.audit(response)["groupName"] == name


@pytest.mark.parametrize("name", ["*", "SG-*", "SG-Pilo", "SG-Pilot2", "%", "SG_Pilot"])
def test_a_name_is_never_a_pattern(gateway: Gateway, stack: Stack, name: str) -> None:
    problem(gateway.create({**BY_NAMES, "groupName": name}), 404, "group-not-found")
    assert stack.graph.requests("POST") == []


def test_without_its_permission_a_group_cannot_be_found_by_name(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups$", status=403, code="Authorization_RequestDenied")
    answer = problem(gateway.create(BY_NAMES), 424, "group-unreadable")
    assert "GroupMember.Read.All" in answer["detail"]
    assert stack.graph.requests("POST") == []


def test_the_one_documented_permission_is_enough_for_the_main_job_by_id(stack: Stack) -> None:
    stack.identity.tell("roles", {"roles": ["DeviceManagementConfiguration.ReadWrite.All"]})
    with stack.gateway() as gateway:
        response = gateway.create(MAIN_JOB)
        assert (response.status_code, response.headers["assignment-warning"]) == (201, "group-unverified")
        assert gateway.audit(response)["warnings"] == ["group-unverified"]
        assert "groupName" not in gateway.assignments(WIFI_HQ).json()["value"][0]
        by_configuration_name = {"configurationName": BY_NAMES["configurationName"], "groupId": PILOT}
        assert gateway.create(by_configuration_name).headers["assignment-outcome"] == "unchanged"
        tried = gateway.create({**by_configuration_name, "dryRun": True}).json()
        assert "memberCount" not in tried
        assert "name" not in tried["target"]


@pytest.mark.parametrize("named", [{"groupId": NEWSLETTER}, {"groupName": "newsletter"}])
def test_a_distribution_list_cannot_hold_an_assignment(gateway: Gateway, stack: Stack, named: dict[str, str]) -> None:
    answer = problem(gateway.create({"configurationId": KIOSK, **named}), 422, "invalid-request")
    assert [error["field"] for error in answer["errors"]] == list(named)
    assert stack.graph.requests("POST") == []


def test_a_microsoft_365_group_can_hold_an_assignment(gateway: Gateway) -> None:
    assert gateway.create({"configurationId": KIOSK, "groupId": FALCON_TEAM}).status_code == 201


@pytest.mark.parametrize(
    "changed", [{"securityEnabled": None, "groupTypes": None}, {"displayName": 5}, {"id": "../x"}, {"id": 5}]
)
def test_a_group_that_cannot_be_read_whole_is_not_assigned(
    gateway: Gateway, stack: Stack, changed: dict[str, object]
) -> None:
    whole = {"id": PILOT, "displayName": "SG-Pilot", "securityEnabled": True, "groupTypes": []}
    stack.graph.fail(kind="body", method="GET", path="/groups$", body=json.dumps({"value": [{**whole, **changed}]}))
    problem(gateway.create(BY_NAMES), 503, "graph-unavailable")
    assert stack.graph.requests("POST") == []


def test_a_collection_that_is_no_list_is_not_taken_for_an_empty_one(gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="body", method="GET", path="/deviceConfigurations$", body="{}")
    problem(gateway.create(BY_NAMES), 503, "graph-unavailable")
    stack.graph.fail(kind="body", method="GET", path="/groups$", body='{"value": {}}')
    problem(gateway.create(BY_NAMES), 503, "graph-unavailable")
    assert stack.graph.requests("POST") == []


def test_both_names_are_audited_with_the_ids_they_stand_for(gateway: Gateway) -> None:
    event = gateway.audit(gateway.create({**BY_NAMES, "groupName": "sg-pilot"}))
    assert {**event, **BY_NAMES, "configurationId": WIFI_HQ, "groupId": PILOT} == event
