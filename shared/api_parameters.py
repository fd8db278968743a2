"""The parameters of operations in the API documents: in the path, in the query, in headers. Pure."""

from typing import Any

from shared.api_operations import Operation
from shared.api_schemas import VISIBLE, not_blank, schemas
from shared.api_texts import PARAMETERS
from shared.idempotency import LONGEST_KEY
from shared.schemas import ASSIGNMENT_ID, GUID, MAX_NAME_CHARACTERS

Parameter = dict[str, Any]

PATH_SCHEMAS = {
    "configurationId": {"type": "string", "format": "uuid", "pattern": f"^{GUID}$"},
    "assignmentId": {"type": "string", "pattern": f"^{ASSIGNMENT_ID}$"},
    "source": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
    "operationId": {"type": "string", "pattern": "^[0-9a-f]{48}$"},
}
TICKET = {"type": "string", "maxLength": 64, "pattern": VISIBLE}
SEARCH = {"type": "string", "maxLength": MAX_NAME_CHARACTERS}
KEY = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"}
"""Blanks around a header's value are none of it."""
GROUP_SEARCH = {**SEARCH, "minLength": 2, "pattern": rf"{VISIBLE}[\s\S]*{VISIBLE}"}


def parameters(operation: Operation) -> list[Parameter]:
    """Give what an operation takes besides its body; no headers where it is open to everybody."""
    names = [part.strip("{}") for part in operation.path.split("/") if part.startswith("{")]
    path = [_parameter("path", name, PATH_SCHEMAS[name], required=True) for name in names]
    headers = ["client-request-id", "Prefer"] if operation.role else []
    described = [_parameter("header", name, {"type": "string"}) for name in headers]
    if operation.function == "create_assignment":
        described.append(_parameter("header", "Idempotency-Key", KEY))
    return path + _query(operation) + described


def _query(operation: Operation) -> list[Parameter]:
    if operation.function == "list_groups":
        return [_parameter("query", "search", GROUP_SEARCH, required=True)]
    if operation.query == ("ticket",):
        return [_parameter("query", "ticket", TICKET, required=True)]
    if operation.query == ("search",):
        return [_parameter("query", "search", SEARCH)]
    fields = schemas()["AssignmentRequest"]["properties"]
    kept = ("type", "maxLength", "pattern")
    return [
        _parameter("query", name, not_blank({key: fields[name][key] for key in kept if key in fields[name]}))
        for name in operation.query
    ]


def _parameter(place: str, name: str, schema: dict[str, Any], *, required: bool = False) -> Parameter:
    text = PARAMETERS[name]
    titled = {"title": text.title, **schema}
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": text.description,
        "schema": titled,
        "example": text.example,
    }
