"""How an attempt may end: in its result, or in a GatewayError that says what is true; both are noted in it."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

from shared import strict_json
from shared.errors import (
    GatewayError,
    GraphUnavailable,
    IdentityUnavailable,
    InternalError,
    MalformedJson,
    OutcomeUnknown,
    StoreUnavailable,
)
from shared.strict_json import NotJsonError
from shared.telemetry import Attempt

Result = TypeVar("Result")

BUG = "Please report this with the instance below."
BUG_AFTER_WRITE = "The change was sent; a mistake in the gateway kept it from learning more. Send it again."

_LOG = logging.getLogger("gateway")


async def expected(work: Awaitable[Result], attempt: Attempt) -> Result:
    """Do the work; whatever it raises that is no GatewayError is a bug, and becomes one."""
    try:
        return await work
    except GatewayError:
        raise
    except Exception:  # noqa: BLE001 - the one boundary: everybody learns how it ended, whatever happens
        _LOG.exception("A bug: request %s ended in an exception that nothing expected.", attempt.client_request_id)
        raise (OutcomeUnknown(BUG_AFTER_WRITE) if attempt.write_sent else InternalError(BUG)) from None


async def within(seconds: int, work: Awaitable[Result], attempt: Attempt) -> Result:
    """Wait so long for the work; raises what is true when that has passed.

    What is waited for next has what is left: an attempt has one deadline.
    """
    left = min(seconds, attempt.seconds_left())
    attempt.ends = time.monotonic() + left
    try:
        async with asyncio.timeout(left):
            return await work
    except TimeoutError as error:
        if attempt.write_sent:
            raise OutcomeUnknown(
                f"The change was sent, and {seconds} s were not enough to learn what became of it. "
                "Send the same request again: it will find what has landed."
            ) from error
        if attempt.waits_for_store:
            raise StoreUnavailable(f"The ledger did not answer within {seconds} s; nothing was written.") from error
        if attempt.waits_for_token:
            raise IdentityUnavailable(f"There was no token within {seconds} s; nothing was written.") from error
        raise GraphUnavailable(
            f"What has to be read first was not there within {seconds} s; nothing was written."
        ) from error


def decoded(body: bytes) -> object:
    """Read JSON out of a body; raises MalformedJson."""
    try:
        return strict_json.loads(body)
    except NotJsonError as error:
        raise MalformedJson(f"The body cannot be read. {error.reason}") from error


def note(error: GatewayError, attempt: Attempt) -> None:
    """Note in the attempt how it ended, and what lay behind it."""
    attempt.outcome, attempt.code, attempt.refusals = error.outcome, error.code, error.errors
    attempt.cause = type(error.__cause__).__name__ if error.__cause__ else None
