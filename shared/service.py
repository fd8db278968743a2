"""The steps of a request, in their order: resolve and read, guard, decide, write; what comes before is in `gateway`."""

import asyncio
from typing import Any, Literal

from shared.answers import PlannedRequest, Preview
from shared.assignments import Assignment, Conflict, Create, Target, Unchanged, decide
from shared.errors import Choice, GatewayError, GroupUnreadable, GuardrailRefused, WritesDisabled
from shared.exactly_once import Writer, Written, conflict
from shared.graph_port import Graph
from shared.guardrails import Caller, Guardrails
from shared.resolution import Resolved, Resolver
from shared.schemas import AssignmentRequest
from shared.telemetry import Attempt


class AssignmentService:
    """Carries out requests; knows the rules, and Graph only through its ports."""

    def __init__(
        self, graph: Graph, resolver: Resolver, writer: Writer, guardrails: Guardrails, *, writes_enabled: bool
    ) -> None:
        self._graph = graph
        self._resolver = resolver
        self._guardrails = guardrails
        self._writer = writer
        self._writes_enabled = writes_enabled

    async def create(self, request: AssignmentRequest, caller: Caller, attempt: Attempt) -> Written | Preview:
        """Have the wanted assignment in place, written at most once; raises a GatewayError for every other end."""
        resolved = await self._resolver.resolve(request, attempt)
        configuration, wanted = resolved.configuration, resolved.target
        self._guard(caller, wanted)
        decision = decide(configuration.assignments, wanted)
        match decision:
            case Conflict(existing):
                raise conflict(existing, wanted)
            case Create():
                self._check_that_writes_are_enabled()
        if request.dry_run:
            return await self._preview(resolved, decision, attempt)
        if isinstance(decision, Unchanged):
            return Written.as_read("unchanged", decision.assignment)
        return await self._writer.create(configuration.id, wanted, request.justification, attempt)

    async def delete(
        self, configuration_id: str, assignment_id: str, caller: Caller, attempt: Attempt
    ) -> Literal["deleted", "unchanged"]:
        """Have an assignment gone; guarded like its creation, since taking an exclusion away widens."""
        configuration = await self._graph.intune.configuration(configuration_id, attempt)
        attempt.resolved = {"configurationName": configuration.name}
        existing = configuration.assignment(assignment_id)
        if existing is None:
            return "unchanged"
        self._guard(caller, existing.target)
        self._check_that_writes_are_enabled()
        attempt.removed = existing.document
        return await self._writer.delete(configuration_id, existing, attempt)

    async def assignment(self, configuration_id: str, assignment_id: str, attempt: Attempt) -> bytes:
        """Give Graph's own body of one assignment."""
        return await self._graph.intune.assignment(configuration_id, assignment_id, attempt)

    async def assignments(self, configuration_id: str, attempt: Attempt) -> list[dict[str, Any]]:
        """Give all assignments of a configuration, with `groupName` and `filterName` where they may be read."""
        configuration = await self._graph.intune.configuration(configuration_id, attempt)
        attempt.resolved = {"configurationName": configuration.name}
        targets = [each.target for each in configuration.assignments]
        groups, filters = await asyncio.gather(
            self._group_names(targets, attempt), self._filter_names(targets, attempt)
        )
        return [_listed(each, groups, filters) for each in configuration.assignments]

    def _guard(self, caller: Caller, wanted: Target) -> None:
        if refusals := self._guardrails.refusals(caller, wanted):
            raise GuardrailRefused(" ".join(refusals))

    def _check_that_writes_are_enabled(self) -> None:
        if not self._writes_enabled:
            raise WritesDisabled("WRITES_ENABLED is false: nothing is written until an administrator sets it to true.")

    async def _preview(self, resolved: Resolved, decision: Create | Unchanged, attempt: Attempt) -> Preview:
        configuration, target, group = resolved.configuration, resolved.target, resolved.group
        planned = self._graph.intune.planned(configuration.id, target)
        return Preview(
            outcome="unchanged" if isinstance(decision, Unchanged) else "wouldCreate",
            request=PlannedRequest(method=planned.method, url=planned.url, body=dict(planned.body)),
            configuration=Choice(configuration.id, configuration.name),
            target=target.to_graph() | ({"name": group.name} if group else {}),
            filter=Choice(resolved.filter.id, resolved.filter.name) if resolved.filter else None,
            member_count=await self._member_count(target, attempt),
            existing=[dict(each.document) for each in configuration.assignments],
        )

    async def _member_count(self, target: Target, attempt: Attempt) -> int | None:
        """Count whom the target reaches; whatever keeps that from being read, the real request would not meet it."""
        try:
            return await self._graph.entra.member_count(target.group_id, attempt) if target.group_id else None
        except GatewayError:
            return None

    async def _group_names(self, targets: list[Target], attempt: Attempt) -> dict[str, str]:
        group_ids = {target.group_id for target in targets if target.group_id}
        try:
            return await self._graph.entra.group_names(group_ids, attempt)
        except GroupUnreadable:
            return {}

    async def _filter_names(self, targets: list[Target], attempt: Attempt) -> dict[str, str]:
        if not any(target.filter for target in targets):
            return {}
        return {each.id: each.name for each in await self._graph.intune.filters(attempt)}


def _listed(assignment: Assignment, groups: dict[str, str], filters: dict[str, str]) -> dict[str, Any]:
    target = assignment.target
    names = {
        "groupName": groups.get(target.group_id.lower()) if target.group_id else None,
        "filterName": filters.get(target.filter.id) if target.filter else None,
    }
    return {**assignment.document, **{field: name for field, name in names.items() if name is not None}}
