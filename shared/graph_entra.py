"""Groups through Graph's official SDK, which answers for Entra here."""

import asyncio
from collections.abc import Collection
from typing import Any

from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder

from shared.errors import GraphUnavailable
from shared.graph_answers import GROUP, UNREADABLE, as_list, guid_of, name_of, reading
from shared.graph_calls import V1, GraphCalls, asking, called, quoted
from shared.graph_port import Group
from shared.schemas import is_guid
from shared.telemetry import Attempt

LARGEST_PAGE = 999
IDS_IN_ONE_FILTER = 15

_FIELDS = ["id", "displayName", "securityEnabled", "groupTypes"]
_Groups = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters
_Group = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters


class GraphEntra:
    """Implements `graph_port.Entra`."""

    def __init__(self, calls: GraphCalls) -> None:
        self._calls = calls
        self._groups = calls.builder.groups

    async def group(self, group_id: str, attempt: Attempt) -> Group:
        """Read a group."""
        query = asking(_Group(select=_FIELDS))
        info = self._calls.addressed(self._groups.by_group_id(group_id).to_get_request_information(query), V1)
        document = await self._calls.document(info, GROUP, attempt)
        with reading():
            group = _group(document)
        if group.id != group_id:
            raise GraphUnavailable(UNREADABLE)
        return group

    async def groups(self, name: str | None, attempt: Attempt) -> list[Group]:
        """Read the groups that Graph finds under a name; None: all there are."""
        documents = await self._read(_Groups(select=_FIELDS, filter=called(name), top=LARGEST_PAGE), attempt)
        with reading():
            return [_group(each) for each in documents]

    async def groups_beginning_with(self, text: str, attempt: Attempt) -> list[Group]:
        """Read the first groups, by name, whose name begins so; a thousand at most."""
        beginning = f"startswith(displayName,{quoted(text)})"
        parameters = _Groups(select=_FIELDS, filter=beginning, orderby=["displayName"], count=True, top=LARGEST_PAGE)
        info = self._calls.addressed(self._groups.to_get_request_information(asking(parameters)), V1)
        info.headers.try_add("ConsistencyLevel", "eventual")  # sorting what is filtered takes it (facts.md §1)
        document = await self._calls.document(info, GROUP, attempt)
        with reading():
            return [_group(each) for each in as_list(document["value"])]

    async def group_names(self, group_ids: Collection[str], attempt: Attempt) -> dict[str, str]:
        """Read the names of groups by their ids; who is not there is left out."""
        ids = sorted({each.lower() for each in group_ids if is_guid(each)})
        starts = range(0, len(ids), IDS_IN_ONE_FILTER)
        answers = await asyncio.gather(
            *(self._group_names(ids[start : start + IDS_IN_ONE_FILTER], attempt) for start in starts)
        )
        return {group_id: name for names in answers for group_id, name in names.items()}

    async def member_count(self, group_id: str, attempt: Attempt) -> int:
        """Count a group's transitive members."""
        count = self._groups.by_group_id(group_id).transitive_members.count
        info = self._calls.addressed(count.to_get_request_information(), V1)
        info.headers.try_add("ConsistencyLevel", "eventual")
        response = await self._calls.get(info, GROUP, attempt)
        with reading():
            return int(response.content.decode("utf-8-sig"))

    async def _group_names(self, group_ids: list[str], attempt: Attempt) -> dict[str, str]:
        listed = ",".join(map(quoted, group_ids))
        parameters = _Groups(select=["id", "displayName"], filter=f"id in ({listed})")
        documents = await self._read(parameters, attempt)
        with reading():
            return {guid_of(each): name_of(each) for each in documents}

    async def _read(self, parameters: _Groups, attempt: Attempt) -> list[Any]:
        info = self._calls.addressed(self._groups.to_get_request_information(asking(parameters)), V1)
        return await self._calls.members(info, V1, GROUP, attempt)


def _group(document: dict[str, Any]) -> Group:
    """Read a group; Intune takes security groups and Microsoft 365 groups, distribution lists it does not."""
    assignable = document["securityEnabled"] is True or "Unified" in as_list(document["groupTypes"])
    return Group(guid_of(document), name_of(document), assignable)
