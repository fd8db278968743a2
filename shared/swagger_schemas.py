"""The schemas of the Swagger 2.0 document: flat, without alternatives, with what flow designers want to know. Pure."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

IMPORTANT = {"configurationId", "targetType", "groupId", "filterId", "filterMode"}
WORDS = {
    "group": "Group",
    "exclusionGroup": "Excluded group",
    "allDevices": "All devices",
    "allLicensedUsers": "All licensed users",
    "configurationManagerCollection": "Configuration Manager collection",
    "scopeTagGroup": "Scope tag group",
    "include": "Include",
    "exclude": "Exclude",
    "user": "User",
    "device": "Device",
    "none": "None",
}
"""The words for people in the drop-downs whose choices do not change."""

_KEPT = ("type", "format", "enum", "maxLength", "minLength", "default", "items", "description")
_SOURCES: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "configurationId": ("ListConfigurations", "name", {}),
    "groupId": ("ListGroups", "name", {"search": "groupSearch"}),
    "filterId": ("ListFilters", "name", {}),
    "assignmentId": ("ListAssignments", "id", {"configurationId": "configurationId"}),
}


def definition(name: str, schemas: Mapping[str, Schema]) -> Schema:
    """Give a schema by its name, with those that it refers to written out in it."""
    return _flat(schemas[name], schemas, asked=name == "AssignmentRequest")


def result(schemas: Mapping[str, Schema]) -> Schema:
    """Give the one body of all successes of a change: the assignment's fields and the preview's, none of them sure."""
    properties = {**schemas["Assignment"]["properties"], **schemas["Preview"]["properties"]}
    description = "The assignment as Microsoft Graph shows it, or after a dry run what would be done."
    return _flat({"type": "object", "description": description, "properties": properties}, schemas, asked=False)


def drop_down(field: str) -> Schema:
    """Say which operation fills the drop-down of a field, to older designers and to newer ones."""
    if field not in _SOURCES:
        return {}
    operation, title, given = _SOURCES[field]
    older = {name: {"parameter": parameter} for name, parameter in given.items()}
    newer = {name: {"parameterReference": parameter} for name, parameter in given.items()}
    return {
        "x-ms-dynamic-values": {
            "operationId": operation,
            "value-collection": "value",
            "value-path": "id",
            "value-title": title,
            "parameters": older,
        },
        "x-ms-dynamic-list": {
            "operationId": operation,
            "itemsPath": "value",
            "itemValuePath": "id",
            "itemTitlePath": title,
            "parameters": newer,
        },
    }


def visibility(name: str, place: str) -> Schema:
    """Say whether designers show a parameter at once, and how it is written into the address."""
    if place == "path":
        return {"x-ms-visibility": "important", "x-ms-url-encoding": "single"}
    return {"x-ms-visibility": "important" if name == "search" else "advanced"}


def _flat(schema: Schema, schemas: Mapping[str, Schema], *, asked: bool) -> Schema:
    flat = {key: schema[key] for key in _KEPT if key in schema}
    if "properties" in schema:
        flat["properties"] = {
            name: _property(name, each, schemas, asked=asked) for name, each in schema["properties"].items()
        }
    if "items" in schema:
        flat["items"] = _flat(_resolved(schema["items"], schemas), schemas, asked=asked)
    return flat


def _property(name: str, schema: Schema, schemas: Mapping[str, Schema], *, asked: bool) -> Schema:
    [reference] = schema.get("allOf", [{}])
    shown = _flat({**_resolved(reference, schemas), **schema}, schemas, asked=asked)
    shown["x-ms-summary"] = schema["title"]
    if asked:
        shown |= drop_down(name) | {"x-ms-visibility": "important" if name in IMPORTANT else "advanced"}
        if "enum" in schema:
            shown["x-ms-enum-values"] = [{"displayName": WORDS[value], "value": value} for value in schema["enum"]]
    return shown


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
