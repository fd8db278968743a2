"""Errors as Graph words them, and as Intune words them inside Graph's.

Shapes: facts.md §1 and the Graph error reference; the codes and sentences are those of public reports, where there are
any. Intune's own message is JSON inside the string.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import Response

from sandbox.graph_call import Call

SCALE_UNIT = "https://fef.amsub0202.manage.microsoft.com/DeviceConfiguration_2503/StatelessDeviceConfigurationFEService"


@dataclass(eq=False)
class GraphError(Exception):
    """An answer that is an error; `nesting` says how many times Intune wraps its message in JSON (0, 1 or 2)."""

    status: int
    code: str
    message: str
    nesting: int = 0
    inner_message: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def intune_error(status: int, code: str, message: str = "An error has occurred") -> GraphError:
    """Make an error that Intune, not Graph, answers; "An error has occurred" is what it mostly has to say."""
    return GraphError(status, code, message, nesting=1)


def model_error(message: str) -> GraphError:
    """Refuse what the closed type does not know; the sentence stands in the inner error once more."""
    return GraphError(400, "ModelValidationFailure", message, inner_message=True)


def unknown_segment(segment: str) -> GraphError:
    """Refuse a path that Graph does not know: with 400, not 404."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def error_response(error: GraphError, call: Call) -> Response:
    """Write the error in Graph's shape, under the ids of the call."""
    message = error.message + _support_details(call) if error.nesting else error.message
    for _ in range(error.nesting):
        message = _wrapped(message)
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
    }
    if error.inner_message:
        inner = {"message": message, **inner}
    body = {"error": {"code": error.code, "message": message, "innerError": inner}}
    return Response(json.dumps(body), error.status, error.headers, "application/json")


def _support_details(call: Call) -> str:
    return (
        " - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000"
        f" - Activity ID: {call.client_request_id}"
        f" - Url: {SCALE_UNIT}/{'/'.join(call.segments)}?api-version=5025-01-10"
    )


def _wrapped(message: str) -> str:
    """Put the message into Intune's JSON, which it indents."""
    wrapped = {
        "_version": 3,
        "Message": message,
        "CustomApiErrorPhrase": "",
        "RetryAfter": None,
        "ErrorSourceService": "",
        "HttpHeaders": "{}",
    }
    return json.dumps(wrapped, indent=2).replace("\n", "\r\n")
