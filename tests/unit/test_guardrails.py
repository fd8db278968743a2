import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.assignments import TARGET_TYPES, Filter, Target
from shared.callers import KEY_CALLER, Caller
from shared.errors import Misconfigured
from shared.guardrails import NARROW, Guardrails, Verdict
from shared.rules import Deed, Rule

WIFI, VPN = "c0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000002"
PILOT, SALES = "90000000-0000-4000-8000-000000000001", "90000000-0000-4000-8000-000000000002"
APP = "a0000000-0000-4000-8000-000000000001"
FLOW = Caller(APP, "application", frozenset({APP, "Assignments.ReadWrite"}))
INCLUDING, EXCLUDING = Filter("f0000000-0000-4000-8000-000000000001", "include"), Filter("f0", "exclude")
TARGETS = {name: Target(name, dict.fromkeys(kind.properties.values(), PILOT)) for name, kind in TARGET_TYPES.items()}
TO_PILOT = Target("group", {"groupId": PILOT})

Fields = dict[str, object]


def guardrails(*rules: Fields) -> Guardrails:
    return Guardrails.parse(json.dumps({"rules": [{"callers": ["*"], "targets": ["*"], **rule} for rule in rules]}))


def deed(**fields: object) -> Deed:
    usual: Fields = {
        "action": "create",
        "configuration_id": WIFI,
        "configuration_name": "Win11 - Wi-Fi - HQ",
        "target": TO_PILOT,
        "group_name": "SG-Pilot",
    }
    return Deed(**{**usual, **fields})  # type: ignore[arg-type]  # each test names the fields that it is about


def lacking(rule: Fields, wanted: Deed, caller: Caller = KEY_CALLER) -> list[str]:
    return [
        each.field.removeprefix("GUARDRAILS.rules.0.") for each in guardrails(rule).verdict(caller, wanted).refusals
    ]


@pytest.mark.parametrize("callers", [["*"], [APP], ["somebody", "Assignments.ReadWrite"]])
def test_a_rule_is_about_the_callers_that_it_names(callers: list[str]) -> None:
    assert guardrails({"callers": callers}).verdict(FLOW, deed()) == Verdict("GUARDRAILS.rules.0")


@pytest.mark.parametrize("callers", [["key"], [APP[:-1] + "*"], ["assignments.readwrite"], ["webhook:jira"]])
def test_a_rule_says_nothing_of_others(callers: list[str]) -> None:
    [refusal] = guardrails({"callers": callers}).verdict(FLOW, deed()).refusals
    assert refusal.field == "GUARDRAILS.rules"
    assert APP in refusal.message


@pytest.mark.parametrize(
    ("rule", "passing", "failing"),
    [
        ({"actions": ["create"]}, {}, {"action": "delete"}),
        ({"actions": ["read"]}, {"action": "read"}, {}),
        ({"configurations": [WIFI.upper()]}, {}, {"configuration_id": VPN}),
        ({"configurations": ["win11*"]}, {}, {"configuration_name": "Windows 11"}),
        ({"configurations": ["* - hq "]}, {}, {"configuration_name": "Wi-Fi - HQ2"}),
        ({"configurations": ["*wi-fi*"]}, {}, {"configuration_name": "WiFi"}),
        ({"configurations": ["w*1*hq"]}, {}, {"configuration_name": "w1"}),
        ({"configurations": ["Win11?"]}, {"configuration_name": "win11?"}, {"configuration_name": "Win111"}),
        ({"configurations": ["[a-z]*"]}, {"configuration_name": "[A-Z]x"}, {"configuration_name": "axe"}),
        ({"configurations": ["aa*aa"]}, {"configuration_name": "aaaa"}, {"configuration_name": "aaa"}),
        ({"configurations": [VPN]}, {"configuration_id": VPN}, {"configuration_name": VPN}),
        ({"targets": ["group"]}, {}, {"target": TARGETS["allDevices"]}),
        ({"groups": [PILOT.upper()]}, {"group_name": None}, {"target": Target("group", {"groupId": SALES})}),
        ({"groups": ["sg-*"]}, {}, {"group_name": "All SG-"}),
        ({"groups": ["sg-*"]}, {}, {"group_name": None}),
        ({"groups": ["*"]}, {"group_name": None}, None),
        ({"groups": ["*"]}, {"target": TARGETS["allDevices"], "group_name": None}, None),
        ({"groups": [PILOT]}, {}, {"target": TARGETS["allDevices"]}),
        ({"groups": [PILOT]}, {"target": TARGETS["scopeTagGroup"]}, None),
        ({"groups": [SALES]}, None, {"target": TARGETS["scopeTagGroup"]}),
        ({"modes": ["include"]}, {}, {"target": Target("group", {"groupId": PILOT}, EXCLUDING)}),
        ({"modes": ["include"]}, {"target": Target("group", {"groupId": PILOT}, INCLUDING)}, None),
        ({"maxMembers": 12}, {"members": 12}, {"members": 13}),
        ({"maxMembers": 0}, {"members": 0}, {"members": None}),
        ({"maxMembers": 12}, {"members": None, "action": "read"}, {"members": None, "action": "delete"}),
        ({"requireFilter": True}, {"target": Target("group", {"groupId": PILOT}, INCLUDING)}, {}),
        ({"requireTicket": "INC[0-9]{7}"}, {"ticket": "INC0012345"}, {"ticket": "INC00123456"}),
        ({"requireTicket": "A|B"}, {"ticket": "B"}, {"ticket": "AB"}),
        ({"requireTicket": ".*"}, {"ticket": ""}, {"ticket": None}),
        ({"requireJustification": True}, {"justification": "Roll-out"}, {"justification": None}),
        ({"requireJustification": True}, {"action": "read"}, {"action": "delete"}),
    ],
)
def test_a_rule_allows_what_it_names_and_nothing_beside_it(
    rule: Fields, passing: Fields | None, failing: Fields | None
) -> None:
    if passing is not None:
        assert lacking(rule, deed(**passing)) == []
    if failing is not None:
        assert lacking(rule, deed(**failing)) == list(rule)


def test_everything_that_a_rule_lacks_is_told_together_and_by_the_rules_name() -> None:
    strict = {"name": "pilot", "targets": ["allDevices"], "groups": [SALES], "requireTicket": "X", "maxMembers": 5}
    verdict = guardrails(strict, {"actions": ["read"]}, {"groups": [SALES]}).verdict(KEY_CALLER, deed())
    assert [each.field for each in verdict.refusals] == [
        "GUARDRAILS.rules.0.targets",
        "GUARDRAILS.rules.0.groups",
        "GUARDRAILS.rules.0.requireTicket",
        "GUARDRAILS.rules.2.groups",
    ]
    assert all("(rule 'pilot')" in each.message for each in verdict.refusals[:3])
    assert not verdict.awaits_members


def test_no_two_rules_are_mixed() -> None:
    mixed = guardrails({"callers": [APP], "targets": ["allDevices"]}, {"callers": ["key"], "targets": ["group"]})
    assert mixed.verdict(KEY_CALLER, deed(target=TARGETS["allDevices"])).rule is None


def test_members_are_counted_only_where_that_can_open_the_way() -> None:
    assert guardrails({"maxMembers": 5}).verdict(KEY_CALLER, deed()).awaits_members
    assert not guardrails({"maxMembers": 5, "groups": [SALES]}).verdict(KEY_CALLER, deed()).awaits_members
    assert not guardrails({"maxMembers": 5}).verdict(KEY_CALLER, deed(members=6)).awaits_members
    assert guardrails({"maxMembers": 5}, {}).verdict(KEY_CALLER, deed()) == Verdict("GUARDRAILS.rules.1")


def test_without_a_rule_nothing_passes() -> None:
    assert all(guardrails().verdict(KEY_CALLER, deed(target=target)).rule is None for target in TARGETS.values())


@pytest.mark.parametrize(
    ("action", "passing"),
    [
        ("create", {"group", "exclusionGroup", "scopeTagGroup"}),
        ("delete", {"group", "scopeTagGroup"}),
        ("read", {*TARGET_TYPES}),
    ],
)
def test_without_a_document_only_what_is_narrow_passes(action: str, passing: set[str]) -> None:
    verdicts = {name: NARROW.verdict(FLOW, deed(action=action, target=target)).rule for name, target in TARGETS.items()}
    assert {name for name, rule in verdicts.items() if rule} == passing
    assert all(rule is None or rule.startswith("default: ") for rule in verdicts.values())


@pytest.mark.parametrize("text", ['{"rules": [], "rules": []}', '{"rules": ' + "[" * 50_000, '{"\udcff": 1}'])
def test_a_document_that_can_be_misread_is_not_read(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Guardrails.parse(text)
    assert [error.field for error in caught.value.errors] == ["GUARDRAILS"]


def test_no_ticket_and_no_name_can_hold_the_worker() -> None:
    evil = guardrails({"requireTicket": "(a+)+b", "configurations": ["*a" * 40 + "*b"]})
    verdict = evil.verdict(KEY_CALLER, deed(ticket="a" * 64, configuration_name="a" * 256))
    assert [each.field.rpartition(".")[2] for each in verdict.refusals] == ["configurations", "requireTicket"]


names = st.sampled_from(["Win11 - Wi-Fi", "win11", "", "VPN"])
entries = st.sampled_from(["*", "win11*", "VPN", WIFI, PILOT])
some = st.lists(entries, min_size=1, max_size=2)
rules = st.builds(
    Rule,
    callers=st.lists(st.sampled_from(["*", "key", APP]), min_size=1, max_size=2),
    actions=st.lists(st.sampled_from(["create", "delete", "read"]), min_size=1),
    configurations=some,
    targets=st.lists(st.sampled_from([*TARGET_TYPES, "*"]), min_size=1, max_size=3),
    groups=some,
    modes=st.lists(st.sampled_from(["include", "exclude"]), min_size=1),
    maxMembers=st.none() | st.integers(0, 3),
    requireFilter=st.booleans(),
    requireTicket=st.sampled_from([None, "INC.*"]),
    requireJustification=st.booleans(),
)
deeds = st.builds(
    Deed,
    action=st.sampled_from(["create", "delete", "read"]),
    configuration_id=st.sampled_from([WIFI, VPN]),
    configuration_name=names,
    target=st.builds(
        Target,
        st.sampled_from([*TARGET_TYPES]),
        st.just({"groupId": PILOT}),
        st.sampled_from([None, INCLUDING, EXCLUDING]),
    ),
    group_name=st.none() | names,
    members=st.none() | st.integers(0, 4),
    ticket=st.sampled_from([None, "INC1", "X"]),
    justification=st.sampled_from([None, "because"]),
)
callers = st.sampled_from([KEY_CALLER, FLOW])


@given(st.lists(rules, max_size=3), rules, st.integers(0, 3), callers, deeds)
def test_adding_a_rule_never_narrows_and_removing_one_never_widens(
    some_rules: list[Rule], added: Rule, place: int, caller: Caller, wanted: Deed
) -> None:
    fewer = Guardrails(rules=some_rules).verdict(caller, wanted)
    more = Guardrails(rules=[*some_rules[:place], added, *some_rules[place:]]).verdict(caller, wanted)
    assert more.rule or not fewer.rule
    assert more.awaits_members or more.rule or not fewer.awaits_members


@given(st.lists(rules, max_size=3), callers, deeds)
def test_what_passes_has_a_rule_that_lacks_nothing_and_what_does_not_has_reasons(
    some_rules: list[Rule], caller: Caller, wanted: Deed
) -> None:
    verdict = Guardrails(rules=some_rules).verdict(caller, wanted)
    allowing = [rule for rule in some_rules if rule.names(caller) and not list(rule.lacks(wanted))]
    assert bool(verdict.rule) == bool(allowing)
    assert bool(verdict.refusals) != bool(allowing)
