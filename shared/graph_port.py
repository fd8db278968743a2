"""The port to Microsoft Graph: what the gateway asks of it, and what it is told in return."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.assignments import Assignment, Target
from shared.details import Choice
from shared.errors import GatewayError
from shared.telemetry import Attempt


@dataclass(frozen=True)
class Configuration:
    """A device configuration and everything that is assigned of it, from one read; `platform` as in `platforms`."""

    id: str
    name: str
    platform: str | None
    assignments: tuple[Assignment, ...]

    def assignment(self, assignment_id: str) -> Assignment | None:
        """Find one of the assignments by its id, without regard to case."""
        wanted = assignment_id.casefold()
        return next((each for each in self.assignments if each.id.casefold() == wanted), None)


@dataclass(frozen=True)
class Group:
    """An Entra group; `assignable` where Intune takes it as a target."""

    id: str
    name: str
    assignable: bool


@dataclass(frozen=True)
class AssignmentFilter:
    """An assignment filter of Intune's; `platform` as in `platforms`."""

    id: str
    name: str
    platform: str | None


@dataclass(frozen=True)
class PlannedWrite:
    """One request to Graph as it is sent: the whole address, and the body as JSON, None where there is none."""

    method: str
    url: str
    body: Mapping[str, Any] | None


@dataclass(frozen=True)
class Created:
    """What Graph answered to the creation: the assignment, and the body byte for byte."""

    assignment: Assignment
    body: bytes


class AmbiguousWriteError(Exception):
    """A write went out and its answer does not say whether it landed; only reading back can.

    No GatewayError on purpose: no caller may ever get it as an answer.
    """

    def __init__(self, otherwise: GatewayError, *, duplicate: bool = False, again: bool = False) -> None:
        super().__init__(otherwise.code)
        self.otherwise = otherwise  # what to answer when reading back shows that nothing has landed
        self.duplicate = duplicate  # Graph seems to say that the assignment was there before
        self.again = again  # once reading back has shown that nothing has landed, another try may do better


class Intune(Protocol):
    """Configurations, assignments and filters; every method raises a GatewayError when Graph does not deliver."""

    async def configuration(self, configuration_id: str, attempt: Attempt) -> Configuration:
        """Read a configuration with its assignments."""

    async def configurations(self, name: str | None, attempt: Attempt) -> list[Configuration]:
        """Read, with their assignments, the configurations that Graph finds under a name; None: all there are."""

    async def configuration_names(self, attempt: Attempt) -> list[Choice]:
        """Read the names of all configurations."""

    async def filters(self, attempt: Attempt) -> list[AssignmentFilter]:
        """Read all assignment filters."""

    async def assignment(self, configuration_id: str, assignment_id: str, attempt: Attempt) -> bytes:
        """Read one assignment and give Graph's body."""

    def planned(self, configuration_id: str, target: Target) -> PlannedWrite:
        """Give the request that would create an assignment."""

    def planned_deletion(self, configuration_id: str, assignment_id: str) -> PlannedWrite:
        """Give the request that would delete an assignment."""

    async def create_assignment(
        self, configuration_id: str, target: Target, justification: str | None, attempt: Attempt
    ) -> Created:
        """Write one assignment, once; raises AmbiguousWriteError when it may have landed."""

    async def delete_assignment(
        self, configuration_id: str, assignment_id: str, justification: str | None, attempt: Attempt
    ) -> bool:
        """Delete one assignment; False: it was gone. Raises AmbiguousWriteError when it may be gone."""


class Entra(Protocol):
    """Groups; every method raises GroupUnreadable where the gateway may not read them."""

    async def group(self, group_id: str, attempt: Attempt) -> Group:
        """Read a group."""

    async def groups(self, name: str | None, attempt: Attempt) -> list[Group]:
        """Read the groups that Graph finds under a name; None: all there are."""

    async def groups_beginning_with(self, text: str, attempt: Attempt) -> list[Group]:
        """Read the first groups, by name, whose name begins so; a thousand at most."""

    async def group_names(self, group_ids: Collection[str], attempt: Attempt) -> dict[str, str]:
        """Read the names of groups by their ids; who is not there is left out."""

    async def member_count(self, group_id: str, attempt: Attempt) -> int:
        """Count a group's transitive members."""


@dataclass(frozen=True)
class Graph:
    """Both services behind Graph's one address."""

    intune: Intune
    entra: Entra
