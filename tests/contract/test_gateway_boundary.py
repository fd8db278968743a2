"""The boundary of the HTTP side, driven with the library's own request objects and a fake behind it."""

import asyncio
import json
import logging
from typing import Never

import azure.functions as func
import pytest

from shared.gateway import Gateway


def no_parts() -> Never:
    raise RuntimeError("with a secret in it")


def request(content_type: str = "application/json") -> func.HttpRequest:
    body = b'{"configurationId": "c0000000-0000-4000-8000-000000000001", "targetType": "allDevices"}'
    headers = {"Content-Type": content_type}
    return func.HttpRequest(method="POST", url="http://127.0.0.1/api/assignments", headers=headers, body=body)


def test_500_internal_error_says_nothing_of_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        response = asyncio.run(Gateway(no_parts).create_assignment(request()))
    body = json.loads(response.get_body())
    assert (response.status_code, body["status"], body["code"]) == (500, 500, "internal-error")
    assert response.mimetype == "application/problem+json"
    assert body["retryable"] is False
    assert response.headers["Assignment-Outcome"] == "failed"
    assert "secret" not in response.get_body().decode()


def test_an_attempt_that_ends_in_a_bug_is_logged_and_audited_under_the_same_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        response = asyncio.run(Gateway(no_parts).create_assignment(request()))
    by_logger = {record.name: record for record in caplog.records}
    event = json.loads(by_logger["gateway.audit"].getMessage())
    assert (event["outcome"], event["code"]) == ("failed", "internal-error")
    assert event["clientRequestId"] == response.headers["client-request-id"]
    assert event["clientRequestId"] in by_logger["gateway"].getMessage()
    assert by_logger["gateway"].exc_info is not None
