"""The exactly-once write: sent once, and where its answer leaves open what happened, settled by reading back."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import httpx

from shared.assignments import Assignment, Conflict, Target, Unchanged, decide
from shared.errors import (
    ApprovalRequired,
    AssignmentConflict,
    FilterNotApplied,
    GatewayError,
    OutcomeUnknown,
    Throttled,
)
from shared.graph_port import AmbiguousWriteError, Configuration, Intune
from shared.retries import MOST_TRIES, pause
from shared.telemetry import Attempt
from shared.write_budget import WriteBudget

UNDO_SECONDS = 30

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True)
class Written:
    """What is there now: `body` is Graph's answer to the write, byte for byte, or else the assignment as read back."""

    outcome: Literal["created", "unchanged"]
    assignment: Assignment
    body: bytes

    @classmethod
    def as_read(cls, outcome: Literal["created", "unchanged"], assignment: Assignment) -> "Written":
        """Make it of an assignment that was read."""
        return cls(outcome, assignment, json.dumps(assignment.document).encode())


class Writer:
    """Changes assignments, within the budget of this process."""

    def __init__(self, intune: Intune, budget: WriteBudget) -> None:
        self._intune = intune
        self._budget = budget

    async def create(
        self, configuration_id: str, wanted: Target, justification: str | None, attempt: Attempt
    ) -> Written:
        """Have the wanted assignment in place; nothing was in its way a moment ago."""

        async def send() -> Written:
            self._budget.take()
            created = await self._intune.create_assignment(configuration_id, wanted, justification, attempt)
            if created.assignment.target.filter != wanted.filter:
                # Not even the end of the caller's time may leave an assignment that is wider than what was asked for.
                raise await asyncio.shield(self._undo(configuration_id, created.assignment, justification, attempt))
            return Written("created", created.assignment, created.body)

        async def look(*, ours: bool) -> Written | None:
            return _found(await self._read_back(configuration_id, attempt), wanted, ours=ours)

        return await _settled(send, look, attempt)

    async def delete(
        self, configuration_id: str, assignment: Assignment, justification: str | None, attempt: Attempt
    ) -> Literal["deleted", "unchanged"]:
        """Take an assignment away that was there a moment ago; `unchanged` where somebody else was faster."""

        async def send() -> Literal["deleted", "unchanged"]:
            self._budget.take()
            there = await self._intune.delete_assignment(configuration_id, assignment.id, justification, attempt)
            return "deleted" if there else "unchanged"

        async def look(*, ours: bool) -> Literal["deleted", "unchanged"] | None:
            there = (await self._read_back(configuration_id, attempt)).assignment(assignment.id)
            gone = there is None or there.target != assignment.target
            return ("deleted" if ours else "unchanged") if gone else None

        return await _settled(send, look, attempt)

    async def _undo(
        self, configuration_id: str, assignment: Assignment, justification: str | None, attempt: Attempt
    ) -> FilterNotApplied:
        """Take our own assignment away again, whatever the budget and the caller's patience say."""
        what = f"Microsoft Graph made the assignment {assignment.id} without the filter that was asked for"
        attempt.ends = max(attempt.ends, time.monotonic() + UNDO_SECONDS)
        try:
            writer = Writer(self._intune, WriteBudget(MOST_TRIES))
            await writer.delete(configuration_id, assignment, justification, attempt)
        except GatewayError as error:
            return FilterNotApplied(f"{what}, and it could not be removed: delete it at once.", graph=error.graph)
        return FilterNotApplied(f"{what}; it was removed again.")

    async def _read_back(self, configuration_id: str, attempt: Attempt) -> Configuration:
        try:
            return await self._intune.configuration(configuration_id, attempt)
        except GatewayError as error:
            raise OutcomeUnknown(
                "The change was sent, and what is assigned now could not be read. "
                "Send the same request again: it will find what has landed.",
                graph=error.graph,
                retry_after_seconds=error.asked_pause_seconds,
            ) from error


class Look(Protocol[Result_co]):
    """Reads back: gives the outcome where the change is there, None where it is not."""

    async def __call__(self, *, ours: bool) -> Result_co | None:
        """`ours` says whether a write of this request may have made what is found."""


async def _settled(send: Callable[[], Awaitable[Result]], look: Look[Result], attempt: Attempt) -> Result:
    """Send, and after a failure send again only when reading back has just shown that nothing has landed."""
    doubt: GatewayError | None = None  # what to answer once a write may have landed, whatever comes after it
    tries = 0
    while True:
        tries += 1
        try:
            return await send()
        except AmbiguousWriteError as write:
            failure, again = write.otherwise, write.again
            doubt = doubt or (None if write.duplicate else failure)
            if (found := await look(ours=doubt is not None)) is not None:
                return found
        except (ApprovalRequired, FilterNotApplied):
            raise  # both are the whole truth: without an approval no write lands, and an undone one has landed
        except GatewayError as error:
            # For a token the call itself has tried again: without one nothing has left, and nothing is to be found.
            failure, again = error, isinstance(error, Throttled) or _token_was_refused(error, tries)
        if not again:
            raise doubt or failure
        await pause(failure, tries, attempt, doubt)
        if (found := await look(ours=doubt is not None)) is not None:
            return found


def _token_was_refused(error: GatewayError, tries: int) -> bool:
    """Tell whether Graph wants another token, which by now has been forgotten: that is worth one more try."""
    return error.graph is not None and error.graph.status == httpx.codes.UNAUTHORIZED and tries == 1


def _found(configuration: Configuration, wanted: Target, *, ours: bool) -> Written | None:
    match decide(configuration.assignments, wanted):
        case Unchanged(existing):
            return Written.as_read("created" if ours else "unchanged", existing)
        case Conflict(existing) if ours and _lacks_the_filter(existing.target, wanted):
            raise FilterNotApplied(
                f"The assignment {existing.id} is there without the filter. It was left alone, since nothing tells "
                "whether this request made it: delete it if it is not wanted."
            )
        case Conflict(existing):
            raise conflict(existing, wanted)
    return None


def _lacks_the_filter(there: Target, wanted: Target) -> bool:
    return there.reaches_the_same_as(wanted) and there.filter is None


def conflict(existing: Assignment, wanted: Target) -> AssignmentConflict:
    """Say what is in the way of a wanted target."""
    there, chosen = f"(assignment {existing.id})", existing.target.filter
    if existing.target.opposes(wanted):
        return AssignmentConflict(
            f"The same group is already assigned with the target type '{existing.target.type}' {there}. "
            "Include and exclude of one group share one place in Intune: remove that one first."
        )
    how = f"with the filter {chosen.id} ({chosen.mode})" if chosen else "without a filter"
    return AssignmentConflict(
        f"The same target is already assigned {how} {there}. A target has one filter at most: remove that one first."
    )
