"""What tickets need: webhooks are accepted, and what became of them can be read; one method for each function."""

import json
import math
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from shared import operations
from shared.callers import Caller, webhook_caller
from shared.details import FieldError
from shared.endings import expected, note
from shared.entrance import Entrance, Parts
from shared.errors import GatewayError, InvalidRequest, Misconfigured, OperationNotFound
from shared.http import Request, Response, query, raw_body, success
from shared.operations import Operation
from shared.schemas import AssignmentRequest
from shared.telemetry import Attempt, audit
from shared.webhooks import Asked
from shared.worker import Worker

MAX_WEBHOOK_BYTES = 1024 * 1024
LOOK_AGAIN_SECONDS, LONGEST_LOOK_SECONDS = 2, 60


class Tickets:
    """Answers webhooks and questions after them, and does the work in between."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def receive_webhook(self, request: Request) -> Response:
        """Answer POST `/webhooks/{source}`."""
        return await self._entrance.answered(request, "receive_webhook", self._receive)

    async def get_operation(self, request: Request) -> Response:
        """Answer GET `/operations/{operationId}`."""
        return await self._entrance.answered(request, "get_operation", self._get)

    async def list_operations(self, request: Request) -> Response:
        """Answer GET `/operations`."""
        return await self._entrance.answered(request, "list_operations", self._list)

    async def process_operation(self, operation_id: str) -> None:
        """Carry out what the queue has brought."""
        await _unasked("process_operation", self._worker().process(operation_id), operation_id)

    async def sweep_operations(self) -> None:
        """Send what waits for too long again."""
        with suppress(Misconfigured):  # there is nothing to sweep; the health says what is wrong
            await _unasked("sweep_operations", self._worker().sweep())

    async def clean_operations(self) -> None:
        """Remove what has been kept for long enough."""
        with suppress(Misconfigured):
            await _unasked("clean_operations", self._worker().clean())

    def _worker(self) -> Worker:
        parts = self._entrance.parts()
        return Worker(parts.stores(), parts.service, parts.deadline_seconds, parts.retention)

    async def _receive(self, request: Request, attempt: Attempt) -> Response:
        parts = self._entrance.parts()
        body, dry_run = raw_body(request, MAX_WEBHOOK_BYTES), _dry_run(request)
        asked = parts.webhooks().asked(request.route_params["source"], request.headers, body, attempt)
        if asked is None:
            attempt.outcome = "ignored"
            return _answer(HTTPStatus.OK, {"outcome": "ignored"}, attempt)
        if dry_run:
            _admit(parts, asked, attempt)
            attempt.outcome = "planned"
            return _answer(HTTPStatus.OK, {"outcome": "wouldAccept", "request": attempt.asked}, attempt)
        operation = await _accept(parts, asked, attempt)
        attempt.operation_id, attempt.outcome = operation.id, "accepted"
        address = {"Location": f"{parts.base_url}/api/operations/{operation.id}"}
        return _answer(HTTPStatus.ACCEPTED, {"outcome": "accepted", "operationId": operation.id}, attempt, address)

    async def _get(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "read", attempt)
        attempt.operation_id, attempt.outcome = request.route_params["operationId"], "read"
        kept = await parts.stores().ledger.read(attempt.operation_id)
        if kept is None or not _shows(parts, kept.thing, caller):
            raise OperationNotFound("There is no operation of this id, or none that the caller may see.")
        operation = kept.thing
        if operation.state == "finished":
            return _answer(HTTPStatus.OK, _told(operation), attempt)
        again = {
            "Location": f"{parts.base_url}/api/operations/{operation.id}",
            "Retry-After": str(_look_again(operation, datetime.now(UTC))),
        }
        return _answer(HTTPStatus.ACCEPTED, _told(operation), attempt, again)

    async def _list(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "read", attempt)
        ticket = request.params.get("ticket", "").strip()
        if not ticket:
            raise InvalidRequest(
                "Say of which ticket: ?ticket=INC0012345.", errors=[FieldError("ticket", "must not be blank")]
            )
        found = await parts.stores().ledger.of_ticket(ticket)
        attempt.outcome = "read"
        told = [_told(each) for each in found if _shows(parts, each, caller)]
        return _answer(HTTPStatus.OK, {"value": told}, attempt)


async def _unasked(action: str, work: Awaitable[None], operation_id: str | None = None) -> None:
    """Do what nobody waits for; where it fails, all that anybody learns of it is the audit event."""
    attempt = Attempt(str(uuid.uuid4()), action, operation_id=operation_id)
    try:
        await expected(work, attempt)
    except GatewayError as error:
        note(error, attempt)
        audit(attempt)
        raise


def _admit(parts: Parts, asked: Asked, attempt: Attempt) -> None:
    parts.service.admit(asked.request, webhook_caller(asked.source), attempt)


async def _accept(parts: Parts, asked: Asked, attempt: Attempt) -> Operation:
    """Keep an event's operation, and have it done; of an event that is known already, what is left of that."""
    stores, request = parts.stores(), asked.request.model_dump(by_alias=True, exclude_none=True)
    operation = operations.accept(asked.source, asked.key, asked.request.ticket, request, datetime.now(UTC))
    try:
        _admit(parts, asked, attempt)
    except GatewayError:
        if await stores.ledger.read(operation.id) is None:
            raise
        attempt.refusals = ()  # it was accepted before: whoever carries it out asks again
    kept = await stores.ledger.create(operation) or await stores.ledger.read(operation.id)
    if kept is None or kept.thing.state != "finished":
        await stores.queue.send(operation.id, timedelta())
    return operation


def _dry_run(request: Request) -> bool:
    given = [value for name, value in query(request) if name.lower() == "dryrun"]
    if given not in ([], ["true"], ["false"]):
        raise InvalidRequest("dryRun is true or false.", errors=[FieldError("dryRun", "must be true or false")])
    return given == ["true"]


def _shows(parts: Parts, operation: Operation, caller: Caller) -> bool:
    """Tell whether the caller may see this: it is its own, or what the guardrails would show it once it is assigned."""
    return caller.id == operation.caller or parts.service.shows(AssignmentRequest.parse(operation.request), caller)


def _look_again(operation: Operation, now: datetime) -> int:
    due = math.ceil((operation.due - now).total_seconds()) if operation.state == "accepted" else 0
    return min(max(due, LOOK_AGAIN_SECONDS), LONGEST_LOOK_SECONDS)


def _told(operation: Operation) -> dict[str, Any]:
    body = json.loads(operation.body) if operation.body else None
    told = {
        "id": operation.id,
        "state": operation.state,
        "outcome": operation.outcome,
        "caller": operation.caller,
        "ticket": operation.ticket,
        "request": operation.request,
        "attempts": operation.attempts,
        "created": operation.created.isoformat(timespec="milliseconds"),
        "updated": operation.updated.isoformat(timespec="milliseconds"),
        "preview" if operation.outcome == "planned" else "assignment": body,
        "problem": operation.problem,
    }
    return {name: value for name, value in told.items() if value is not None}


def _answer(
    status: HTTPStatus, body: dict[str, Any], attempt: Attempt, headers: dict[str, str] | None = None
) -> Response:
    return success(status, json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass"), attempt, headers or {})
