"""The steps of a request: resolve, guard, decide, write, and settle what a write left open."""

import asyncio
import json
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.assignments import Assignment, Conflict, Target, Unchanged, decide
from shared.errors import (
    AssignmentConflict,
    GatewayError,
    GraphForbidden,
    GroupUnreadable,
    GuardrailRefused,
    OutcomeUnknown,
    WritesDisabled,
)
from shared.guardrails import Caller, Guardrails
from shared.schemas import AssignmentRequest
from shared.telemetry import Attempt

GROUP_UNVERIFIED = "group-unverified"


@dataclass(frozen=True)
class Configuration:
    """A device configuration and everything that is assigned of it, from one read."""

    id: str
    name: str
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Answer:
    """How a request ended: `body` is Graph's answer to the write, byte for byte, or else the assignment as read."""

    outcome: Literal["created", "unchanged"]
    configuration_id: str
    assignment_id: str
    body: bytes


class AmbiguousWriteError(Exception):
    """A write went out and its answer does not say whether it landed; only reading back can.

    No GatewayError on purpose: no caller may ever get it as an answer.
    """

    def __init__(self, otherwise: GatewayError, *, duplicate: bool) -> None:
        super().__init__(otherwise.code)
        self.otherwise = otherwise  # what to answer when reading back shows that nothing has landed
        self.duplicate = duplicate  # Graph seems to say that the assignment was there before


class Graph(Protocol):
    """What the service needs of Microsoft Graph; every method raises a GatewayError when Graph does not deliver."""

    async def configuration(self, configuration_id: str, attempt: Attempt) -> Configuration:
        """Read a configuration with its assignments."""

    async def check_group(self, group_id: str, attempt: Attempt) -> None:
        """Make sure that a group exists; raises GraphForbidden where groups may not be read."""

    async def create_assignment(self, configuration_id: str, target: Target, attempt: Attempt) -> tuple[str, bytes]:
        """Write one assignment and give its id and Graph's body; raises AmbiguousWriteError when it may have landed."""


class AssignmentService:
    """Carries out requests; knows the rules, and Graph only through its port."""

    def __init__(
        self, graph: Graph, guardrails: Guardrails, *, writes_enabled: bool, require_group_check: bool
    ) -> None:
        self._graph = graph
        self._guardrails = guardrails
        self._writes_enabled = writes_enabled
        self._require_group_check = require_group_check

    async def create(self, request: AssignmentRequest, caller: Caller, attempt: Attempt) -> Answer:
        """Have the wanted assignment in place, written at most once; raises a GatewayError for every other end."""
        wanted = request.target()
        configuration = await self._resolve(request, attempt)
        attempt.configuration_name = configuration.name
        self._guard(caller, wanted)
        match decide(configuration.assignments, wanted):
            case Unchanged(existing):
                return _answer("unchanged", configuration.id, existing)
            case Conflict(existing):
                raise _conflict(existing)
        return await self._write(configuration.id, wanted, attempt)

    async def _resolve(self, request: AssignmentRequest, attempt: Attempt) -> Configuration:
        """Make the one round of reads, side by side; if both fail, the configuration's failure is told."""
        configuration, checked = await asyncio.gather(
            self._graph.configuration(request.configuration_id, attempt),
            self._check_group(request.group_id, attempt),
            return_exceptions=True,
        )
        if isinstance(configuration, BaseException):
            raise configuration
        if isinstance(checked, BaseException):
            raise checked
        return configuration

    async def _check_group(self, group_id: str | None, attempt: Attempt) -> None:
        if group_id is None:
            return
        try:
            await self._graph.check_group(group_id, attempt)
        except GraphForbidden as error:
            if self._require_group_check:
                raise GroupUnreadable(error.detail, graph=error.graph) from error
            # The one documented permission has to be enough for the main job, and it does not include groups.
            attempt.warnings.append(GROUP_UNVERIFIED)

    def _guard(self, caller: Caller, wanted: Target) -> None:
        if refusals := self._guardrails.refusals(caller, wanted):
            raise GuardrailRefused(" ".join(refusals))

    async def _write(self, configuration_id: str, wanted: Target, attempt: Attempt) -> Answer:
        if not self._writes_enabled:
            raise WritesDisabled("WRITES_ENABLED is false: nothing is written until an administrator sets it to true.")
        try:
            assignment_id, body = await self._graph.create_assignment(configuration_id, wanted, attempt)
        except AmbiguousWriteError as write:
            return await self._settle(configuration_id, wanted, write, attempt)
        return Answer("created", configuration_id, assignment_id, body)

    async def _settle(
        self, configuration_id: str, wanted: Target, write: AmbiguousWriteError, attempt: Attempt
    ) -> Answer:
        """Read back what an ambiguous write has left; nothing is sent again."""
        try:
            configuration = await self._graph.configuration(configuration_id, attempt)
        except GatewayError as error:
            raise OutcomeUnknown(
                "The assignment was sent, and what is assigned now could not be read. "
                "Send the same request again: it will find what has landed.",
                graph=error.graph,
                retry_after_seconds=error.retry_after_seconds,
            ) from error
        match decide(configuration.assignments, wanted):
            case Unchanged(existing):
                # Graph said that it was there before: then it is not this request that made it.
                return _answer("unchanged" if write.duplicate else "created", configuration.id, existing)
            case Conflict(existing):
                raise _conflict(existing)
        raise write.otherwise


def _answer(outcome: Literal["created", "unchanged"], configuration_id: str, assignment: Assignment) -> Answer:
    return Answer(outcome, configuration_id, assignment.id, json.dumps(assignment.document).encode())


def _conflict(existing: Assignment) -> AssignmentConflict:
    return AssignmentConflict(
        f"The same group is already assigned with the target type '{existing.target.type}' (assignment "
        f"{existing.id}). Include and exclude of one group share one place in Intune: remove that one first."
    )
