"""`Idempotency-Key`: what becomes of a request with one."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.idempotency import (
    Answer,
    begin,
    claim,
    claim_id,
    decoded,
    encoded,
    fingerprint,
    is_key,
    pause_seconds,
    settle,
)
from shared.operations import LONGEST_BODY

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
SECOND, HOUR, DEADLINE = (timedelta(seconds=each) for each in (1, 3600, 100))
ONE, OTHER = fingerprint({"groupName": "SG-Pilot"}), fingerprint({"groupName": "SG-Sales"})
CLAIMED = claim(claim_id("flow", "key"), ONE, NOW, DEADLINE)
CREATED = Answer(201, {"Location": "…"}, '{"id": "ü"}')
SETTLED = settle(CLAIMED, NOW, CREATED)


def test_a_key_that_nobody_has_used_lets_the_request_run() -> None:
    assert begin(None, ONE, NOW) == "run"


def test_while_the_first_is_running_the_same_request_waits_and_another_is_refused() -> None:
    last_moment = NOW + DEADLINE + 10 * SECOND - SECOND
    assert begin(CLAIMED, ONE, last_moment) == "in-progress"
    assert begin(CLAIMED, OTHER, last_moment) == "reused"
    assert pause_seconds(CLAIMED, last_moment) == 2
    assert begin(CLAIMED, ONE, last_moment + pause_seconds(CLAIMED, last_moment) * SECOND) == "run"


def test_the_pauses_of_four_tries_outlast_the_lease_of_the_usual_deadline() -> None:
    now = NOW
    for _ in range(4):
        assert begin(CLAIMED, ONE, now) == "in-progress"
        now += pause_seconds(CLAIMED, now) * SECOND
    assert begin(CLAIMED, ONE, now) == "run"


@pytest.mark.parametrize("request_", [ONE, OTHER])
def test_a_worker_that_was_killed_blocks_nobody_after_its_lease(request_: str) -> None:
    assert begin(CLAIMED, request_, NOW + DEADLINE + 10 * SECOND) == "run"


def test_a_success_is_given_again_for_a_day_and_refused_to_another_request() -> None:
    assert begin(SETTLED, ONE, NOW + 24 * HOUR - SECOND) == "replay"
    assert begin(SETTLED, OTHER, NOW + 24 * HOUR - SECOND) == "reused"
    assert begin(SETTLED, ONE, NOW + 24 * HOUR) == "run"


@pytest.mark.parametrize("status", [199, 302, 400, 404, 409, 422, 424, 429, 500, 503])
def test_anything_but_a_success_frees_the_key(status: int) -> None:
    assert settle(CLAIMED, NOW, Answer(status, {}, "{}")) is None


def test_a_body_beyond_reason_frees_the_key() -> None:
    assert settle(CLAIMED, NOW, Answer(200, {}, "x" * LONGEST_BODY)) is not None
    assert settle(CLAIMED, NOW, Answer(200, {}, "x" * (LONGEST_BODY + 1))) is None


def test_the_order_of_fields_makes_no_other_request_and_a_value_does() -> None:
    assert fingerprint({"a": 1, "b": "x"}) == fingerprint({"b": "x", "a": 1}) != fingerprint({"a": 1, "b": "y"})


def test_the_same_key_of_another_caller_is_another_one() -> None:
    assert len({claim_id("a", "bc"), claim_id("ab", "c"), claim_id("a", "b")}) == 3


@pytest.mark.parametrize(
    ("text", "fine"),
    [("x", True), ("x" * 255, True), ("a key", True), ("", False), ("x" * 256, False), ("ü", False), ("a\tb", False)],
)
def test_a_key_is_made_of_printable_characters_and_not_too_long(text: str, fine: bool) -> None:  # noqa: FBT001 - a column
    assert is_key(text) is fine


def test_what_is_kept_is_read_as_it_was_in_plain_letters() -> None:
    assert SETTLED is not None
    assert SETTLED.answer == CREATED
    for claimed in (CLAIMED, SETTLED):
        assert encoded(claimed).isascii()
        assert decoded(encoded(claimed)) == claimed
