"""Groups of the emulated Graph, as Microsoft Entra answers them: plain error messages, another code for each case.

Sources: facts.md §1, the Graph reference of groups, and public reports for the sentences.
"""

from starlette.responses import PlainTextResponse, Response

from sandbox.assignment_types import GUID
from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError
from sandbox.odata import check_options, collection, entity_response, filtered, ordered, page, selected
from sandbox.tenant import Entity, Tenant


class Directory:
    """Answers below `/groups`."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def list_groups(self, call: Call) -> Response:
        """Entra compares names without regard to case, and has no `contains` for groups."""
        check_options(call, ["$count", "$filter", "$select", "$orderby", "$top", "$skiptoken"])
        if call.query.get("$filter", "").startswith("contains("):
            raise GraphError(400, "Request_UnsupportedQuery", "Unsupported Query.")
        _check_sorting(call)
        found = ordered(call, filtered(call, list(self._tenant.groups.values()), ignore_case=True))
        entities, next_link = page(call, found, self._tenant.page_size)
        return collection(call, [selected(call, one, "group") for one in entities], next_link)

    def get_group(self, call: Call, group: str) -> Response:
        """One group."""
        check_options(call, ["$select"])
        return entity_response(call, selected(call, self._known(group), "group"))

    def count_members(self, call: Call, group: str) -> Response:
        """Count transitive members, in plain text; an advanced query, so it wants `ConsistencyLevel: eventual`."""
        identifier = str(self._known(group)["id"])
        if call.headers.get("consistencylevel", "").lower() != "eventual":
            raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
        return PlainTextResponse(str(self._tenant.member_counts[identifier]))

    def _known(self, group: str) -> Entity:
        if not GUID.fullmatch(group):
            raise GraphError(400, "Request_BadRequest", f"Invalid object identifier '{group}'.")
        if one := self._tenant.groups.get(group.lower()):
            return one
        message = f"Resource '{group}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", message)


def _check_sorting(call: Call) -> None:
    """Sorting what is filtered is an advanced query: it wants `ConsistencyLevel: eventual` and `$count=true`."""
    advanced = call.headers.get("consistencylevel", "").lower() == "eventual" and call.query.get("$count") == "true"
    if {"$orderby", "$filter"} <= call.query.keys() and not advanced:
        raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
