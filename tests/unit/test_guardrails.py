import json

import pytest

from shared.assignments import TARGET_TYPES, Target
from shared.errors import Misconfigured
from shared.guardrails import NARROW, Caller, Guardrails

KEY = Caller("key")


def guardrails(*rules: tuple[list[str], list[str]]) -> Guardrails:
    return Guardrails.parse(json.dumps({"rules": [{"callers": who, "targets": what} for who, what in rules]}))


@pytest.mark.parametrize("callers", [["*"], ["key"], ["somebody", "key"]])
def test_a_rule_lets_the_callers_through_that_it_names(callers: list[str]) -> None:
    assert guardrails((callers, ["allDevices"])).refusals(KEY, Target("allDevices", {})) == []


@pytest.mark.parametrize("callers", [["somebody"], ["KEY"], ["key*"]])
def test_a_rule_lets_nobody_else_through(callers: list[str]) -> None:
    [refusal] = guardrails((callers, ["allDevices"])).refusals(KEY, Target("allDevices", {}))
    assert "'key'" in refusal


def test_no_two_rules_are_mixed() -> None:
    mixed = guardrails((["somebody"], ["allDevices"]), (["key"], ["group"]))
    assert mixed.refusals(KEY, Target("allDevices", {})) != []


def test_without_a_rule_nothing_passes() -> None:
    assert all(guardrails().refusals(KEY, Target(name, {})) for name in TARGET_TYPES)


def test_without_a_document_only_what_is_narrow_passes() -> None:
    passing = {name for name in TARGET_TYPES if not NARROW.refusals(KEY, Target(name, {}))}
    assert passing == {"group", "exclusionGroup", "scopeTagGroup"}


@pytest.mark.parametrize("text", ['{"rules": [], "rules": []}', '{"rules": ' + "[" * 50_000, '{"\udcff": 1}'])
def test_a_document_that_can_be_misread_is_not_read(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Guardrails.parse(text)
    assert [error.field for error in caught.value.errors] == ["GUARDRAILS"]
