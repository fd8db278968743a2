"""Groups of the emulated Graph, as Microsoft Entra answers them: plain error messages, another code for each case.

Sources: facts.md §1, the Graph reference of groups, and public reports for the sentences.
"""

import re

from starlette.responses import PlainTextResponse, Response

from sandbox.assignment_types import GUID
from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError
from sandbox.odata import check_options, collection, entity_response, filtered, ordered, page, selected
from sandbox.tenant import Entity, Tenant

ONE_OF = re.compile(r"id in \(('[^']*'(?:, ?'[^']*')*)\)")
MOST_CLAUSES = 15


class Directory:
    """Answers below `/groups`."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def list_groups(self, call: Call) -> Response:
        """Entra compares names without regard to case, and has no `contains` for groups."""
        check_options(call, ["$count", "$filter", "$select", "$orderby", "$top", "$skiptoken"])
        _check_sorting(call)
        found = ordered(call, self._filtered(call))
        entities, next_link = page(call, found, self._tenant.page_size)
        # Counting takes the header: without it Graph answers as if nobody had asked. The first page has the count.
        counted = _eventual(call) and call.query.get("$count") == "true" and "$skiptoken" not in call.query
        shown = [selected(call, one, "group") for one in entities]
        return collection(call, shown, next_link, len(found) if counted else None)

    def get_group(self, call: Call, group: str) -> Response:
        """One group."""
        check_options(call, ["$select"])
        return entity_response(call, selected(call, self._known(group), "group"))

    def count_members(self, call: Call, group: str) -> Response:
        """Count transitive members, in plain text; an advanced query, so it wants `ConsistencyLevel: eventual`."""
        identifier = str(self._known(group)["id"])
        if not _eventual(call):
            raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
        return PlainTextResponse(str(self._tenant.member_counts[identifier]))

    def _filtered(self, call: Call) -> list[Entity]:
        expression = call.query.get("$filter", "")
        if expression.startswith("contains("):
            raise GraphError(400, "Request_UnsupportedQuery", "Unsupported Query.")
        if listed := ONE_OF.fullmatch(expression):
            return [one for key in _literals(listed[1]) if (one := self._tenant.groups.get(key)) is not None]
        return filtered(call, self._tenant.groups.values(), ignore_case=True)

    def _known(self, group: str) -> Entity:
        if not GUID.fullmatch(group):
            raise GraphError(400, "Request_BadRequest", f"Invalid object identifier '{group}'.")
        if one := self._tenant.groups.get(group.lower()):
            return one
        message = f"Resource '{group}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", message)


def _literals(listed: str) -> list[str]:
    """Read the ids between the brackets of `in`, for each of which the directory makes a clause; twins find one."""
    literals = re.findall("'([^']*)'", listed.lower())
    if len(literals) > MOST_CLAUSES:
        message = "Too many child clauses specified in search filter expression containing 'OR' operators"
        raise GraphError(400, "Request_UnsupportedQuery", f"{message}: {len(literals)}. Max allowed: {MOST_CLAUSES}.")
    return list(dict.fromkeys(literals))


def _check_sorting(call: Call) -> None:
    """Sorting what is filtered or counted is an advanced query: it takes the header and `$count=true`."""
    advanced = _eventual(call) and call.query.get("$count") == "true"
    if "$orderby" in call.query and not advanced and {"$filter", "$count"} & call.query.keys():
        raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")


def _eventual(call: Call) -> bool:
    return call.headers.get("consistencylevel", "").lower() == "eventual"
