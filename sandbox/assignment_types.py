"""The closed types of an assignment in v1.0 and in beta: what may be written, what is read back, and its id.

Sources: facts.md §1 (targets, ids, what only beta knows) and the documentation's example of creating an assignment.
"""

import json
import re
import uuid
from dataclasses import replace

from starlette.responses import Response

from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError, intune_error, model_error
from sandbox.tenant import (
    ALL_DEVICES,
    ALL_USERS,
    DOCUMENTED_ASSIGNMENT,
    DOCUMENTED_CONFIGURATION,
    DOCUMENTED_OBJECT,
    DOCUMENTED_OBJECT_ID,
    Assignment,
    Entity,
)

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ASSIGNMENT_TYPE = "microsoft.graph.deviceConfigurationAssignment"
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
NO_FILTER = {FILTER_ID: None, FILTER_TYPE: "none"}

# What each target type holds, all of it required, and how its values look. Only the GUID of a group is certain; the
# scope tag target stands in the documentation's example alone, which puts a phrase where a GUID would go.
TEXT = re.compile(r".+")
TARGETS = {
    "allDevices": {},
    "allLicensedUsers": {},
    "group": {"groupId": GUID},
    "exclusionGroup": {"groupId": GUID},
    "configurationManagerCollection": {"collectionId": TEXT},
    "scopeTagGroup": {"targetType": re.compile("user|device|none"), "entraObjectId": TEXT},
}
FILTER = {FILTER_ID: GUID, FILTER_TYPE: re.compile("include|exclude|none")}


def read_json(call: Call) -> Entity:
    """Read the body as a JSON object; both sentences are Graph's."""
    if "content-type" not in call.headers:
        message = "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        raise GraphError(400, "BadRequest", message)
    try:
        body = json.loads(call.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of"
        raise GraphError(400, "BadRequest", f"{message} valid JSON format.")
    return body


def read_assignment(body: Entity, configuration: str, version: str) -> Assignment:
    """Check a sent assignment against the closed types; an `id` in it is ignored, for Graph sets the key."""
    if str(body.get("@odata.type", ASSIGNMENT_TYPE)).removeprefix("#") != ASSIGNMENT_TYPE:
        raise _unknown_type(str(body["@odata.type"]))
    beta = {"intent", "source", "sourceId"} if version == "beta" else set()
    _refuse_unknown(body, {"id", "target"} | beta, "deviceConfigurationAssignment")
    target = body.get("target")
    if not isinstance(target, dict):
        raise intune_error(400, "BadRequest", "The assignment has no target.")
    kind = _target_kind(target)
    _check_target(target, kind, version)
    return Assignment(_assignment_id(configuration, kind, target), target, str(body.get("intent", "apply")))


def without_filter(assignment: Assignment) -> Assignment:
    """Leave the filter out, as a Graph would that ignores what it does not know (facts.md §1)."""
    target = {name: value for name, value in assignment.target.items() if name not in FILTER}
    return replace(assignment, target=target)


def _target_kind(target: Entity) -> str:
    """Read the type's name, which Graph takes with or without its `#`."""
    name = str(target.get("@odata.type", ""))
    kind = name.removeprefix("#").removeprefix("microsoft.graph.").removesuffix("AssignmentTarget")
    if kind not in TARGETS or name.removeprefix("#") != f"microsoft.graph.{kind}AssignmentTarget":
        raise _unknown_type(name)
    return kind


def _check_target(target: Entity, kind: str, version: str) -> None:
    """Beta knows the filter on every target; v1.0 does not know it, and its types are closed."""
    optional = FILTER if version == "beta" else {}
    _refuse_unknown(target, {*TARGETS[kind], *optional}, f"{kind}AssignmentTarget")
    for name, pattern in TARGETS[kind].items():
        if not _matches(pattern, target.get(name)):
            raise intune_error(400, "BadRequest", f"The property '{name}' is missing or not valid.")
    for name, pattern in optional.items():
        if target.get(name) is not None and not _matches(pattern, target[name]):
            raise intune_error(400, "BadRequest", f"The property '{name}' is not valid.")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _refuse_unknown(entity: Entity, known: set[str], type_name: str) -> None:
    """Name the type in Intune's namespace, as public reports of this error show."""
    for name in entity:
        if name not in known and name != "@odata.type":
            raise model_error(
                f"The property '{name}' does not exist on type 'microsoft.management.services.api.{type_name}'."
                " Make sure to only use property names that are defined by the type.",
            )


def _unknown_type(name: str) -> GraphError:
    return model_error(
        f"A type named '{name.removeprefix('#')}' could not be resolved by the model. When a model is available, each"
        " type name must resolve to a valid type.",
    )


def _assignment_id(configuration: str, kind: str, target: Entity) -> str:
    """Find the slot of a target: include and exclude of one group share it."""
    match kind:
        case "allLicensedUsers":
            slot = ALL_USERS
        case "allDevices":
            slot = ALL_DEVICES
        case "configurationManagerCollection":
            slot = str(target["collectionId"])
        case "scopeTagGroup":
            return _scope_tag_id(configuration, str(target["entraObjectId"]))
        case _:
            slot = str(target["groupId"]).lower()
    return f"{configuration}_{slot}"


def _scope_tag_id(configuration: str, entra_object: str) -> str:
    """Answer the documented id to the documented pair; nobody has shown another, so any stable one will do."""
    if configuration == DOCUMENTED_CONFIGURATION and entra_object in {DOCUMENTED_OBJECT, DOCUMENTED_OBJECT_ID}:
        return DOCUMENTED_ASSIGNMENT
    return str(uuid.uuid5(uuid.UUID(configuration), entra_object.lower()))


def listed(assignment: Assignment, configuration: str, version: str) -> Entity:
    """Show an assignment as a member of a collection: without `@odata.type`, and in v1.0 without a word of a filter."""
    target = {name: value for name, value in assignment.target.items() if name not in FILTER}
    if version == "v1.0":
        return {"id": assignment.id, "target": target}
    target |= {name: assignment.target.get(name, absent) for name, absent in NO_FILTER.items()}
    extra = {"source": "direct", "sourceId": configuration, "intent": assignment.intent}
    return {"id": assignment.id, **extra, "target": target}


def assignment_response(assignment: Assignment, configuration: str, version: str, status: int) -> Response:
    """Write one assignment as the documentation does: two spaces, and the CRLF that its length of 283 bytes counts."""
    entity = {"@odata.type": f"#{ASSIGNMENT_TYPE}", **listed(assignment, configuration, version)}
    text = json.dumps(entity, indent=2, ensure_ascii=False).replace("\n", "\r\n")
    return Response(text, status, media_type="application/json")
