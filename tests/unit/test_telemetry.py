"""The audit event: one line of ASCII, never longer than what collects it takes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.callers import Caller
from shared.details import FieldError
from shared.telemetry import LONGEST_EVENT, Attempt, event_line

FIRE_ENGINE = "\N{FIRE ENGINE}"  # twelve characters in ASCII JSON, as many as any

HUGE = 20_000
JUSTIFICATION = FIRE_ENGINE * 1024


def attempt(**known: Any) -> Attempt:  # noqa: ANN401 - whatever an attempt may know
    return Attempt("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "create_assignment", **known)


def written(attempt: Attempt) -> dict[str, Any]:
    line = event_line(attempt.event())
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= LONGEST_EVENT
    event: dict[str, Any] = json.loads(line)
    return event


TEXTS = st.text() | st.sampled_from([JUSTIFICATION, FIRE_ENGINE * HUGE, "\r\n\x1b[2J\x00\u2028\x85", "x" * HUGE])
VALUES = st.recursive(TEXTS | st.booleans() | st.none(), lambda inner: st.dictionaries(TEXTS, inner, max_size=3))


KNOWN = st.fixed_dictionaries(
    {
        "asked": st.dictionaries(st.sampled_from(["ticket", "requestedBy", "justification", "groupName"]), TEXTS),
        "resolved": st.dictionaries(st.sampled_from(["configurationName", "filterName"]), TEXTS),
        "removed": st.none() | st.dictionaries(TEXTS, VALUES, max_size=3),
        "refusals": st.lists(st.builds(FieldError, TEXTS, TEXTS), max_size=30),
        "graph_request_ids": st.lists(TEXTS, max_size=30),
        "caller": st.builds(Caller, st.just("key"), st.just("key"), st.just(frozenset()), name=TEXTS),
    }
)


@given(KNOWN)
def test_whatever_is_known_the_event_is_one_short_line_that_can_be_read(known: dict[str, Any]) -> None:
    event = written(attempt(**known))
    assert (event["action"], event["outcome"], event["caller"]) == ("create_assignment", "failed", "key")


def test_what_a_caller_may_say_is_kept_to_the_last_character() -> None:
    said = {"justification": JUSTIFICATION, "requestedBy": FIRE_ENGINE * 256, "ticket": FIRE_ENGINE * 64}
    event = written(attempt(asked=said, resolved={"groupName": FIRE_ENGINE * 256}))
    assert {**event, **said} == event


def test_a_short_event_keeps_all_of_its_refusals() -> None:
    refusals = [FieldError(f"GUARDRAILS.rules.{number}.targets", "would have to name 'x'") for number in range(100)]
    assert len(written(attempt(refusals=refusals))["refusals"]) == 100


@pytest.mark.parametrize(
    "removed", [{"id": "x" * HUGE}, {"target": {FIRE_ENGINE: FIRE_ENGINE * HUGE}}], ids=["id", "target"]
)
def test_what_is_cut_ends_in_a_mark_and_the_rest_stays_whole(removed: dict[str, Any]) -> None:
    event = written(attempt(removed=removed, asked={"ticket": "INC1"}, resolved={"groupName": "x" * HUGE}))
    assert event["removed"].endswith("\N{HORIZONTAL ELLIPSIS}")
    assert event["groupName"] == "x" * 1024 + "\N{HORIZONTAL ELLIPSIS}"
    assert event["ticket"] == "INC1"
    assert event["clientRequestId"] == "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
