"""The part of OData that the emulated Graph answers: `$filter`, `$select`, `$orderby`, `$top` and paging.

What is not here is refused with 400, because an option that does nothing would make a test lie.
"""

import json
import operator
import re
from collections.abc import Callable, Collection, Sequence
from urllib.parse import quote, urlencode

from starlette.responses import Response

from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError
from sandbox.tenant import Entity

EQUALS = re.compile(r"(?P<property>\w+) eq '(?P<literal>(?:[^']|'')*)'")
FUNCTION = re.compile(r"(?P<function>startswith|contains)\((?P<property>\w+), ?'(?P<literal>(?:[^']|'')*)'\)")
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "startswith": str.startswith,
    "contains": operator.contains,
}
LARGEST_PAGE = 999


def check_options(call: Call, supported: Sequence[str]) -> None:
    """Refuse every query option that the resource does not have."""
    for name in call.query:
        if name not in supported:
            raise _bad_request(f"The query option '{name}' is not supported here.")


def filtered(call: Call, entities: Collection[Entity], *, ignore_case: bool) -> list[Entity]:
    """Apply `$filter` on displayName: `eq`, `startswith` or `contains`, the literal's quotes being doubled."""
    expression = call.query.get("$filter")
    if expression is None:
        return list(entities)
    found = EQUALS.fullmatch(expression) or FUNCTION.fullmatch(expression)
    if found is None or found["property"] != "displayName":
        raise _bad_request("Invalid filter clause")
    holds = COMPARISONS[found.groupdict().get("function", "eq")]
    literal = found["literal"].replace("''", "'")
    if not ignore_case:
        return [one for one in entities if holds(str(one["displayName"]), literal)]
    return [one for one in entities if holds(str(one["displayName"]).casefold(), literal.casefold())]


def ordered(call: Call, entities: Sequence[Entity]) -> list[Entity]:
    """Apply `$orderby=displayName`, ascending or descending."""
    expression = call.query.get("$orderby")
    if expression is None:
        return list(entities)
    if expression not in {"displayName", "displayName asc", "displayName desc"}:
        raise _bad_request("Invalid orderby clause")
    return sorted(entities, key=lambda one: str(one["displayName"]), reverse=expression.endswith(" desc"))


def selected(call: Call, entity: Entity, type_name: str) -> Entity:
    """Apply `$select`; annotations such as `@odata.type` stay, as Graph keeps them for derived types."""
    expression = call.query.get("$select")
    if expression is None:
        return entity
    names = expression.split(",")
    for name in names:
        if name not in entity:
            raise _bad_request(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type"
                f" 'microsoft.graph.{type_name}'.",
            )
    return {name: value for name, value in entity.items() if name in names or "@odata." in name}


def page(call: Call, entities: Sequence[Entity], size: int) -> tuple[list[Entity], str | None]:
    """Cut one page out and give the link to the next; `$top` is the page's size, which the server may undercut."""
    top = call.query.get("$top", str(size))
    start = call.query.get("$skiptoken", "0")
    if not top.isdecimal() or not 1 <= int(top) <= LARGEST_PAGE or not start.isdecimal():
        raise _bad_request(f"Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive.")
    end = int(start) + min(int(top), size)
    if end >= len(entities):
        return list(entities[int(start) :]), None
    query = urlencode({**call.query, "$skiptoken": end}, quote_via=quote, safe="$',()")
    link = f"{call.base}/{call.version}/{'/'.join(call.segments)}?{query}"
    return list(entities[int(start) : end]), link


def collection(
    call: Call, entities: Sequence[Entity], next_link: str | None = None, count: int | None = None
) -> Response:
    """Write a collection; its context is the path, as Graph writes it for whole entity sets."""
    body: Entity = {"@odata.context": f"{call.context}#{'/'.join(call.segments)}"}
    if count is not None:
        body["@odata.count"] = count
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return json_response({**body, "value": entities})


def entity_response(call: Call, entity: Entity) -> Response:
    """Write a single entity with its context."""
    return json_response({"@odata.context": f"{call.context}#{'/'.join(call.segments[:-1])}/$entity", **entity})


def json_response(body: Entity) -> Response:
    """Write JSON with 200, umlauts as they are."""
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


def _bad_request(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
