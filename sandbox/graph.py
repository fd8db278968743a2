"""The emulated Microsoft Graph: `python -m sandbox.graph --port 7072`.

A state machine over a seeded tenant, reached as `/v1.0/…` and `/beta/…`; what it answers and why stands in `intune`,
`directory` and `graph_errors`, how it is made to fail in `faults`. `/_sandbox/…` is the control surface for tests:
`control` and `graph_control` list its commands.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sandbox.control import emulator
from sandbox.directory import Directory
from sandbox.exchange import Exchange
from sandbox.graph_call import Call, read_call
from sandbox.graph_control import GraphControls
from sandbox.graph_errors import GraphError, error_response, unknown_segment
from sandbox.intune import Intune
from sandbox.occasion import Failure
from sandbox.permissions import authenticate, authorise
from sandbox.serving import run
from sandbox.tenant import Tenant
from sandbox.writes import Writes

DEFAULT_PORT = 7072

# A handler takes the call and the ids in its path; the table's keys are paths, its values handlers by method.
Handler = Callable[..., Response]
RouteTable = dict[tuple[str, ...], dict[str, Handler]]
KEY = "{id}"
CONFIGURATIONS = ("deviceManagement", "deviceConfigurations")
FILTERS = ("deviceManagement", "assignmentFilters")


class Graph:
    """Answers requests from one tenant."""

    name = "graph"

    def __init__(self) -> None:
        self.tenant = Tenant()
        beta = _routes(self.tenant)
        v1 = {path: handlers for path, handlers in beta.items() if path[:2] != FILTERS}
        self._tables = {"v1.0": v1, "beta": beta}

    async def answer(self, request: Request, request_id: str) -> Response:
        """Check token, path, permission and the budget of writes, in this order, and carry the request out."""
        call = read_call(request, request_id, await request.body())
        try:
            roles = authenticate(call)
            handler, ids = self._find(call)
            authorise(call, roles)
            if call.method != "GET":
                self.tenant.spending.spend()
            return handler(call, *ids)
        except GraphError as error:
            return error_response(error, call)

    def failure(self, request: Request, request_id: str, failure: Failure) -> Response:
        """Word an error in Graph's shape."""
        code, message = failure.error_code, failure.error_message
        error = GraphError(failure.status, code, message, failure.nesting, headers=failure.headers)
        return error_response(error, read_call(request, request_id, b""))

    def _find(self, call: Call) -> tuple[Handler, list[str]]:
        """Look the path up; assignment filters exist in beta only (facts.md §1)."""
        table = self._tables.get(call.version)
        if table is None:
            raise GraphError(400, "BadRequest", f"Invalid version: {call.version}")
        for path, handlers in table.items():
            if len(path) == len(call.segments) and _leads_to(call.segments, path):
                if call.method not in handlers:
                    raise GraphError(405, "BadRequest", "Specified HTTP method is not allowed for the request target.")
                ids = [segment for segment, part in zip(call.segments, path, strict=True) if part == KEY]
                return handlers[call.method], ids
        raise unknown_segment(_first_unknown(call.segments, table))


def _routes(tenant: Tenant) -> RouteTable:
    """Everything that the emulated Graph can be asked."""
    intune, directory = Intune(tenant), Directory(tenant)
    one = (*CONFIGURATIONS, KEY)
    return {
        CONFIGURATIONS: {"GET": intune.list_configurations},
        one: {"GET": intune.get_configuration},
        (*one, "assignments"): {"GET": intune.list_assignments, "POST": intune.create_assignment},
        (*one, "assignments", KEY): {"GET": intune.get_assignment, "DELETE": intune.delete_assignment},
        (*one, "assign"): {"POST": intune.assign},
        FILTERS: {"GET": intune.list_filters},
        (*FILTERS, KEY): {"GET": intune.get_filter},
        ("groups",): {"GET": directory.list_groups},
        ("groups", KEY): {"GET": directory.get_group},
        ("groups", KEY, "transitiveMembers", "$count"): {"GET": directory.count_members},
    }


def _leads_to(segments: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether the segments are the path or its beginning."""
    return len(segments) <= len(path) and all(
        part in {segment, KEY} for segment, part in zip(segments, path, strict=False)
    )


def _first_unknown(segments: tuple[str, ...], table: RouteTable) -> str:
    """Find the segment that Graph names in its refusal: the first with which no path goes on, or else the last."""
    for end, segment in enumerate(segments, start=1):
        if not any(_leads_to(segments[:end], path) for path in table):
            return segment
    return segments[-1] if segments else ""


def create_application() -> Starlette:
    """Build a Graph with a tenant of its own."""
    graph, writes = Graph(), Writes()
    controls = GraphControls(graph.tenant, writes)
    return emulator(Exchange(graph, [writes]), graph.tenant.reset, controls.routes())


def main() -> None:
    """Serve on a loopback port until stopped."""
    run(create_application(), "sandbox.graph", DEFAULT_PORT)


if __name__ == "__main__":
    main()
