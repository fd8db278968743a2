import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from shared.errors import GatewayError, GraphRejected, GraphUnavailable
from shared.graph_answers import (
    CONFIGURATION,
    MAX_MESSAGE_CHARACTERS,
    NO_MESSAGE,
    graph_error,
    json_object,
    refusal,
    retry_after_seconds,
)

INTERNAL = " - Activity ID: 1 - Url: https://fef.msua05.manage.microsoft.com/StatelessService?api-version=5"


def answer(message: object, status: int = 400, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, json={"error": {"code": "BadRequest", "message": message}})


def nested(message: str, times: int) -> str:
    for _ in range(times):
        message = json.dumps({"_version": 3, "Message": message, "RetryAfter": None})
    return message


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_intunes_message_is_unwrapped_and_its_internal_address_goes(times: int) -> None:
    said = graph_error(answer(nested(f"Not valid{INTERNAL}", times))).message
    assert said == "Not valid - Activity ID: 1"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("See https://fef.msua05.manage.microsoft.com/x?y for more", "See  for more"),
        (" - Url: https://fef.msua05.manage.microsoft.com/x", NO_MESSAGE),
        (" " * 5000 + "x", NO_MESSAGE),
    ],
)
def test_an_internal_address_goes_wherever_it_stands(message: str, said: str) -> None:
    assert graph_error(answer(message)).message == said


def test_a_message_made_to_slow_the_reader_down_does_not() -> None:
    # With a pattern that goes back over white space, a message of this size takes hours.
    assert len(graph_error(answer(" - Url: " * 500_000)).message) <= MAX_MESSAGE_CHARACTERS


@pytest.mark.parametrize("message", ["[]", '{"Message": 5}', '{"message": "x"}', "{"])
def test_a_message_that_only_looks_nested_stays_as_it_is(message: str) -> None:
    assert graph_error(answer(message)).message == message


def test_a_message_of_any_length_is_cut() -> None:
    assert len(graph_error(answer("x" * 100_000)).message) == MAX_MESSAGE_CHARACTERS
    assert len(graph_error(httpx.Response(400, json={"error": {"code": "x" * 1000}})).code) == 100


def test_half_a_surrogate_pair_does_not_get_into_our_answers() -> None:
    said = graph_error(
        httpx.Response(400, text='{"error": {"code": "\\ud83d", "message": "{\\"Message\\": \\"\\\\ud83d\\"}"}}')
    )
    assert (said.status, said.code, said.message) == (400, "unreadable", NO_MESSAGE)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"error": "no"}', '{"error": {}}', "[" * 100_000])
def test_an_error_that_cannot_be_read_still_has_its_status(body: str) -> None:
    error = graph_error(httpx.Response(400, text=body))
    assert (error.status, error.code, error.request_id) == (400, "unreadable", None)
    assert error.message


def test_json_that_is_no_object_is_not_taken_for_one() -> None:
    assert json_object(b"[1]") is None
    assert json_object(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 0), (" 7 ", 7), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("9" * 5000, None)],
)
def test_retry_after_is_read_as_seconds(value: str, seconds: int | None) -> None:
    assert retry_after_seconds(httpx.Response(429, headers={"Retry-After": value})) == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(60, 55, 60), (-60, 0, 0)])
def test_retry_after_is_read_as_a_date(ahead: int, least: int, most: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    seconds = retry_after_seconds(httpx.Response(429, headers={"Retry-After": date}))
    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("zone", ["", "+99999999999999999"])
def test_retry_after_in_a_date_without_a_real_zone_says_nothing(zone: str) -> None:
    date = f"Mon, 23 Nov 2026 10:00:00 {zone}"
    assert retry_after_seconds(httpx.Response(429, headers={"Retry-After": date})) is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, GraphUnavailable),
        (405, GraphRejected),
        (408, GraphUnavailable),
        (422, GraphRejected),
        (599, GraphUnavailable),
    ],
)
def test_a_status_outside_the_table_is_a_fault_that_lasts_only_where_it_is_a_client_error(
    status: int, error: type[GatewayError]
) -> None:
    assert type(refusal(answer("x", status), CONFIGURATION)) is error
