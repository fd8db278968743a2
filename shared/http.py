"""The HTTP side: `azure.functions` in and out, and the one boundary where every error becomes an answer."""

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import azure.functions as func

from shared import strict_json
from shared.errors import (
    BodyTooLarge,
    GatewayError,
    GraphUnavailable,
    InternalError,
    MalformedJson,
    Misconfigured,
    OutcomeUnknown,
    UnsupportedMediaType,
)
from shared.guardrails import Caller
from shared.schemas import AssignmentRequest, Problem, is_guid
from shared.service import Answer, AssignmentService
from shared.strict_json import NotJsonError
from shared.telemetry import Attempt, audit

MAX_BODY_BYTES = 64 * 1024
KEY_CALLER = Caller("key")
"""Function keys cannot tell callers apart: whoever holds one is this caller."""

BUG = "Please report this with the instance below."
BUG_AFTER_WRITE = "The assignment was sent; a mistake in the gateway kept it from learning more. Send it again."

_LOG = logging.getLogger("gateway")
_PREFER_WAIT = re.compile(r"(?:^|[\s,;])wait\s*=\s*\"?(\d{1,6})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Parts:
    """What answering takes, wired once per process: `base_url` is the app's own, without a path."""

    service: AssignmentService
    deadline_seconds: int
    base_url: str


class Gateway:
    """One method per HTTP function; `parts` raises Misconfigured until the settings are right."""

    def __init__(self, parts: Callable[[], Parts]) -> None:
        self._parts = parts

    async def create_assignment(self, request: func.HttpRequest) -> func.HttpResponse:
        """Answer POST `/assignments`."""
        return await _answered(request, self._create)

    def get_health(self, request: func.HttpRequest) -> func.HttpResponse:
        """Answer GET `/health`: anonymous, so it names settings and the rules they break, and nothing else."""
        try:
            self._parts()
        except Misconfigured as error:
            # A probe takes the app out of service on a 5xx, and on nothing else.
            problem = Problem.of(error, _client_request_id(request))
            return _problem(problem.model_copy(update={"status": HTTPStatus.SERVICE_UNAVAILABLE}), {})
        return _response(HTTPStatus.OK, b'{"status":"ready"}', "application/json", {})

    async def _create(self, request: func.HttpRequest, attempt: Attempt) -> func.HttpResponse:
        parts = self._parts()
        attempt.caller = KEY_CALLER.id
        attempt.request = AssignmentRequest.parse(_json_body(request))
        seconds = _deadline_seconds(request, parts.deadline_seconds)
        answer = await _in_time(seconds, parts.service.create(attempt.request, KEY_CALLER, attempt), attempt)
        attempt.outcome = answer.outcome
        if answer.outcome == "unchanged":
            return _success(HTTPStatus.OK, answer, attempt, {})
        path = f"configurations/{quote(answer.configuration_id)}/assignments/{quote(answer.assignment_id, safe='')}"
        return _success(HTTPStatus.CREATED, answer, attempt, {"Location": f"{parts.base_url}/api/{path}"})


async def _answered(
    request: func.HttpRequest, operation: Callable[[func.HttpRequest, Attempt], Awaitable[func.HttpResponse]]
) -> func.HttpResponse:
    """Carry an operation out, turn whatever it raises into an answer, and audit the attempt."""
    attempt = Attempt(_client_request_id(request))
    try:
        return await operation(request, attempt)
    except GatewayError as error:
        return _failed(error, attempt)
    except Exception:  # noqa: BLE001 - the one boundary: a caller gets an answer whatever happens
        _LOG.exception("A bug: request %s ended in an exception that nothing expected.", attempt.client_request_id)
        return _failed(OutcomeUnknown(BUG_AFTER_WRITE) if attempt.write_sent else InternalError(BUG), attempt)
    finally:
        audit(attempt)


async def _in_time(seconds: int, work: Awaitable[Answer], attempt: Attempt) -> Answer:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        if attempt.write_sent:
            raise OutcomeUnknown(
                f"The assignment was sent, and {seconds} s were not enough to learn what became of it. "
                "Send the same request again: it will find what has landed."
            ) from error
        raise GraphUnavailable(
            f"What has to be read first was not there within {seconds} s; nothing was written."
        ) from error


def _json_body(request: func.HttpRequest) -> object:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType("Send the request as JSON, with the header Content-Type: application/json.")
    body = request.get_body()
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"The body has {len(body)} bytes; {MAX_BODY_BYTES} are read at most.")
    if not body:
        raise MalformedJson("The body is empty. A body sent in chunks, without Content-Length, does not arrive here.")
    try:
        return strict_json.loads(body)
    except NotJsonError as error:
        raise MalformedJson(f"The body cannot be read. {error.reason}") from error


def _client_request_id(request: func.HttpRequest) -> str:
    for header in ("client-request-id", "x-ms-client-request-id"):
        value: str = request.headers.get(header, "").strip()
        if is_guid(value):
            return value.lower()
    return str(uuid.uuid4())


def _deadline_seconds(request: func.HttpRequest, setting_seconds: int) -> int:
    """Give the seconds that this request has: `Prefer: wait=15` (RFC 7240 §4.3) shortens the setting, never below 1."""
    preferred = _PREFER_WAIT.search(request.headers.get("Prefer", ""))
    return max(1, min(setting_seconds, int(preferred[1]))) if preferred else setting_seconds


def _success(status: HTTPStatus, answer: Answer, attempt: Attempt, headers: dict[str, str]) -> func.HttpResponse:
    return _response(status, answer.body, "application/json", headers | _headers(attempt))


def _failed(error: GatewayError, attempt: Attempt) -> func.HttpResponse:
    """Answer with the problem, and note in the attempt how it ended and what lay behind it."""
    attempt.outcome, attempt.code = error.outcome, error.code
    attempt.cause = type(error.__cause__).__name__ if error.__cause__ else None
    headers = _headers(attempt)
    if error.graph and error.graph.request_id:
        headers["request-id"] = error.graph.request_id
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return _problem(Problem.of(error, attempt.client_request_id), headers)


def _problem(problem: Problem, headers: dict[str, str]) -> func.HttpResponse:
    body = problem.model_dump_json(by_alias=True, exclude_none=True).encode()
    return _response(problem.status, body, "application/problem+json", headers)


def _headers(attempt: Attempt) -> dict[str, str]:
    headers = {"Assignment-Outcome": attempt.outcome, "client-request-id": attempt.client_request_id}
    if attempt.graph_request_id:
        headers["request-id"] = attempt.graph_request_id
    if attempt.warnings:
        headers["Assignment-Warning"] = ", ".join(attempt.warnings)
    return headers


def _response(status: int, body: bytes, media_type: str, headers: dict[str, str]) -> func.HttpResponse:
    return func.HttpResponse(body, status_code=int(status), headers=headers, mimetype=media_type)
