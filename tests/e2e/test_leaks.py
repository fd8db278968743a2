"""Secrets in no log: every gateway and emulator of the whole run is held to it when it ends (`Output.refuse_leaks`)."""

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from tests.e2e.leaks import leaks
from tests.e2e.stack import MAIN_JOB, Gateway, Stack


def token(stack: Stack) -> str:
    query = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}
    header = {"X-IDENTITY-HEADER": "sandbox-identity-header"}
    given = httpx.get(f"{stack.identity.url}/msi/token", params=query, headers=header).raise_for_status()
    return str(given.json()["access_token"])


def test_every_kind_of_secret_is_recognised(stack: Stack) -> None:
    secret = [
        token(stack),
        "Authorization: Bearer abc",
        f"x-functions-key: {FUNCTION_KEY}",
        "X-IDENTITY-HEADER: sandbox-identity-header",
        "POST /api/assignments?code=abc",
    ]
    assert leaks([*secret, 'INFO gateway.audit: {"code": "guardrail"}']) == secret


def test_a_gateway_that_prints_a_secret_fails_the_run(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="sandbox-identity-header"), stack.gateway() as gateway:
        gateway.create({**MAIN_JOB, "ticket": "sandbox-identity-header"})  # what a caller sends stands in the event


def test_a_key_in_the_address_is_not_printed(gateway: Gateway) -> None:
    answer = gateway.client.post(f"assignments?code={FUNCTION_KEY}", json=MAIN_JOB)
    assert gateway.output.lines_with(answer.headers["client-request-id"])
    gateway.output.refuse_leaks()
