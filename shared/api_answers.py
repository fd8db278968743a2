"""The answers of operations in the API documents: bodies, headers, links, and the problems by their status. Pure."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from shared.api_examples import SUCCESSES, problem_example
from shared.api_operations import Operation, Success
from shared.api_problems import ERRORS, WHEN
from shared.api_texts import EXAMPLE_ASSIGNMENT, EXAMPLE_CONFIGURATION, EXAMPLE_REQUEST_ID, HEADERS

Answer = dict[str, Any]

_HEADER_EXAMPLES = {
    "client-request-id": EXAMPLE_REQUEST_ID,
    "request-id": "5b6c7d8e-0001-4a2b-9c3d-4e5f6a7b8c9d",
    "Assignment-Warning": "group-unverified",
    "Location": f"https://gateway.example.com/api/configurations/{EXAMPLE_CONFIGURATION}"
    f"/assignments/{EXAMPLE_ASSIGNMENT}",
    "Idempotent-Replayed": "true",
    "Retry-After": 10,
    "WWW-Authenticate": "Bearer",
}
SOMETIMES = {"Assignment-Warning", "Idempotent-Replayed", "request-id"}
_ID = {"configurationId": "$request.body#/configurationId", "assignmentId": "$response.body#/id"}
_LISTED = {"configurationId": "$request.path.configurationId", "assignmentId": "$response.body#/value/0/id"}
_SAME = {name: f"$request.path.{name}" for name in ("configurationId", "assignmentId")}
_LINKS = {
    ("create_assignment", 201): {
        "GetAssignment": (_ID, "Show what was created; where the request gave the configuration's id."),
        "DeleteAssignment": (_ID, "Take it away again; where the request gave the configuration's id."),
        "ListAssignments": ({"configurationId": _ID["configurationId"]}, "List it with the others."),
    },
    ("list_configurations", 200): {
        "ListAssignments": ({"configurationId": "$response.body#/value/0/id"}, "List what is assigned of the first."),
    },
    ("list_assignments", 200): {
        "GetAssignment": (_LISTED, "Show the first."),
        "DeleteAssignment": (_LISTED, "Take the first away."),
    },
    ("get_assignment", 200): {"DeleteAssignment": (_SAME, "Take it away.")},
}


def success_answers(operation: Operation) -> dict[str, Answer]:
    """Give the answers that are no problems, by their status."""
    return {str(success.status): _success(operation, success) for success in operation.successes}


def problem_answers(operation: Operation, *, platform_says_401: bool) -> dict[str, Answer]:
    """Give the problems by their status; with keys it is the Functions host that answers 401, without a body."""
    if operation.function == "get_health":
        return {"503": _unready()}
    by_status: dict[int, list[str]] = {}
    for code in sorted(operation.problems, key=list(WHEN).index):
        by_status.setdefault(ERRORS[code].status, []).append(code)
    answers = {str(status): _problem(status, codes) for status, codes in by_status.items()}
    if platform_says_401 and operation.role:
        answers["401"] = {"description": "The key is missing or wrong. The platform answers this, without a body."}
    return answers


def _success(operation: Operation, success: Success) -> Answer:
    answer: Answer = {"description": success.description}
    if operation.role or operation.tag == "Tickets":
        waits = ["Retry-After"] if operation.function == "get_operation" else []
        others = {HTTPStatus.CREATED: ["Location"], HTTPStatus.ACCEPTED: ["Location", *waits]}
        again = ["Idempotent-Replayed"] if operation.function == "create_assignment" else []
        answer["headers"] = _headers(success.outcomes, others.get(HTTPStatus(success.status), []) + again)
        if operation.function == "receive_webhook" and success.status == HTTPStatus.OK:
            answer["headers"]["Assignment-Outcome"]["required"] = False
    if success.models:
        schemas = [{"$ref": f"#/components/schemas/{model}"} for model in success.models]
        content: dict[str, Any] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
        if examples := SUCCESSES.get(operation.function, {}).get(success.status):
            content["examples"] = examples
        answer["content"] = {"application/json": content}
    if links := _LINKS.get((operation.function, success.status)):
        answer["links"] = {
            name: {"operationId": name, "parameters": given, "description": text}
            for name, (given, text) in links.items()
        }
    return answer


def _unready() -> Answer:
    content = _problem_content(["misconfigured"], HTTPStatus.SERVICE_UNAVAILABLE)
    example = problem_example("misconfigured")
    example["value"]["status"] = HTTPStatus.SERVICE_UNAVAILABLE.value
    content["application/problem+json"]["examples"] = {"misconfigured": example}
    return {"description": WHEN["misconfigured"], "content": content}


def _problem(status: int, codes: Sequence[str]) -> Answer:
    told = "\n".join(f"* `{code}`: {WHEN[code]}" for code in codes)
    error = ERRORS[codes[0]]("")
    required = ["Retry-After"] if error.retryable else ["WWW-Authenticate"] if codes == ["unauthenticated"] else []
    return {
        "description": f"The `code` says what happened:\n\n{told}",
        "headers": _headers([error.outcome], required),
        "content": _problem_content(codes, status),
    }


def _problem_content(codes: Sequence[str], status: int) -> dict[str, Any]:
    narrowed = {"type": "object", "properties": {"status": {"enum": [status]}, "code": {"enum": list(codes)}}}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {"application/problem+json": {"schema": schema, "examples": examples}}


def _headers(outcomes: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    names = ["client-request-id", "request-id", "Assignment-Warning", *others]
    found = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if outcomes:
        found["Assignment-Outcome"] = _header("Assignment-Outcome", outcomes[0], enum=list(outcomes))
    return found


def headers() -> dict[str, Any]:
    """Give the headers that mean the same in every answer; those that come only where they are named come always."""
    return {name: _header(name, example) for name, example in _HEADER_EXAMPLES.items()}


def _header(name: str, example: object, **rules: object) -> dict[str, Any]:
    return {
        "description": HEADERS[name].description,
        "required": name not in SOMETIMES,
        "schema": {"type": "integer" if isinstance(example, int) else "string", "title": HEADERS[name].title, **rules},
        "example": example,
    }
