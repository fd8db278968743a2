"""How an operation changes from accepted to finished."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.operations import (
    LONGEST_BODY,
    MOST_TRIES,
    IllegalChangeError,
    Operation,
    accept,
    decoded,
    encoded,
    fail,
    finish,
    is_operation_id,
    operation_id,
    place,
    remind,
    start,
    ticket_place,
)

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR, DEADLINE = (timedelta(seconds=each) for each in (1, 60, 3600, 100))
TEXTS = st.text("aB1/\\#?%'\" \n\x00\x7f\x85ü😀\ud83d")
PROBLEM = {"code": "graph-unavailable"}
ACCEPTED = accept("jira", "1", "INC1", {"groupName": "SG-Pilot"}, NOW)


def started(operation: Operation, now: datetime = NOW) -> Operation:
    running = start(operation, now, DEADLINE)
    assert running is not None
    return running


def failed(times: int) -> Operation:
    """Give the operation after so many tries that failed in a way that passes."""
    operation = ACCEPTED
    for _ in range(times):
        operation = fail(started(operation), NOW, PROBLEM, timedelta())
    return operation


def test_it_is_accepted_for_its_source_and_due_at_once() -> None:
    assert (ACCEPTED.state, ACCEPTED.attempts, ACCEPTED.caller) == ("accepted", 0, "webhook:jira")
    assert ACCEPTED.created == ACCEPTED.updated == ACCEPTED.due == NOW


def test_who_starts_it_holds_it_for_the_deadline_and_ten_seconds() -> None:
    running = started(ACCEPTED)
    assert (running.state, running.attempts, running.due) == ("running", 1, NOW + DEADLINE + 10 * SECOND)
    assert start(running, running.due - SECOND, DEADLINE) is None
    assert started(running, running.due).attempts == 2


def test_what_is_put_off_may_start_before_its_pause_is_over() -> None:
    assert started(failed(3)).attempts == 4


def test_what_is_finished_stays_so() -> None:
    finished = finish(started(ACCEPTED), NOW + MINUTE, "created", body="{}")
    assert (finished.state, finished.outcome, finished.body, finished.problem) == ("finished", "created", "{}", None)
    assert (finished.created, finished.updated) == (NOW, NOW + MINUTE)
    assert start(finished, NOW + HOUR, DEADLINE) is None
    assert not finished.overdue(NOW + 1000 * HOUR)


def test_a_body_beyond_reason_is_left_out_and_the_outcome_kept() -> None:
    running = started(ACCEPTED)
    assert finish(running, NOW, "unchanged", body="x" * LONGEST_BODY).body == "x" * LONGEST_BODY
    finished = finish(running, NOW, "unchanged", body="x" * (LONGEST_BODY + 1))
    assert (finished.outcome, finished.body) == ("unchanged", None)


@pytest.mark.parametrize("operation", [ACCEPTED, finish(started(ACCEPTED), NOW, "refused", problem=PROBLEM)])
def test_only_what_is_running_can_end_or_fail(operation: Operation) -> None:
    with pytest.raises(IllegalChangeError):
        finish(operation, NOW, "created")
    with pytest.raises(IllegalChangeError):
        fail(operation, NOW, PROBLEM, timedelta())


def test_each_pause_is_twice_the_last_up_to_an_hour() -> None:
    pauses = [(failed(times).due - NOW).total_seconds() for times in range(1, MOST_TRIES)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_pause_is_no_shorter_than_asked() -> None:
    assert fail(started(ACCEPTED), NOW, PROBLEM, HOUR).due == NOW + HOUR
    assert fail(started(ACCEPTED), NOW, PROBLEM, SECOND).due == NOW + 30 * SECOND


def test_after_the_last_try_it_has_failed() -> None:
    assert failed(MOST_TRIES - 1).state == "accepted"
    last = failed(MOST_TRIES)
    assert (last.state, last.outcome, last.problem, last.exhausted) == ("finished", "failed", PROBLEM, False)


def test_a_last_try_that_ended_without_a_word_is_told_from_one_that_is_still_to_come() -> None:
    last = started(failed(MOST_TRIES - 1))
    assert not last.exhausted
    again = started(last, last.due)
    assert again.exhausted
    assert fail(again, NOW, PROBLEM, timedelta()).state == "finished"


def test_reminders_come_ever_more_seldom_and_once_an_hour_at_least() -> None:
    now, ages = NOW, []
    operation = ACCEPTED
    while now < NOW + 5 * HOUR:
        now += MINUTE
        if operation.overdue(now):
            operation = remind(operation, now)
            ages.append((now - NOW) / MINUTE)
    assert ages == [2, 4, 8, 16, 32, 64, 124, 184, 244]


def test_a_reminder_ends_the_lease_of_who_has_not_been_heard_of() -> None:
    running = started(ACCEPTED)
    reminded = remind(running, running.due + 2 * MINUTE)
    assert reminded.state == "accepted"
    assert started(reminded, reminded.updated).attempts == 2


@given(source=TEXTS, event=TEXTS, ticket=st.none() | TEXTS)
def test_an_id_is_the_same_each_time_and_made_of_nothing_that_a_key_may_not_have(
    source: str, event: str, ticket: str | None
) -> None:
    id_ = operation_id(source, event, ticket)
    assert id_ == operation_id(source, event, ticket)
    assert re.fullmatch("[0-9a-f]{48}", id_)
    assert is_operation_id(id_)
    assert not ticket or place(id_) == ticket_place(ticket)


def test_events_are_told_apart_by_source_and_by_their_own_id() -> None:
    ids = {operation_id(*each, "INC1") for each in [("a", "bc"), ("ab", "c"), ("a", "b"), ("", "abc"), ('a","b', "c")]}
    assert len(ids) == 5


def test_one_ticket_may_be_spelled_in_several_ways() -> None:
    assert ticket_place(" inc1\n") == ticket_place("INC1") != ticket_place("INC11")


@pytest.mark.parametrize("text", ["", "0" * 47, "0" * 49, "A" * 48, "0" * 48 + "\n", "../" * 16])
def test_what_is_no_id_is_told(text: str) -> None:
    assert not is_operation_id(text)


def test_what_is_kept_is_read_as_it_was_in_plain_letters() -> None:
    told = replace(ACCEPTED, ticket="INC ü😀", request={"configurationName": "ü😀", "dryRun": True})
    for operation in (told, started(told), failed(1), finish(started(told), NOW, "refused", problem=PROBLEM)):
        assert encoded(operation).isascii()
        assert decoded(encoded(operation)) == operation
