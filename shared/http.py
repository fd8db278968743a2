"""The HTTP side: `azure.functions` in and out, and the one boundary where every error becomes an answer."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

from shared.answers import Problem
from shared.endings import decoded, expected, note, within
from shared.errors import BodyTooLarge, GatewayError, MalformedJson, Unauthenticated, UnsupportedMediaType
from shared.schemas import is_guid
from shared.telemetry import Attempt, audit

MAX_BODY_BYTES = 64 * 1024
IDEMPOTENCY_KEY = "Idempotency-Key"

Request = func.HttpRequest
Response = func.HttpResponse
Operation = Callable[[Request, Attempt], Awaitable[Response]]
Result = TypeVar("Result")

_NOTHING: Mapping[str, str] = MappingProxyType({})
_RUN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PREFER_WAIT = re.compile(r"(?:^|[\s,;])wait\s*=\s*\"?(\d{1,6})\b", re.IGNORECASE)


async def answered(request: Request, action: str, operation: Operation) -> Response:
    """Carry an operation out, turn whatever it raises into an answer, and audit the attempt."""
    attempt = Attempt(client_request_id(request), action, run=_flow_run(request))
    try:
        return await expected(operation(request, attempt), attempt)
    except GatewayError as error:
        return _failed(error, attempt)
    finally:
        audit(attempt)


async def in_time(request: Request, setting_seconds: int, work: Awaitable[Result], attempt: Attempt) -> Result:
    """Wait for the work as long as the setting and the caller allow; raises what is true when that has passed."""
    return await within(deadline_seconds(request, setting_seconds), work, attempt)


def deadline_seconds(request: Request, setting_seconds: int) -> int:
    """Give the seconds that this request has: `Prefer: wait=15` (RFC 7240 §4.3) shortens the setting, never below 1."""
    preferred = _PREFER_WAIT.search(request.headers.get("Prefer", ""))
    return max(1, min(setting_seconds, int(preferred[1]))) if preferred else setting_seconds


def json_body(request: Request) -> object:
    """Decode the request's body; raises a GatewayError for everything that is not JSON of a sane size."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType("Send the request as JSON, with the header Content-Type: application/json.")
    return decoded(raw_body(request, MAX_BODY_BYTES))


def raw_body(request: Request, most: int) -> bytes:
    """Give the request's body as it came; raises BodyTooLarge, and MalformedJson for one that is empty."""
    body: bytes = request.get_body()
    if len(body) > most:
        raise BodyTooLarge(f"The body has {len(body)} bytes; {most} are read at most.")
    if not body:
        raise MalformedJson("The body is empty. A body sent in chunks, without Content-Length, does not arrive here.")
    return body


def query(request: Request) -> list[tuple[str, str]]:
    """Give the parameters of the address, the blank ones as well, which the platform leaves out of `params`."""
    return parse_qsl(urlsplit(request.url).query, keep_blank_values=True)


def client_request_id(request: Request) -> str:
    """Take the caller's own id where it sends a GUID as one, else make one."""
    for header in ("client-request-id", "x-ms-client-request-id"):
        value: str = request.headers.get(header, "").strip()
        if is_guid(value):
            return value.lower()
    return str(uuid.uuid4())


def _flow_run(request: Request) -> str | None:
    """Take the id of the flow's run where it looks like one."""
    run = _RUN.fullmatch(request.headers.get("x-ms-workflow-run-id", ""))
    return run[0] if run else None


def success(status: HTTPStatus, body: bytes, attempt: Attempt, extra: Mapping[str, str] = _NOTHING) -> Response:
    """Answer with a body and what is known of the attempt, in headers."""
    return _response(status, body, "application/json", {**_headers(attempt), **extra})


def problem(error: GatewayError, request_id: str, status: int, headers: Mapping[str, str] = _NOTHING) -> Response:
    """Answer with a problem (RFC 9457)."""
    described = Problem.of(error, request_id).model_copy(update={"status": int(status)})
    return _response(status, described.encoded(), "application/problem+json", headers)


def _failed(error: GatewayError, attempt: Attempt) -> Response:
    """Answer with the problem, and note in the attempt how it ended and what lay behind it."""
    note(error, attempt)
    headers = _headers(attempt)
    if error.graph and error.graph.request_id:
        headers["request-id"] = error.graph.request_id
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 §15.5.2: a 401 says how to do better
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return problem(error, attempt.client_request_id, error.status, headers)


def _headers(attempt: Attempt) -> dict[str, str]:
    of_no_change = attempt.outcome in {"read", "ignored"}
    headers: dict[str, str] = {} if of_no_change else {"Assignment-Outcome": attempt.outcome}
    headers["client-request-id"] = attempt.client_request_id
    if attempt.graph_request_id:
        headers["request-id"] = attempt.graph_request_id
    if attempt.warnings:
        headers["Assignment-Warning"] = ", ".join(attempt.warnings)
    return headers


def _response(status: int, body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    return func.HttpResponse(body, status_code=int(status), headers=dict(headers), mimetype=media_type)
