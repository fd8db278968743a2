"""The Swagger 2.0 document, made from the OpenAPI one for connectors and flow designers. Pure.

They speak nothing newer. They show flat fields, one body for all successes, and drop-downs that other operations fill.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from shared.swagger_schemas import Schema, definition, drop_down, result, visibility

TITLE = "Device Assignment Gateway"
"""Connectors may not have the name of a product of Microsoft's in theirs (FACTS)."""
OF_TICKETS = ("Accepted", "ListedOperations", "Received")
INTERNAL = ("GetHealth", "GetOpenapi", "GetSwagger", "ReceiveWebhook")
SHOWN = {"CreateAssignment": "important", **dict.fromkeys(INTERNAL, "internal")}
GROUP_SEARCH = {
    "name": "groupSearch",
    "in": "query",
    "required": False,
    "type": "string",
    "x-ms-summary": "Group Search",
    "description": "How the names in the list of groups begin, two characters at least. The gateway ignores it.",
    "x-ms-visibility": "important",
}
LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
OAUTH = {
    "type": "oauth2",
    "flow": "accessCode",
    "authorizationUrl": f"{LOGIN}/authorize",
    "tokenUrl": f"{LOGIN}/token",
    "scopes": {".default": "What the app roles of the caller allow."},
    "description": "An access token of Microsoft Entra ID for this app.",
}


def swagger(document: Mapping[str, Any], base_url: str | None) -> dict[str, Any]:
    """Convert the OpenAPI document; `base_url` is the installation's own address, None for any."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    definitions = {name: definition(name, schemas) for name in ("AssignmentRequest", "Problem", "Choices", "Health")}
    listed = definition("ListedAssignments", schemas)
    definitions |= {
        "AssignmentResult": result(schemas),
        "AssignmentList": listed,
        "Document": {"type": "object"},
        "Event": {"type": "object"},
    }
    definitions |= {name: definition(name, schemas) for name in OF_TICKETS}
    address = urlsplit(base_url or "")
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, **{key: document["info"][key] for key in ("version", "description")}},
        **({"host": address.netloc} if base_url else {}),
        "basePath": "/api",
        "schemes": [address.scheme or "https"],
        "consumes": ["application/json"],
        "produces": ["application/json", "application/problem+json"],
        "tags": document["tags"],
        "paths": {path: dict(_path_item(methods, document)) for path, methods in document["paths"].items()},
        "definitions": definitions,
        "securityDefinitions": dict(_security(document["components"]["securitySchemes"])),
    }


def _path_item(methods: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method, operation in methods.items():
        identifier = operation["operationId"]
        described = {key: operation[key] for key in ("operationId", "tags", "summary", "description")}
        yield (
            method,
            {
                **described,
                "x-ms-visibility": SHOWN.get(identifier, "advanced"),
                "parameters": list(_parameters(operation)),
                "responses": dict(_responses(operation, document)),
                "security": [_requirement(each) for each in operation["security"]],
            },
        )


def _parameters(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "requestBody" in operation:
        of_assignments = operation["operationId"] == "CreateAssignment"
        yield {
            "name": "body",
            "in": "body",
            "required": True,
            "x-ms-summary": "Request",
            "description": operation["requestBody"]["description"],
            "schema": {"$ref": f"#/definitions/{'AssignmentRequest' if of_assignments else 'Event'}"},
        }
        if of_assignments:
            yield GROUP_SEARCH
    for parameter in operation.get("parameters", ()):
        name, place, schema = parameter["name"], parameter["in"], dict(parameter["schema"])
        yield {
            "name": name,
            "in": place,
            "required": parameter["required"],
            "x-ms-summary": schema.pop("title"),
            "description": parameter["description"],
            **schema,
            **visibility(name, place),
            **(drop_down(name) if place == "path" else {}),
        }


def _responses(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation["responses"].items():
        headers = {name: _header(header, document) for name, header in answer.get("headers", {}).items()}
        given: dict[str, Any] = {"description": _plain(answer["description"])}
        if answer.get("content"):
            name = _body_name(answer["content"]) if int(status) < HTTPStatus.BAD_REQUEST else "Problem"
            given["schema"] = {"$ref": f"#/definitions/{name}"}
        yield status, given | ({"headers": headers} if headers else {})


def _plain(text: str) -> str:
    return " ".join(text.replace("* ", "").replace("`", "").split())


def _body_name(content: Mapping[str, Any]) -> str:
    """Give the one definition for all successes with an assignment in them, and for the others their own."""
    reference = str(content["application/json"]["schema"].get("$ref", ""))
    name = reference.rpartition("/")[2]
    if name in {"Choices", "Health", "Document", *OF_TICKETS}:
        return name
    return "AssignmentList" if name == "ListedAssignments" else "AssignmentResult"


def _header(header: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in header:
        header = document["components"]["headers"][header["$ref"].rpartition("/")[2]]
    schema = header["schema"]
    return {"type": schema["type"], "x-ms-summary": schema["title"], "description": header["description"]}


def _requirement(security: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: [".default"] if name == "entra" else [] for name in security}


def _security(schemes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, scheme in schemes.items():
        yield name, OAUTH if name == "entra" else scheme
