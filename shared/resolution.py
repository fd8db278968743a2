"""From the names and ids of a request to the things that they stand for: one round of reads, side by side."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.assignments import Target
from shared.details import FieldError
from shared.errors import (
    ConfigurationNotFound,
    FilterNotFound,
    GatewayError,
    GroupNotFound,
    GroupUnreadable,
    InvalidRequest,
)
from shared.graph_port import AssignmentFilter, Configuration, Graph, Group
from shared.names import Named, the_one_named
from shared.platforms import differ
from shared.schemas import AssignmentRequest
from shared.telemetry import Attempt

GROUP_UNVERIFIED = "group-unverified"

Thing = TypeVar("Thing", bound=Named)


@dataclass(frozen=True)
class Resolved:
    """What a request is about, as Graph has it; `target` is what is wanted, `group` None where it was not read."""

    configuration: Configuration
    target: Target
    group: Group | None
    filter: AssignmentFilter | None

    def names(self) -> dict[str, str]:
        """Give the ids and names by the names that they have in a request."""
        things = {"configuration": self.configuration, "group": self.group, "filter": self.filter}
        found = {kind: thing for kind, thing in things.items() if thing is not None}
        ids = {f"{kind}Id": thing.id for kind, thing in found.items()}
        return ids | {f"{kind}Name": thing.name for kind, thing in found.items()}


class Resolver:
    """Finds what requests name; `filters` says whether assignment filters may be used here."""

    def __init__(self, graph: Graph, *, require_group_check: bool, filters: bool) -> None:
        self._graph = graph
        self._require_group_check = require_group_check
        self._filters = filters

    async def resolve(self, request: AssignmentRequest, attempt: Attempt) -> Resolved:
        """Find everything that the request names; of several failures the configuration's is told first."""
        if request.filter_field and not self._filters:
            raise _invalid(request.filter_field, "cannot be used: ASSIGNMENT_FILTERS is off here")
        configuration, group, chosen = await _side_by_side(
            self._configuration(request, attempt), self._group(request, attempt), self._filter(request, attempt)
        )
        group_id = group.id if group else request.group_id
        target = request.target(group_id, chosen.id if chosen else None)
        resolved = Resolved(configuration, target, group, chosen)
        attempt.resolved = resolved.names()
        _check(request, resolved)
        return resolved

    async def _configuration(self, request: AssignmentRequest, attempt: Attempt) -> Configuration:
        if request.configuration_id:
            return await self._graph.intune.configuration(request.configuration_id, attempt)
        return await _named(
            str(request.configuration_name),
            lambda name: self._graph.intune.configurations(name, attempt),
            "device configuration",
            ConfigurationNotFound,
        )

    async def _group(self, request: AssignmentRequest, attempt: Attempt) -> Group | None:
        """Find the group; None for a request without one, and for a group that could not be checked."""
        if request.group_name:
            return await _named(
                request.group_name, lambda name: self._graph.entra.groups(name, attempt), "group", GroupNotFound
            )
        if request.group_id:
            try:
                return await self._graph.entra.group(request.group_id, attempt)
            except GroupUnreadable:
                if self._require_group_check:
                    raise
                # The one documented permission has to be enough for the main job, and it does not include groups.
                attempt.warnings.append(GROUP_UNVERIFIED)
        return None

    async def _filter(self, request: AssignmentRequest, attempt: Attempt) -> AssignmentFilter | None:
        if not request.filter_field:
            return None
        filters = await self._graph.intune.filters(attempt)
        if request.filter_name:
            found = the_one_named(request.filter_name, filters, "assignment filter")
        else:
            found = next((each for each in filters if each.id == request.filter_id), None)
        if found is None:
            wanted = f"called '{request.filter_name}'" if request.filter_name else "with this id"
            raise FilterNotFound(f"Intune has no assignment filter {wanted}.")
        return found


async def _side_by_side(*reads: Awaitable[Any]) -> list[Any]:
    """Wait for all of them, so that none goes on unseen, and raise the first failure in their order."""
    results = await asyncio.gather(*reads, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


async def _named(
    name: str, read: Callable[[str | None], Awaitable[list[Thing]]], kind: str, not_found: type[GatewayError]
) -> Thing:
    """Ask Graph for the name, and for everything where it finds none: its `$filter` may miss case and blanks."""
    for asked in (name, None):
        if (found := the_one_named(name, await read(asked), kind)) is not None:
            return found
    raise not_found(f"There is no {kind} called '{name}'. {not_found.hint}")


def _check(request: AssignmentRequest, resolved: Resolved) -> None:
    if resolved.group and not resolved.group.assignable:
        field = "groupName" if request.group_name else "groupId"
        raise _invalid(
            field, "must be a security group or a Microsoft 365 group; a distribution list cannot be assigned"
        )
    chosen, configuration = resolved.filter, resolved.configuration
    if chosen and request.filter_field and differ(chosen.platform, configuration.platform):
        raise _invalid(
            request.filter_field, f"is for {chosen.platform}, the configuration for {configuration.platform}"
        )


def _invalid(field: str, rule: str) -> InvalidRequest:
    return InvalidRequest(f"Nothing was written. What breaks a rule: {field}.", errors=[FieldError(field, rule)])
