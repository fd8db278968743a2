"""What a test puts into the tenant besides the seed: configurations, groups, filters, and assignments of any.

Ids are counted on from those of the seed, so that the same additions have the same ids in every run.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import TypeVar

from pydantic import Field, NonNegativeInt

from sandbox.assignment_types import GUID, read_assignment
from sandbox.command import Command, CommandError
from sandbox.graph_errors import GraphError
from sandbox.tenant import Assignment, Entity, Tenant, assignment_filter, configuration, group


class New(Command):
    """Something with a name; its id is given where none is asked for."""

    id: str | None = Field(default=None, pattern=f"^(?i:{GUID.pattern})$")
    name: str


NewT = TypeVar("NewT", bound=New)


class NewConfiguration(New):
    """A configuration; the type is Graph's, without its namespace."""

    type: str = "windows10CustomConfiguration"

    def entity(self, identifier: str) -> Entity:
        """Write it as Graph does."""
        return configuration(identifier, self.type, self.name)


class NewGroup(New):
    """A group with so many members."""

    security_enabled: bool = True
    mail_enabled: bool = False
    group_types: tuple[str, ...] = ()
    members: NonNegativeInt = 0

    def entity(self, identifier: str) -> Entity:
        """Write it as Graph does."""
        kind = {"securityEnabled": self.security_enabled, "mailEnabled": self.mail_enabled}
        return {**group(identifier, self.name), **kind, "groupTypes": self.group_types}


class NewFilter(New):
    """An assignment filter."""

    platform: str = "windows10AndLater"

    def entity(self, identifier: str) -> Entity:
        """Write it as Graph does."""
        return assignment_filter(identifier, self.name, self.platform, '(device.manufacturer -eq "Contoso")')


class NewAssignment(Command):
    """An assignment, its target as beta takes it."""

    configuration: str
    target: Entity


class Additions(Command):
    """What is to be added, each kind in its order."""

    configurations: tuple[NewConfiguration, ...] = ()
    groups: tuple[NewGroup, ...] = ()
    filters: tuple[NewFilter, ...] = ()
    assignments: tuple[NewAssignment, ...] = ()


def add(tenant: Tenant, additions: Additions) -> dict[str, list[str]]:
    """Add all of it and give the ids; raises CommandError where something cannot be, and then adds nothing."""
    configurations = _identified("c", tenant.configurations, additions.configurations)
    groups = _identified("9", tenant.groups, additions.groups)
    filters = _identified("f", tenant.filters, additions.filters)
    known = tenant.configurations.keys() | configurations.keys()
    assignments = [_assignment(one, known) for one in additions.assignments]
    tenant.configurations |= {identifier: new.entity(identifier) for identifier, new in configurations.items()}
    tenant.groups |= {identifier: new.entity(identifier) for identifier, new in groups.items()}
    tenant.filters |= {identifier: new.entity(identifier) for identifier, new in filters.items()}
    tenant.member_counts |= {identifier: new.members for identifier, new in groups.items()}
    tenant.assignments |= {identifier: {} for identifier in configurations}
    for where, assignment in assignments:
        tenant.assignments[where][assignment.id] = assignment
    ids = {"configurations": list(configurations), "groups": list(groups), "filters": list(filters)}
    return {**ids, "assignments": [assignment.id for _, assignment in assignments]}


def _identified(prefix: str, existing: Collection[str], added: Sequence[NewT]) -> dict[str, NewT]:
    """Give each its id; the prefix is the digit by which ids tell what they stand for."""
    asked = [one.id.lower() for one in added if one.id is not None]
    free = _free_ids(prefix, len(existing) + 1, {*existing, *asked})
    identified = {one.id.lower() if one.id else next(free): one for one in added}
    if len(identified) < len(added) or any(identifier in existing for identifier in asked):
        raise CommandError("an id is taken")
    return identified


def _free_ids(prefix: str, first: int, taken: Collection[str]) -> Iterator[str]:
    numbered = (f"{prefix}0000000-0000-4000-8000-{number:012}" for number in count(first))
    return (identifier for identifier in numbered if identifier not in taken)


def _assignment(new: NewAssignment, known: Collection[str]) -> tuple[str, Assignment]:
    where = new.configuration.lower()
    if where not in known:
        raise CommandError(f"there is no configuration {new.configuration}")
    try:
        return where, read_assignment({"target": new.target}, where, "beta")
    except GraphError as error:
        raise CommandError(error.message) from error
