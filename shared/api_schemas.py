"""The schemas of the API documents: from the models that read and write the bodies, with the words of `api_texts`.

What the models check between fields is said in the schema as well, so that a valid body is one that is accepted. Pure.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from shared.answers import Body, Choices, ListedAssignments, Preview, Problem
from shared.api_texts import ANSWER, REQUEST, Text
from shared.assignments import TARGET_TYPES, TargetType
from shared.schemas import AssignmentRequest, spellings

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
VISIBLE = r"[^\s\x1c-\x1f\x85]"
"""One character that trimming leaves: Python takes more characters for blanks than a schema's `\\s` does."""
DEFAULT_TARGET = str(AssignmentRequest.model_fields["target_type"].default)


class Assignment(Body):
    """An assignment as Microsoft Graph shows it; there may be more in it than is described here."""

    model_config = ConfigDict(extra="allow")

    odata_type: str | None = Field(None, alias="@odata.type")
    id: str
    target: dict[str, Any]


class ListedAssignment(Assignment):
    """An assignment as Microsoft Graph shows it, with names where they may be read."""

    group_name: str | None = None
    filter_name: str | None = None


class Health(Body):
    """The gateway is configured."""

    status: Literal["ready"]


class Accepted(Body):
    """Accepted work: what was asked, how far it is, and in the end what came of it."""

    id: str
    state: Literal["accepted", "running", "finished"]
    outcome: Literal["created", "unchanged", "planned", "refused", "failed"] | None = None
    caller: str
    ticket: str | None = None
    request: dict[str, Any]
    attempts: int
    created: str
    updated: str
    assignment: dict[str, Any] | None = None
    preview: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class ListedOperations(Body):
    """The accepted work of one ticket."""

    value: list[Accepted]


class Received(Body):
    """What was made of a webhook; with a dry run the request that it becomes."""

    outcome: Literal["accepted", "wouldAccept", "ignored"]
    operation_id: str | None = None
    request: dict[str, Any] | None = None


class Document(BaseModel):
    """A description of this gateway, for machines."""


_OF_TICKETS = (Accepted, ListedOperations, Received)
_ANSWERS = (Problem, Preview, ListedAssignments, ListedAssignment, Choices, Assignment, Health, Document, *_OF_TICKETS)
_MODELS: tuple[tuple[Mapping[str, Text], Literal["validation", "serialization"], tuple[type[BaseModel], ...]], ...] = (
    (REQUEST, "validation", (AssignmentRequest,)),
    (ANSWER, "serialization", _ANSWERS),
)


def schemas() -> dict[str, Schema]:
    """Give every schema by its name."""
    found: dict[str, Schema] = {}
    for texts, mode, models in _MODELS:
        _, made = models_json_schema([(model, mode) for model in models], by_alias=True, ref_template=REFERENCE)
        found |= {name: _described(name, schema, texts) for name, schema in made["$defs"].items()}
    found["ListedAssignments"]["properties"]["value"]["items"] = {"$ref": REFERENCE.format(model="ListedAssignment")}
    found["Document"] = {"type": "object", "description": found["Document"]["description"]}
    request = found["AssignmentRequest"]
    request["properties"] = {name: not_blank(request["properties"][name]) for name in REQUEST}
    request["oneOf"] = [_variant(name, kind) for name, kind in TARGET_TYPES.items()]
    return dict(sorted(found.items()))


def _described(model: str, schema: Schema, texts: Mapping[str, Text]) -> Schema:
    """Put our words in place of generated titles, and leave null out: no body that is sent or taken has one."""
    fields: dict[str, Schema] = schema.get("properties", {})
    described = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    described["description"] = " ".join(schema["description"].replace("`", "").split())
    described["properties"] = {
        name: _field(each, texts.get(f"{model}.{name}") or texts[name]) for name, each in fields.items()
    }
    described["required"] = [name for name in schema.get("required", ()) if not _is_nullable(fields[name])]
    return {key: value for key, value in described.items() if value not in ([], {})}


def _field(schema: Schema, text: Text) -> Schema:
    field = {key: value for key, value in schema.items() if key not in {"anyOf", "title", "default"}}
    if _is_nullable(schema):
        [field["anyOf"]] = [[each for each in schema["anyOf"] if each != {"type": "null"}]]
        field |= field.pop("anyOf")[0]
    if schema.get("default") is not None:
        field["default"] = schema["default"]
    if "$ref" in field:
        field = {"allOf": [field]}
    if text.example is not None:
        field["examples"] = [text.example]
    return {"title": text.title, "description": text.description, **field}


def _is_nullable(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def not_blank(schema: Schema) -> Schema:
    """Say of a text that it must have something in it."""
    return (
        schema
        if schema.get("type") != "string" or "enum" in schema or "pattern" in schema
        else schema | {"pattern": VISIBLE}
    )


def _variant(name: str, kind: TargetType) -> Schema:
    """Say what goes with one type of target, and what does not."""
    wanted = list(kind.properties.values())
    others = {field for each in TARGET_TYPES.values() for field in each.properties.values()} - set(wanted)
    foreign = [spelling for field in sorted(others) for spelling in spellings(field)]
    rules = [_exactly_one(field) for field in ("configurationId", *wanted)]
    if kind.takes_filter:
        rules.append({"anyOf": [_none_of("filterId", "filterName", "filterMode"), _with_filter()]})
    else:
        foreign += ["filterId", "filterName", "filterMode"]
    choice = {"properties": {"targetType": {"enum": [name]}}}
    required = {} if name == DEFAULT_TARGET else {"required": ["targetType"]}
    return {"title": name, **choice, **required, "allOf": [*rules, _none_of(*foreign)]}


def _exactly_one(field: str) -> Schema:
    [*alternatives] = [{"required": [spelling]} for spelling in spellings(field)]
    return {"oneOf": alternatives} if len(alternatives) > 1 else alternatives[0]


def _with_filter() -> Schema:
    return {"required": ["filterMode"], **_exactly_one("filterId")}


def _none_of(*fields: str) -> Schema:
    return {"not": {"anyOf": [{"required": [field]} for field in fields]}}
