"""The OpenAPI 3.1 document: every operation with its parameters, answers, problems, examples and links. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from openapi_pydantic.v3.v3_1 import (
    Components,
    Example,
    Header,
    Info,
    License,
    MediaType,
    OpenAPI,
    Parameter,
    PathItem,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
    Server,
    Tag,
)
from openapi_pydantic.v3.v3_1 import Operation as Described

from shared.api_answers import headers, problem_answers, success_answers
from shared.api_examples import EVENTS, REQUESTS, problem_example
from shared.api_operations import OPERATIONS, Operation
from shared.api_parameters import parameters
from shared.api_problems import WHEN
from shared.api_schemas import schemas
from shared.callers import Mode

TITLE = "Intune assignment gateway"
VERSION = "0.1.0"
DESCRIPTION = (
    "Assigns Intune device configurations exactly once, on behalf of callers who hold no permission in Microsoft "
    "Graph. Every request is validated, held against guardrails and audited."
)
TAGS = {
    "Assignments": "What is assigned of a configuration, and changing it.",
    "Tickets": "What ticket systems ask for by webhooks, and what becomes of it.",
    "Choices": "What drop-downs offer, by name.",
    "About": "The gateway itself; open to everybody.",
}
SECURITY: Mapping[Mode, SecurityScheme] = {
    "key": SecurityScheme.model_validate(
        {
            "type": "apiKey",
            "name": "x-functions-key",
            "in": "header",
            "description": "A function key of the app, where AUTH_MODE is key.",
        }
    ),
    "entra": SecurityScheme(
        type="http",
        scheme="bearer",
        bearerFormat="JWT",
        description="An access token of Microsoft Entra ID for this app, with one of its app roles: Assignments.Read "
        "or Assignments.ReadWrite; where AUTH_MODE is entra.",
    ),
}


def openapi(mode: Mode | None) -> dict[str, Any]:
    """Give the document for an installation in this mode; None describes both, each caller using one of them."""
    modes: Sequence[Mode] = (mode,) if mode else ("key", "entra")
    document = OpenAPI(
        openapi="3.1.1",
        info=Info(title=TITLE, version=VERSION, description=DESCRIPTION, license=License(name="MIT", identifier="MIT")),
        servers=[Server(url="/api", description="The installation that this document comes from.")],
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        paths=_paths(modes),
        components=_components(modes),
    )
    given: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    return given


def _components(modes: Sequence[Mode]) -> Components:
    return Components(
        schemas={name: Schema.model_validate(schema) for name, schema in schemas().items()},
        headers={name: Header.model_validate(header) for name, header in headers().items()},
        examples={code: Example.model_validate(problem_example(code)) for code in WHEN},
        securitySchemes={name: SECURITY[name] for name in modes},
    )


def _paths(modes: Sequence[Mode]) -> dict[str, PathItem]:
    paths: dict[str, dict[str, Described]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, modes)
    return {path: PathItem.model_validate(methods) for path, methods in paths.items()}


def _operation(operation: Operation, modes: Sequence[Mode]) -> Described:
    answers = success_answers(operation) | problem_answers(operation, platform_says_401="entra" not in modes)
    return Described(
        operationId=operation.id,
        tags=[operation.tag],
        summary=operation.summary,
        description=operation.description,
        parameters=[Parameter.model_validate(each) for each in parameters(operation)] or None,
        requestBody=_body(operation) if operation.method == "post" else None,
        responses={status: Response.model_validate(answer) for status, answer in sorted(answers.items())},
        security=[_requirement(name, operation.role) for name in modes] if operation.role else [],
    )


def _requirement(mode: Mode, role: str) -> dict[str, list[str]]:
    return {mode: [role] if mode == "entra" else []}


def _body(operation: Operation) -> RequestBody:
    if operation.function == "receive_webhook":
        event = MediaType.model_validate({"schema": {"type": "object"}, "examples": EVENTS})
        words = "The event, as its sender has it."
        return RequestBody(description=words, content={"application/json": event}, required=True)
    schema = {"$ref": "#/components/schemas/AssignmentRequest"}
    content = MediaType.model_validate({"schema": schema, "examples": REQUESTS})
    return RequestBody(
        description="What to assign, to whom, and on whose behalf.",
        content={"application/json": content},
        required=True,
    )
