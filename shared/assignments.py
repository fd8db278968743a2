"""Targets and assignments, and the decision what a request means for what is already assigned. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

ALL_USERS_GROUP_ID = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
ALL_DEVICES_GROUP_ID = "adadadad-808e-44e2-905a-0b7873a8a531"
VIRTUAL_GROUP_IDS = frozenset({ALL_USERS_GROUP_ID, ALL_DEVICES_GROUP_ID})
"""The groups by which Intune itself means all users and all devices: never accepted where a real id is asked for."""


@dataclass(frozen=True)
class TargetType:
    """How one type of target is written: Graph's `@odata.type`, and its properties by the request's field names."""

    odata_type: str
    properties: Mapping[str, str] = field(default_factory=dict)
    takes_filter: bool = True


TARGET_TYPES: Mapping[str, TargetType] = {
    "group": TargetType("#microsoft.graph.groupAssignmentTarget", {"groupId": "groupId"}),
    "exclusionGroup": TargetType(
        "#microsoft.graph.exclusionGroupAssignmentTarget", {"groupId": "groupId"}, takes_filter=False
    ),
    "allDevices": TargetType("#microsoft.graph.allDevicesAssignmentTarget"),
    "allLicensedUsers": TargetType("#microsoft.graph.allLicensedUsersAssignmentTarget"),
    "configurationManagerCollection": TargetType(
        "#microsoft.graph.configurationManagerCollectionAssignmentTarget", {"collectionId": "collectionId"}
    ),
    # Graph's documentation writes this one without the leading '#', and no SDK has a model for it.
    "scopeTagGroup": TargetType(
        "microsoft.graph.scopeTagGroupAssignmentTarget",
        {"targetType": "scopeTagTargetType", "entraObjectId": "entraObjectId"},
    ),
}
"""The types of target by the names that requests use: Graph's own without `AssignmentTarget`."""

# One GUID, or two things joined by an underscore (facts.md §1): no blank, and nothing that ends a path segment.
_ID = re.compile(r"[!-.0-~]{1,256}")
_NAMES = {kind.odata_type.removeprefix("#"): name for name, kind in TARGET_TYPES.items()}


@dataclass(frozen=True)
class Filter:
    """Which devices of a target are meant: those that an assignment filter hits (`include`), or the others."""

    id: str
    mode: str

    ID = "deviceAndAppManagementAssignmentFilterId"
    MODE = "deviceAndAppManagementAssignmentFilterType"
    NONE = frozenset({None, "00000000-0000-0000-0000-000000000000"})

    @classmethod
    def from_graph(cls, target: Mapping[str, Any]) -> Self | None:
        """Read the filter of Graph's target: beta spells "none" as null and as the GUID of zeros (facts.md §1)."""
        if target.get(cls.ID) in cls.NONE:
            return None
        return cls(str(target[cls.ID]).lower(), str(target.get(cls.MODE)))

    def to_graph(self) -> dict[str, str]:
        """Give the properties of a target that carry this filter."""
        return {self.ID: self.id, self.MODE: self.mode}


@dataclass(frozen=True)
class Target:
    """Who gets the configuration: a name from `TARGET_TYPES`, Graph's properties for it, and the filter if any."""

    type: str
    properties: Mapping[str, str]
    filter: Filter | None = None

    @classmethod
    def from_graph(cls, document: Mapping[str, Any]) -> Self:
        """Read Graph's target; a type we do not know keeps its Graph name, so that it equals nothing we ask for.

        Raises KeyError, TypeError or AttributeError when the document is not a target.
        """
        odata_type = document["@odata.type"].removeprefix("#")
        name = _NAMES.get(odata_type, odata_type)
        kind = TARGET_TYPES.get(name, TargetType(odata_type))
        properties = {graph_name: str(document[graph_name]) for graph_name in kind.properties}
        return cls(name, properties, Filter.from_graph(document))

    def to_graph(self) -> dict[str, str]:
        """Write Graph's target; raises KeyError for a type that is not in `TARGET_TYPES`."""
        odata_type = TARGET_TYPES[self.type].odata_type
        return {"@odata.type": odata_type, **self.properties, **(self.filter.to_graph() if self.filter else {})}

    @property
    def group_id(self) -> str | None:
        """The Entra group that is meant, for the types that mean one."""
        return self.properties.get("groupId")

    def reaches_the_same_as(self, other: "Target") -> bool:
        """Compare all but the filter, without regard to case: Graph hands ids back in a case of its own choosing."""
        return self.type == other.type and _folded(self.properties) == _folded(other.properties)

    def opposes(self, other: "Target") -> bool:
        """Tell whether the two include and exclude one and the same group, which Intune keeps in one slot."""
        sides = {self.type, other.type}
        return sides == {"group", "exclusionGroup"} and _folded(self.properties) == _folded(other.properties)


def _folded(properties: Mapping[str, str]) -> dict[str, str]:
    return {name: value.casefold() for name, value in properties.items()}


@dataclass(frozen=True)
class Assignment:
    """One assignment as Graph returned it: `document` is Graph's JSON object, `id` and `target` are read from it."""

    id: str
    target: Target
    document: Mapping[str, Any]

    @classmethod
    def from_graph(cls, document: Mapping[str, Any]) -> Self:
        """Read Graph's `deviceConfigurationAssignment`.

        Raises KeyError, TypeError or AttributeError when the document is not one.
        """
        if not _ID.fullmatch(document["id"]):
            raise TypeError("not an id")
        return cls(document["id"], Target.from_graph(document["target"]), document)


@dataclass(frozen=True)
class Create:
    """Nothing is in the way: the assignment has to be written."""


@dataclass(frozen=True)
class Unchanged:
    """The wanted assignment is already there."""

    assignment: Assignment


@dataclass(frozen=True)
class Conflict:
    """The same group is already there on the other side, or the same target with another filter."""

    assignment: Assignment


Decision = Create | Unchanged | Conflict


def decide(existing: Iterable[Assignment], wanted: Target) -> Decision:
    """Say what it takes to have `wanted` among the `existing` assignments; targets are compared, never ids."""
    assignments = list(existing)
    same = [each for each in assignments if each.target.reaches_the_same_as(wanted)]
    for assignment in same:
        if assignment.target.filter == wanted.filter:
            return Unchanged(assignment)
    in_the_way = same + [each for each in assignments if each.target.opposes(wanted)]
    return Conflict(in_the_way[0]) if in_the_way else Create()
