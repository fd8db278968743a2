"""What the API documents say of each field, parameter and header: its title, what it means, an example. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

EXAMPLE_CONFIGURATION = "c0000000-0000-4000-8000-000000000001"
EXAMPLE_GROUP = "90000000-0000-4000-8000-000000000001"
EXAMPLE_FILTER = "f0000000-0000-4000-8000-000000000001"
EXAMPLE_REQUEST_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
EXAMPLE_OPERATION = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
EXAMPLE_ASSIGNMENT = f"{EXAMPLE_CONFIGURATION}_{EXAMPLE_GROUP}"


@dataclass(frozen=True)
class Text:
    """The words for one field: the title is what a designer shows above it, the description is a sentence.

    `ANSWER` has one for a field of all models, or of one model alone where the name has that in front.
    """

    title: str
    description: str
    example: object = None


REQUEST: Mapping[str, Text] = {
    "configurationId": Text(
        "Configuration", "Id of the device configuration; or give its name instead.", EXAMPLE_CONFIGURATION
    ),
    "configurationName": Text(
        "Configuration Name",
        "Exact name of the device configuration, in place of its id; letter case does not matter.",
        "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ",
    ),
    "targetType": Text("Target Type", "Whom the configuration is assigned to; a group when left out.", "group"),
    "groupId": Text(
        "Group", "Id of the group, with the target types group and exclusionGroup; or give its name.", EXAMPLE_GROUP
    ),
    "groupName": Text(
        "Group Name", "Exact name of the group, in place of its id; letter case does not matter.", "SG-Pilot"
    ),
    "collectionId": Text(
        "Collection", "Id of the collection, with the target type configurationManagerCollection.", "SMS00001"
    ),
    "scopeTagTargetType": Text(
        "Scope Tag Target Type", "What the scope tag is for, with the target type scopeTagGroup.", "device"
    ),
    "entraObjectId": Text(
        "Entra Object", "Id of the object in Microsoft Entra ID, with the target type scopeTagGroup.", EXAMPLE_GROUP
    ),
    "filterId": Text(
        "Filter", "Id of an assignment filter; then give a filter mode. Not with exclusions.", EXAMPLE_FILTER
    ),
    "filterName": Text("Filter Name", "Exact name of an assignment filter, in place of its id.", "Corporate Windows"),
    "filterMode": Text("Filter Mode", "Whether the filter includes or excludes what it matches.", "include"),
    "dryRun": Text("Dry Run", "Do everything but the write, and tell what would be written.", example=True),
    "ticket": Text("Ticket", "Number of the ticket behind this, for the audit trail.", "INC0012345"),
    "requestedBy": Text("Requested By", "Who asked for it, for the audit trail; not verified.", "adele@contoso.com"),
    "justification": Text("Justification", "Why it is done, for the audit trail.", "New building opens on Monday."),
}

ANSWER: Mapping[str, Text] = {
    "@odata.type": Text("OData Type", "Graph's name of the type.", "#microsoft.graph.deviceConfigurationAssignment"),
    "id": Text("Id", "The id, for machines.", EXAMPLE_ASSIGNMENT),
    "name": Text("Name", "The name, for people.", "SG-Pilot"),
    "value": Text("Value", "What was found, in its order."),
    "target": Text("Target", "Whom the assignment is for, in the words of Microsoft Graph."),
    "groupName": Text("Group Name", "Name of the group, where it may be read."),
    "filterName": Text("Filter Name", "Name of the assignment filter, where it may be read."),
    "outcome": Text("Outcome", "What the request would do: wouldCreate, wouldDelete or unchanged.", "wouldCreate"),
    "rule": Text("Rule", "The guardrail that lets the request through.", "default: narrow targets"),
    "request": Text("Request", "The request to Microsoft Graph, as it would be sent."),
    "configuration": Text("Configuration", "The configuration that was found."),
    "filter": Text("Filter", "The assignment filter that was found."),
    "memberCount": Text("Member Count", "How many members the group has, those in nested groups too.", 12),
    "existing": Text("Existing", "What is assigned of the configuration now."),
    "method": Text("Method", "The HTTP method.", "POST"),
    "url": Text("Url", "The address in Microsoft Graph."),
    "body": Text("Body", "The body, where there is one."),
    "type": Text("Type", "The problem's kind as a URN."),
    "title": Text("Title", "The problem in a few words; the same for every problem of this kind."),
    "status": Text("Status", "The HTTP status.", 422),
    "detail": Text("Detail", "What happened this time, in a sentence for people."),
    "instance": Text("Instance", "This one answer as a URN, with the client request id."),
    "code": Text("Code", "The problem's stable name, to branch on.", "invalid-request"),
    "retryable": Text("Retryable", "Whether the same request, sent again later, may succeed.", example=False),
    "errors": Text("Errors", "The rules that are broken, one by one."),
    "candidates": Text("Candidates", "The things to choose from, where a name means several."),
    "graph": Text("Graph", "What Microsoft Graph said."),
    "field": Text("Field", "The field of the request, or the setting.", "groupId"),
    "message": Text("Message", "The rule or the reason in words.", "is required with targetType group"),
    "Health.status": Text("Status", "That the gateway is configured.", "ready"),
    "Choice.id": Text("Id", "The id, for machines.", EXAMPLE_GROUP),
    "operationId": Text("Operation", "Id of the accepted work.", EXAMPLE_OPERATION),
    "Accepted.id": Text("Operation", "Id of the accepted work.", EXAMPLE_OPERATION),
    "Accepted.outcome": Text("Outcome", "What came of it, once it is finished.", "created"),
    "Accepted.request": Text("Request", "What was asked, as it was validated."),
    "Accepted.created": Text("Created", "When it was accepted.", "2026-11-23T09:00:00.000+00:00"),
    "Received.outcome": Text("Outcome", "What was made of it: accepted, wouldAccept or ignored.", "accepted"),
    "Received.request": Text("Request", "The request that it becomes."),
    "state": Text("State", "How far it is: accepted, running or finished.", "finished"),
    "caller": Text("Caller", "Who asked for it: the source of the webhook.", "webhook:jira"),
    "ticket": REQUEST["ticket"],
    "attempts": Text("Attempts", "How often it was begun.", 1),
    "updated": Text("Updated", "When it last changed.", "2026-11-23T09:00:01.000+00:00"),
    "assignment": Text("Assignment", "The assignment, as Microsoft Graph showed it."),
    "preview": Text("Preview", "What it would have done, where it asked for a dry run."),
    "problem": Text("Problem", "Why it was refused or has failed."),
    "ProblemGraph.status": Text("Status", "The HTTP status of the answer.", 400),
    "ProblemGraph.code": Text("Code", "Graph's own name of the error.", "BadRequest"),
    "ProblemGraph.message": Text("Message", "Graph's own words, unwrapped."),
    "requestId": Text("Request Id", "The id that Microsoft Graph gave its answer."),
    "approvalCode": Text("Approval Code", "The approval request that waits for a second administrator."),
}

PARAMETERS: Mapping[str, Text] = {
    **{name: REQUEST[name] for name in ("dryRun", "ticket", "requestedBy", "justification")},
    "configurationId": Text("Configuration", "Id of the device configuration.", EXAMPLE_CONFIGURATION),
    "assignmentId": Text(
        "Assignment", "Id of the assignment, as it stands in the list of assignments.", EXAMPLE_ASSIGNMENT
    ),
    "source": Text("Source", "Name of the source, as it stands in the setting WEBHOOKS.", "jira"),
    "operationId": Text("Operation", "Id of the accepted work, as it stands in its address.", EXAMPLE_OPERATION),
    "search": Text("Search", "What the name has in it; all are offered when left out.", "Wi-Fi"),
    "client-request-id": Text(
        "Client Request Id",
        "A GUID of your own by which to find the request again; anything else is replaced by a new one.",
        EXAMPLE_REQUEST_ID,
    ),
    "Prefer": Text(
        "Prefer", "How many seconds to wait at most, such as wait=15; the setting applies when left out.", "wait=15"
    ),
    "Idempotency-Key": Text(
        "Idempotency Key",
        "A key of your own for this one request; sent again with it within a day, it gets the first answer again.",
        "8f2c4a10-intune-wifi-hq",
    ),
}

HEADERS: Mapping[str, Text] = {
    "Assignment-Outcome": Text("Assignment Outcome", "What became of the request."),
    "Assignment-Warning": Text("Assignment Warning", "What else should be known: group-unverified."),
    "client-request-id": Text(
        "Client Request Id", "The request's id: yours, or a new one. It stands in the audit event."
    ),
    "request-id": Text("Request Id", "The id that Microsoft Graph gave its answer, where it has answered."),
    "Location": Text("Location", "Address of the assignment or of the accepted work in this gateway."),
    "Idempotent-Replayed": Text(
        "Idempotent Replayed", "True where this is the first answer to the Idempotency-Key, given again."
    ),
    "Retry-After": Text("Retry After", "Seconds to wait before the same request is sent again."),
    "WWW-Authenticate": Text("Authenticate", "How to say who is asking."),
}
