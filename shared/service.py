"""The steps of a request, in their order: resolve and read, guard, decide, write; what comes before is in `gateway`."""

import asyncio
from contextlib import suppress
from typing import Any, Literal

from shared.answers import PlannedRequest, Preview
from shared.assignments import Assignment, Conflict, Create, Target, Unchanged, decide
from shared.callers import Caller
from shared.details import Choice
from shared.errors import AssignmentNotFound, GatewayError, GroupUnreadable, WritesDisabled
from shared.exactly_once import Writer, Written, conflict
from shared.graph_port import Configuration, Graph
from shared.guard import Guard
from shared.resolution import Resolved, Resolver
from shared.rules import Action, Deed
from shared.schemas import AssignmentRequest, Purpose
from shared.telemetry import Attempt


class AssignmentService:
    """Carries out requests; knows the rules, and Graph only through its ports."""

    def __init__(self, graph: Graph, resolver: Resolver, guard: Guard, writer: Writer, *, writes_enabled: bool) -> None:
        self._graph = graph
        self._resolver = resolver
        self._guard = guard
        self._writer = writer
        self._writes_enabled = writes_enabled

    async def create(self, request: AssignmentRequest, caller: Caller, attempt: Attempt) -> Written | Preview:
        """Have the wanted assignment in place, written at most once; raises a GatewayError for every other end."""
        resolved = await self._resolver.resolve(request, attempt)
        configuration, wanted = resolved.configuration, resolved.target
        group_name = resolved.group.name if resolved.group else None
        await self._guard.check(caller, _deed("create", configuration, wanted, group_name, request), attempt)
        decision = decide(configuration.assignments, wanted)
        match decision:
            case Conflict(existing):
                raise conflict(existing, wanted)
            case Create():
                self._check_that_writes_are_enabled()
        if request.dry_run:
            return await self._preview(resolved, decision, caller, attempt)
        if isinstance(decision, Unchanged):
            return Written.as_read("unchanged", decision.assignment)
        return await self._writer.create(configuration.id, wanted, request.justification, attempt)

    async def delete(
        self, configuration_id: str, assignment_id: str, purpose: Purpose, caller: Caller, attempt: Attempt
    ) -> Literal["deleted", "unchanged"] | Preview:
        """Have an assignment gone; guarded as it is read back, since taking an exclusion away widens."""
        configuration = await self._graph.intune.configuration(configuration_id, attempt)
        attempt.resolved = {"configurationName": configuration.name}
        existing = configuration.assignment(assignment_id)
        if existing is None:
            return await self._preview_of_nothing(configuration, caller, attempt) if purpose.dry_run else "unchanged"
        await self._guard.check(caller, _deed("delete", configuration, existing.target, None, purpose), attempt)
        self._check_that_writes_are_enabled()
        if purpose.dry_run:
            return await self._preview_of_deletion(configuration, existing, caller, attempt)
        attempt.removed = existing.document
        return await self._writer.delete(configuration_id, existing, purpose.justification, attempt)

    async def assignment(self, configuration_id: str, assignment_id: str, caller: Caller, attempt: Attempt) -> bytes:
        """Give Graph's own body of one assignment."""
        configuration = await self._graph.intune.configuration(configuration_id, attempt)
        attempt.resolved = {"configurationName": configuration.name}
        if (existing := configuration.assignment(assignment_id)) is None:
            raise AssignmentNotFound(f"'{configuration.name}' has no assignment of this id.")
        await self._guard.check(caller, _deed("read", configuration, existing.target), attempt)
        return await self._graph.intune.assignment(configuration_id, assignment_id, attempt)

    async def assignments(self, configuration_id: str, caller: Caller, attempt: Attempt) -> list[dict[str, Any]]:
        """Give those assignments of a configuration that the caller may see, with names where they may be read."""
        configuration = await self._graph.intune.configuration(configuration_id, attempt)
        attempt.resolved = {"configurationName": configuration.name}
        targets = [each.target for each in configuration.assignments]
        groups, filters = await asyncio.gather(
            self._group_names(targets, attempt), self._filter_names(targets, attempt)
        )
        return [_listed(each, groups, filters) for each in self._seen(configuration, caller, groups)]

    def shows(self, request: AssignmentRequest, caller: Caller) -> bool:
        """Tell whether the caller may see what was asked, by what stands in it: a name or an id, not both."""
        return self._guard.shows(caller, _deed_at_sight("read", request))

    def admit(self, request: AssignmentRequest, caller: Caller, attempt: Attempt) -> None:
        """Refuse at once what is to be carried out later and could not be; all is checked again when it is.

        Raises WritesDisabled and GuardrailRefused. Nothing is read for it.
        """
        self._check_that_writes_are_enabled()
        self._guard.check_at_sight(caller, _deed_at_sight("create", request), attempt)

    def _check_that_writes_are_enabled(self) -> None:
        if not self._writes_enabled:
            raise WritesDisabled("WRITES_ENABLED is false: nothing is written until an administrator sets it to true.")

    def _seen(self, configuration: Configuration, caller: Caller, groups: dict[str, str]) -> list[Assignment]:
        def seen(target: Target) -> bool:
            return self._guard.shows(caller, _deed("read", configuration, target, _group_name(target, groups)))

        return [each for each in configuration.assignments if seen(each.target)]

    async def _existing(self, configuration: Configuration, caller: Caller, attempt: Attempt) -> list[dict[str, Any]]:
        """Give what is assigned and the caller may see; names of groups are read only where one may open the view."""
        seen = self._seen(configuration, caller, {})
        if len(seen) < len(configuration.assignments):
            with suppress(GatewayError):  # the real request would not meet it; without names less is seen
                names = await self._group_names([each.target for each in configuration.assignments], attempt)
                seen = self._seen(configuration, caller, names)
        return [dict(each.document) for each in seen]

    async def _preview(
        self, resolved: Resolved, decision: Create | Unchanged, caller: Caller, attempt: Attempt
    ) -> Preview:
        configuration, target, group = resolved.configuration, resolved.target, resolved.group
        planned = self._graph.intune.planned(configuration.id, target)
        return Preview(
            outcome="unchanged" if isinstance(decision, Unchanged) else "wouldCreate",
            rule=attempt.rule,
            request=PlannedRequest(**vars(planned)),
            configuration=Choice(configuration.id, configuration.name),
            target=target.to_graph() | ({"name": group.name} if group else {}),
            filter=Choice(resolved.filter.id, resolved.filter.name) if resolved.filter else None,
            member_count=await self._member_count(target, attempt),
            existing=await self._existing(configuration, caller, attempt),
        )

    async def _preview_of_deletion(
        self, configuration: Configuration, existing: Assignment, caller: Caller, attempt: Attempt
    ) -> Preview:
        planned = self._graph.intune.planned_deletion(configuration.id, existing.id)
        return Preview(
            outcome="wouldDelete",
            rule=attempt.rule,
            request=PlannedRequest(**vars(planned)),
            configuration=Choice(configuration.id, configuration.name),
            target=existing.document["target"],
            existing=await self._existing(configuration, caller, attempt),
        )

    async def _preview_of_nothing(self, configuration: Configuration, caller: Caller, attempt: Attempt) -> Preview:
        return Preview(
            outcome="unchanged",
            configuration=Choice(configuration.id, configuration.name),
            existing=await self._existing(configuration, caller, attempt),
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


def _deed(
    action: Action,
    configuration: Configuration,
    target: Target,
    group_name: str | None = None,
    purpose: Purpose | None = None,
) -> Deed:
    ticket, justification = (purpose.ticket, purpose.justification) if purpose else (None, None)
    return Deed(
        action,
        configuration.id,
        configuration.name,
        target,
        group_name=group_name,
        ticket=ticket,
        justification=justification,
    )


def _deed_at_sight(action: Action, request: AssignmentRequest) -> Deed:
    """Give the deed as far as the request says it: what has a name and no id yet is there all the same."""
    return Deed(
        action,
        request.configuration_id or "",
        request.configuration_name or "",
        request.target(request.group_id or "", request.filter_id or request.filter_name),
        group_name=request.group_name,
        ticket=request.ticket,
        justification=request.justification,
    )


def _group_name(target: Target, groups: dict[str, str]) -> str | None:
    return groups.get(target.group_id.lower()) if target.group_id else None


def _listed(assignment: Assignment, groups: dict[str, str], filters: dict[str, str]) -> dict[str, Any]:
    target = assignment.target
    names = {
        "groupName": _group_name(target, groups),
        "filterName": filters.get(target.filter.id) if target.filter else None,
    }
    return {**assignment.document, **{field: name for field, name in names.items() if name is not None}}
