"""Reading what Microsoft Graph answers: its JSON, its errors with Intune's nesting undone, and what they mean. Pure."""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from shared import strict_json
from shared.details import GraphError
from shared.errors import (
    ApprovalRequired,
    AssignmentNotFound,
    ConfigurationNotFound,
    GatewayError,
    GraphForbidden,
    GraphRejected,
    GraphUnavailable,
    GroupNotFound,
    GroupUnreadable,
    Throttled,
)
from shared.schemas import is_guid
from shared.strict_json import NotJsonError

MAX_CODE_CHARACTERS = 100
MAX_MESSAGE_CHARACTERS = 1000

CHALLENGE = "challenge"
"""Where a response's `WWW-Authenticate` is kept, among its extensions."""
NO_MESSAGE = "Graph sent no message that could be read."
UNREADABLE = "Microsoft Graph's answer could not be read; nothing was written."


@dataclass(frozen=True)
class Resource:
    """What is asked for: what a 404 and a 403 mean there, and the Graph permission that a 403 lacks."""

    not_found: type[GatewayError]
    forbidden: type[GatewayError]
    permission: str


CONFIGURATION = Resource(ConfigurationNotFound, GraphForbidden, "DeviceManagementConfiguration.ReadWrite.All")
ASSIGNMENT = Resource(AssignmentNotFound, CONFIGURATION.forbidden, CONFIGURATION.permission)
# What was there a moment ago, or is always there: only Graph's own message can say what its 404 means.
OTHER = Resource(GraphRejected, CONFIGURATION.forbidden, CONFIGURATION.permission)
GROUP = Resource(GroupNotFound, GroupUnreadable, "GroupMember.Read.All")

# Intune appends the address of one of its own servers, which tells a caller nothing and an attacker something.
_INTERNAL_URL = re.compile(r"(?: -)? Url: \S+|https?://fef\.\S+", re.IGNORECASE)
_CLAIMS = re.compile(r'claims="([^"]+)"')
_SECONDS = re.compile(r"[0-9]{1,6}")


def json_object(body: bytes | str) -> dict[str, Any] | None:
    """Decode a JSON object; None for everything else that Graph, or something in front of it, may send."""
    try:
        document = strict_json.loads(body)
    except NotJsonError:
        return None
    return document if isinstance(document, dict) else None


@contextmanager
def reading() -> Iterator[None]:
    """Turn what an answer of another shape raises while it is taken apart into GraphUnavailable."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GraphUnavailable(UNREADABLE) from error


def as_list(value: object) -> list[Any]:
    """Give the value, which has to be a list; raises TypeError."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def guid_of(document: dict[str, Any]) -> str:
    """Read an `id` that is to become part of an address; raises ValueError where it is no GUID."""
    if not is_guid(document["id"]):
        raise ValueError("not a GUID")
    return str(document["id"]).lower()


def name_of(document: dict[str, Any]) -> str:
    """Read a `displayName`; Graph's null is the empty name, which equals none that can be asked for."""
    name = document["displayName"]
    if not isinstance(name, str | None):
        raise TypeError("not a name")
    return name or ""


def retry_after_seconds(response: httpx.Response) -> int | None:
    """Read `Retry-After` (RFC 9110 §10.2.3), which is a number of seconds or a date; None when it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return int(value)
    try:
        return max(0, round((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()))
    except (OverflowError, TypeError, ValueError):
        return None


def demanded_claims(response: httpx.Response) -> str | None:
    """Read what Graph's challenge demands of the next token (RFC 6750 §3, with Entra's base64 `claims`)."""
    found = _CLAIMS.search(str(response.extensions.get(CHALLENGE, "")))
    try:
        return base64.b64decode(found[1], validate=True).decode() if found else None
    except ValueError:  # garbled: a fresh token is all that can be had
        return None


def graph_error(response: httpx.Response) -> GraphError:
    """Read Graph's error body (facts.md §1: `{"error":{"code","message","innerError"}}`); tolerates anything."""
    document = json_object(response.content) or {}
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    return GraphError(
        status=response.status_code,
        code=str(error.get("code") or "unreadable")[:MAX_CODE_CHARACTERS],
        message=_unwrapped(str(error.get("message", ""))) or NO_MESSAGE,
        request_id=response.headers.get("request-id"),
        approval_code=response.headers.get("x-msft-approval-code"),
    )


def refusal(  # noqa: PLR0911 - one return for each row of the table
    response: httpx.Response, resource: Resource
) -> GatewayError:
    """Turn a response that is no success into the gateway's error."""
    graph = graph_error(response)
    pause = retry_after_seconds(response)
    match graph.status:
        case 401:
            return GraphForbidden("Graph does not accept the gateway's token: check GRAPH_CLOUD.", graph=graph)
        case _ if _asks_for_approval(graph):
            return ApprovalRequired("The tenant wants a second administrator to approve this first.", graph=graph)
        case 403:
            detail = f"The gateway's identity needs the Graph permission {resource.permission}."
            return resource.forbidden(detail, graph=graph)
        case 404:
            return resource.not_found(NOT_FOUND_DETAILS.get(resource.not_found, graph.message), graph=graph)
        case 429:
            return Throttled("Graph's limit is reached; nothing was written.", graph=graph, retry_after_seconds=pause)
        case status if status in range(400, 500) and status != httpx.codes.REQUEST_TIMEOUT:
            return GraphRejected(graph.message, graph=graph)
        case _:
            return GraphUnavailable(
                f"Graph answered {graph.status}; nothing was written.", graph=graph, retry_after_seconds=pause
            )


NOT_FOUND_DETAILS: Mapping[type[GatewayError], str] = {
    ConfigurationNotFound: f"Intune has no device configuration with this id. {ConfigurationNotFound.hint}",
    GroupNotFound: f"Entra has no group with this id. {GroupNotFound.hint}",
    AssignmentNotFound: "The configuration has no assignment with this id.",
}


def _asks_for_approval(graph: GraphError) -> bool:
    # Multi Admin Approval shows as a 412, or as a 400 or 409 that names an approval (Graph docs, 2026-08).
    named = "approv" in f"{graph.code} {graph.message}".lower()
    return graph.status == httpx.codes.PRECONDITION_FAILED or (graph.status in {400, 409} and named)


def _unwrapped(message: str) -> str:
    # Intune hides its message in JSON inside the string, sometimes twice.
    while (inner := json_object(message)) and isinstance(inner.get("Message"), str):
        message = inner["Message"]
    return _INTERNAL_URL.sub("", message[: 2 * MAX_MESSAGE_CHARACTERS]).strip()[:MAX_MESSAGE_CHARACTERS]
