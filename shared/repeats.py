"""Requests with an `Idempotency-Key`: the first one is carried out, and its answer given again to those after it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from shared import idempotency
from shared.callers import Caller
from shared.details import FieldError
from shared.errors import IdempotencyKeyReused, InProgress, InvalidRequest, StoreUnavailable
from shared.http import IDEMPOTENCY_KEY, Request, Response, deadline_seconds, in_time, success
from shared.idempotency import LONGEST_KEY, Answer, Claim
from shared.ledger import Kept, Ledger
from shared.telemetry import Attempt

SAME_FOR_ALL = ("Location", "Assignment-Outcome", "Assignment-Warning")
"""The headers that an answer has again; what else there is belongs to one request alone."""
LEAST_SECONDS, MOST_SECONDS = 0.3, 5
"""For keeping the answer, which whoever asked is waiting for: at the deadline's end, and at any time."""

_LOG = logging.getLogger("gateway")


@dataclass(frozen=True)
class Repeats:
    """Tells first requests from repeats."""

    ledger: Ledger
    deadline_seconds: int

    async def answered(
        self, request: Request, caller: Caller, attempt: Attempt, first: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Answer with what was answered first; `first` carries the request out where nothing was yet."""
        key = _key(request)
        lasts = timedelta(seconds=deadline_seconds(request, self.deadline_seconds))
        print_ = idempotency.fingerprint(attempt.asked)
        wanted = idempotency.claim(idempotency.claim_id(caller.id, key), print_, datetime.now(UTC), lasts)
        found = await in_time(request, self.deadline_seconds, self._begin(wanted, attempt), attempt)
        return _again(found, attempt) if isinstance(found, Answer) else await self._run(found, attempt, first)

    async def _begin(self, wanted: Claim, attempt: Attempt) -> Kept[Claim] | Answer:
        """Take the key, or give the answer that is kept under it."""
        attempt.waits_for_store = True
        seen = await self.ledger.read_claim(wanted.id)
        found = (seen and _answer(seen.thing, wanted)) or await self.ledger.claim(wanted, seen)
        attempt.waits_for_store = False
        if found is None:
            raise InProgress("Another request with this Idempotency-Key began at this moment.", retry_after_seconds=1)
        return found

    async def _run(self, mine: Kept[Claim], attempt: Attempt, first: Callable[[], Awaitable[Response]]) -> Response:
        settled: Claim | None = None
        try:
            response = await first()
            settled = idempotency.settle(mine.thing, datetime.now(UTC), _told(response))
            return response
        finally:
            await self._settle(mine, settled, attempt)

    async def _settle(self, mine: Kept[Claim], settled: Claim | None, attempt: Attempt) -> None:
        """Keep the answer or free the key; where that fails, what was done is answered all the same."""
        try:
            async with asyncio.timeout(min(MOST_SECONDS, max(LEAST_SECONDS, attempt.seconds_left()))):
                await self.ledger.settle(mine, settled)
        except (StoreUnavailable, TimeoutError):
            _LOG.warning("Request %s has its key until the lease ends: the ledger failed.", attempt.client_request_id)


def _key(request: Request) -> str:
    key: str = request.headers[IDEMPOTENCY_KEY]
    if not idempotency.is_key(key):
        rule = f"must have from 1 to {LONGEST_KEY} printable characters of ASCII"
        told = f"Nothing was sent to Graph. What breaks a rule: {IDEMPOTENCY_KEY}."
        raise InvalidRequest(told, errors=[FieldError(IDEMPOTENCY_KEY, rule)])
    return key


def _answer(existing: Claim, wanted: Claim) -> Answer | None:
    """Give what is kept under the key; None where it is free again."""
    match idempotency.begin(existing, wanted.fingerprint, wanted.updated):
        case "reused":
            raise IdempotencyKeyReused(
                f"This {IDEMPOTENCY_KEY} was sent with another request. Nothing was written. "
                "A request that is meant anew needs a key of its own."
            )
        case "in-progress":
            raise InProgress(
                f"The first request with this {IDEMPOTENCY_KEY} has not been answered yet. Send the same again: "
                "it will get that answer.",
                retry_after_seconds=idempotency.pause_seconds(existing, wanted.updated),
            )
        case "replay":
            return existing.answer
        case _:
            return None


def _told(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in SAME_FOR_ALL if name in response.headers}
    # Whatever bytes Graph sends come out of it as they went in.
    return Answer(response.status_code, headers, response.get_body().decode("utf-8", "surrogateescape"))


def _again(answer: Answer, attempt: Attempt) -> Response:
    attempt.outcome = "replayed"
    body = answer.body.encode("utf-8", "surrogateescape")
    return success(HTTPStatus(answer.status), body, attempt, {**answer.headers, "Idempotent-Replayed": "true"})
