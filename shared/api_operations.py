"""The operations as the API documents describe them, one for each function of the app: the table of them all. Pure."""

from dataclasses import dataclass
from typing import Literal

from shared.callers import READ_ROLE, WRITE_ROLE

ASSIGNMENTS = "/configurations/{configurationId}/assignments"
ASSIGNMENT = f"{ASSIGNMENTS}/{{assignmentId}}"

READS = (
    *("unauthenticated", "forbidden", "invalid-request", "graph-rejected"),
    *("graph-forbidden", "identity-missing", "misconfigured"),
    *("throttled", "rate-limited", "internal-error", "graph-unavailable", "identity-unavailable"),
)
CHANGES = (*READS, "guardrail", "writes-disabled", "approval-required", "configuration-not-found", "outcome-unknown")

KEPT = ("unauthenticated", "forbidden", "misconfigured", "rate-limited", "internal-error", "store-unavailable")


@dataclass(frozen=True)
class Success:
    """One answer that is no problem: the models of its body by their names (none: no body), and what it means."""

    status: int
    description: str
    models: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One function of the app; `problems` are the codes that it may answer, `role` the app role that it takes.

    Without a role it is open to everybody.
    """

    function: str
    method: Literal["get", "post", "delete"]
    path: str
    summary: str
    description: str
    successes: tuple[Success, ...]
    problems: tuple[str, ...] = ()
    role: str | None = None
    tag: str = "Assignments"
    query: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The function's name in the spelling of connectors: `create_assignment` is `CreateAssignment`."""
        return "".join(word.capitalize() for word in self.function.split("_"))


def _drop_down(function: str, things: str, description: str, *problems: str) -> Operation:
    path, summary = f"/{things.replace(' ', '')}", f"List {things}"
    found = Success(200, "The first hundred by name, up to a minute old.", ("Choices",))
    codes = (*READS, *problems)
    return Operation(
        function, "get", path, summary, description, (found,), codes, READ_ROLE, "Choices", query=("search",)
    )


OPERATIONS = (
    Operation(
        function="create_assignment",
        method="post",
        path="/assignments",
        summary="Assign a configuration",
        description="Assigns a device configuration to a group or another target, exactly once: the same request sent "
        "again ends in the same single assignment. With a dry run nothing is written. With an Idempotency-Key a repeat "
        "gets the first answer again.",
        successes=(
            Success(
                200, "It was assigned already, or was only tried.", ("Assignment", "Preview"), ("unchanged", "planned")
            ),
            Success(
                201, "The assignment was created. The body is Microsoft Graph's own.", ("Assignment",), ("created",)
            ),
        ),
        problems=(
            *CHANGES,
            *("malformed-json", "body-too-large", "unsupported-media-type"),
            *("group-not-found", "filter-not-found", "ambiguous-name", "assignment-conflict"),
            *("group-unreadable", "filter-not-applied"),
            *("idempotency-key-reused", "in-progress", "store-unavailable"),
        ),
        role=WRITE_ROLE,
    ),
    Operation(
        function="list_assignments",
        method="get",
        path=ASSIGNMENTS,
        summary="List the assignments of a configuration",
        description="Lists what is assigned of a configuration, as Microsoft Graph shows it, with the names of groups "
        "and filters where they may be read.",
        successes=(Success(200, "All assignments that the caller may see.", ("ListedAssignments",)),),
        problems=(*READS, "configuration-not-found"),
        role=READ_ROLE,
    ),
    Operation(
        function="get_assignment",
        method="get",
        path=ASSIGNMENT,
        summary="Get an assignment",
        description="Shows one assignment of a configuration. The body is Microsoft Graph's own.",
        successes=(Success(200, "The assignment.", ("Assignment",)),),
        problems=(*READS, "configuration-not-found", "assignment-not-found", "guardrail"),
        role=READ_ROLE,
    ),
    Operation(
        function="delete_assignment",
        method="delete",
        path=ASSIGNMENT,
        summary="Remove an assignment",
        description="Takes one assignment away. The answer is the same when it was gone already. With a dry run "
        "nothing is written.",
        successes=(
            Success(200, "What would be removed: the request was only tried.", ("Preview",), ("planned",)),
            Success(204, "The assignment is not there any more.", outcomes=("deleted", "unchanged")),
        ),
        problems=CHANGES,
        role=WRITE_ROLE,
        query=("ticket", "requestedBy", "justification", "dryRun"),
    ),
    _drop_down(
        "list_configurations", "configurations", "Offers device configurations to choose from, by a part of the name."
    ),
    _drop_down(
        "list_groups",
        "groups",
        "Offers groups to choose from, by the beginning of the name.",
        *("group-not-found", "group-unreadable"),
    ),
    _drop_down(
        "list_filters",
        "filters",
        "Offers assignment filters to choose from, by a part of the name; none where filters are not in use.",
    ),
    Operation(
        function="receive_webhook",
        method="post",
        path="/webhooks/{source}",
        summary="Take a webhook",
        description="Takes an event of a ticket system, which proves itself as the source is set up. What it asks for "
        "is kept, and carried out once. With a dry run nothing is kept.",
        successes=(
            Success(200, "It does not count, or was only tried.", ("Received",), ("planned",)),
            Success(202, "It is kept, and will be carried out.", ("Received",), ("accepted",)),
        ),
        problems=(
            *("unauthenticated", "signature-invalid", "forbidden", "source-not-found", "malformed-json"),
            *("body-too-large", "invalid-request", "guardrail", "writes-disabled", "misconfigured"),
            *("rate-limited", "internal-error", "store-unavailable"),
        ),
        tag="Tickets",
        query=("dryRun",),
    ),
    Operation(
        function="get_operation",
        method="get",
        path="/operations/{operationId}",
        summary="Get accepted work",
        description="Tells what has become of accepted work.",
        successes=(
            Success(200, "It is finished: with the assignment, the preview or the problem.", ("Accepted",)),
            Success(202, "It is not finished yet.", ("Accepted",)),
        ),
        problems=(*KEPT, "operation-not-found"),
        role=READ_ROLE,
        tag="Tickets",
    ),
    Operation(
        function="list_operations",
        method="get",
        path="/operations",
        summary="List the work of a ticket",
        description="Lists the accepted work of a ticket, the oldest first.",
        successes=(Success(200, "What the caller may see of it.", ("ListedOperations",)),),
        problems=(*KEPT, "invalid-request"),
        role=READ_ROLE,
        tag="Tickets",
        query=("ticket",),
    ),
    Operation(
        function="get_health",
        method="get",
        path="/health",
        summary="Get the health",
        description="Tells whether the gateway is configured. It is open to everybody.",
        successes=(Success(200, "The gateway is ready.", ("Health",)),),
        tag="About",
    ),
    Operation(
        function="get_openapi",
        method="get",
        path="/openapi.json",
        summary="Get this description",
        description="Gives the description of the gateway in OpenAPI 3.1. It is open to everybody.",
        successes=(Success(200, "The document.", ("Document",)),),
        tag="About",
    ),
    Operation(
        function="get_swagger",
        method="get",
        path="/swagger.json",
        summary="Get this description in the older format",
        description="Gives the description of the gateway in Swagger 2.0, for connectors and designers. It is open to "
        "everybody.",
        successes=(Success(200, "The document.", ("Document",)),),
        tag="About",
    ),
)
