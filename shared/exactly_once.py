"""The exactly-once write: sent once, and where its answer leaves open what happened, settled by reading back."""

import asyncio
import json
from dataclasses import dataclass
from typing import Literal

from shared.assignments import Assignment, Conflict, Target, Unchanged, decide
from shared.errors import AssignmentConflict, FilterNotApplied, GatewayError, OutcomeUnknown
from shared.graph_port import AmbiguousWriteError, Configuration, Intune
from shared.telemetry import Attempt


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
    """Changes assignments."""

    def __init__(self, intune: Intune) -> None:
        self._intune = intune

    async def create(
        self, configuration_id: str, wanted: Target, justification: str | None, attempt: Attempt
    ) -> Written:
        """Have the wanted assignment in place; nothing was in its way a moment ago."""
        try:
            created = await self._intune.create_assignment(configuration_id, wanted, justification, attempt)
        except AmbiguousWriteError as write:
            return await self._settle_creation(configuration_id, wanted, write, attempt)
        if created.assignment.target.filter != wanted.filter:
            # Not even the end of the caller's time may leave an assignment that is wider than what was asked for.
            raise await asyncio.shield(self._undo(configuration_id, created.assignment, attempt))
        return Written("created", created.assignment, created.body)

    async def delete(
        self, configuration_id: str, assignment: Assignment, attempt: Attempt
    ) -> Literal["deleted", "unchanged"]:
        """Take an assignment away that was there a moment ago; `unchanged` where somebody else was faster."""
        try:
            there = await self._intune.delete_assignment(configuration_id, assignment.id, attempt)
        except AmbiguousWriteError as write:
            if (await self._read_back(configuration_id, attempt)).assignment(assignment.id) is None:
                return "deleted"
            raise write.otherwise from write
        return "deleted" if there else "unchanged"

    async def _settle_creation(
        self, configuration_id: str, wanted: Target, write: AmbiguousWriteError, attempt: Attempt
    ) -> Written:
        configuration = await self._read_back(configuration_id, attempt)
        match decide(configuration.assignments, wanted):
            case Unchanged(existing):
                # Graph said that it was there before: then it is not this request that made it.
                return Written.as_read("unchanged" if write.duplicate else "created", existing)
            case Conflict(existing) if not write.duplicate and _lacks_the_filter(existing.target, wanted):
                raise FilterNotApplied(
                    f"The assignment {existing.id} is there without the filter. It was left alone, since nothing tells "
                    "whether this request made it: delete it if it is not wanted."
                ) from write
            case Conflict(existing):
                raise conflict(existing, wanted) from write
        raise write.otherwise from write

    async def _undo(self, configuration_id: str, assignment: Assignment, attempt: Attempt) -> FilterNotApplied:
        what = f"Microsoft Graph made the assignment {assignment.id} without the filter that was asked for"
        try:
            await self.delete(configuration_id, assignment, attempt)
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
                retry_after_seconds=error.retry_after_seconds,
            ) from error


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
