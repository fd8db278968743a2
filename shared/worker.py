"""Carrying out accepted work, once: in which order the ledger, Graph and the queue are written (decision 10)."""

import logging
import uuid
from datetime import UTC, datetime, timedelta

from shared import operations
from shared.answers import Preview, Problem
from shared.callers import webhook_caller
from shared.endings import expected, note, within
from shared.errors import GatewayError, OutcomeUnknown
from shared.ledger import Kept
from shared.operations import Operation, Outcome
from shared.schemas import AssignmentRequest
from shared.service import AssignmentService
from shared.stores import Stores
from shared.telemetry import Attempt, audit

_LOG = logging.getLogger("gateway")


class Worker:
    """Carries out what was accepted. Raises StoreUnavailable: the queue then brings the message again."""

    def __init__(self, stores: Stores, service: AssignmentService, deadline_seconds: int, retention: timedelta) -> None:
        self._ledger = stores.ledger
        self._queue = stores.queue
        self._service = service
        self._deadline_seconds = deadline_seconds
        self._retention = retention

    async def process(self, operation_id: str) -> None:
        """Have an operation done that the queue has brought, unless it is or somebody is at it."""
        kept = await self._ledger.read(operation_id)
        if kept is None:
            _LOG.warning("The queue has brought an operation that is not in the ledger; it is left out.")
            return
        now = datetime.now(UTC)
        started = operations.start(kept.thing, now, timedelta(seconds=self._deadline_seconds))
        if started is None:
            if kept.thing.held(now):  # whoever holds it may be gone, and this message the last one
                await self._queue.send(operation_id, kept.thing.due - now)
            return
        if running := await self._ledger.replace(kept, started):
            await self._end(running, await self._ended(started))
        else:  # the sweep, which changes it as well, or another message was faster: this one may be the last
            await self.process(operation_id)

    async def sweep(self) -> None:
        """Send again what the queue has had its time for."""
        now = datetime.now(UTC)
        for kept in await self._ledger.overdue(now):
            await self._queue.send(kept.thing.id, timedelta())
            reminded = operations.remind(kept.thing, now)
            await self._ledger.replace(kept, reminded)
            attempt = _about("sweep_operations", kept.thing)
            attempt.outcome = "accepted"
            _note_state(reminded, attempt)
            audit(attempt)

    async def clean(self) -> None:
        """Remove what has been kept for long enough."""
        removed = await self._ledger.clean(datetime.now(UTC), self._retention)
        _LOG.info("%s old entries of the ledger were removed.", removed)

    async def _end(self, running: Kept[Operation], ended: Operation) -> None:
        if ended.problem and ended.problem["retryable"] and ended.state == "finished":  # it has been given up
            await self._queue.bury(ended.id)
        await self._ledger.replace(running, ended)
        if ended.state == "accepted":
            await self._queue.send(ended.id, ended.due - ended.updated)

    async def _ended(self, running: Operation) -> Operation:
        """Try to do it, and give what becomes of the operation; each try has an audit event of its own."""
        attempt = _about("process_operation", running)
        try:
            ended = await self._tried(running, attempt)
            _note_state(ended, attempt)
            return ended
        finally:
            audit(attempt)

    async def _tried(self, running: Operation, attempt: Attempt) -> Operation:
        try:
            outcome, body = await expected(self._done(running, attempt), attempt)
            attempt.outcome = outcome
            return operations.finish(running, datetime.now(UTC), outcome, body=body)
        except GatewayError as error:
            note(error, attempt)
            return _failed(running, error, attempt.client_request_id)

    async def _done(self, running: Operation, attempt: Attempt) -> tuple[Outcome, str]:
        if running.exhausted:
            raise OutcomeUnknown("The last try ended without a word; whether it was carried out, nobody knows.")
        request, caller = AssignmentRequest.parse(running.request), webhook_caller(running.source)
        done = await within(self._deadline_seconds, self._service.create(request, caller, attempt), attempt)
        if isinstance(done, Preview):
            return "planned", done.encoded().decode()
        return done.outcome, done.body.decode()


def _about(action: str, operation: Operation) -> Attempt:
    """Begin an attempt that nobody outside asks for."""
    caller = webhook_caller(operation.source)
    attempt = Attempt(str(uuid.uuid4()), action, operation_id=operation.id, caller=caller)
    attempt.asked = operation.request
    return attempt


def _note_state(operation: Operation, attempt: Attempt) -> None:
    attempt.operation_state = operation.state
    attempt.waited_seconds = round((operation.updated - operation.created).total_seconds())


def _failed(running: Operation, error: GatewayError, request_id: str) -> Operation:
    """Put the operation off where the failure passes, as long as there are tries left; else it is finished."""
    now = datetime.now(UTC)
    problem = Problem.of(error, request_id).model_dump(mode="json", by_alias=True, exclude_none=True)
    if error.retryable:
        return operations.fail(running, now, problem, timedelta(seconds=error.retry_after_seconds or 0))
    return operations.finish(running, now, error.outcome, problem=problem)
