"""What is counted and timed: numbers for charts and alerts, through OpenTelemetry's API.

They go where the platform's worker sends them (docs/operations.md), and nowhere where telemetry is off: a call then
costs a microsecond. No id and no name is among the attributes: every combination of values is a series of its own.
"""

from http import HTTPStatus

from opentelemetry.metrics import get_meter

_METER = get_meter("gateway")
_REQUESTS = _METER.create_counter("gateway.requests", "{request}", "Requests, by how they ended")
_REFUSALS = _METER.create_counter("gateway.guardrail.refusals", "{request}", "Requests that no rule allows")
_GRAPH_SECONDS = _METER.create_histogram("gateway.graph.duration", "s", "How long Graph takes to answer")
_THROTTLES = _METER.create_counter("gateway.graph.throttles", "{answer}", "Graph's answers 429")
_RETRIES = _METER.create_counter("gateway.retries", "{try}", "Calls that are made once more")

NO_ANSWER = 0
"""The status of a call that ended without an answer."""

NO_RULE = "guardrail"
"""The code of what the guardrails refuse (docs/errors.md)."""


def request_ended(action: str, outcome: str, code: str | None) -> None:
    """Count a request: `action` is the function's name, `code` the error's, None for none."""
    _REQUESTS.add(1, {"action": action, "outcome": outcome, "code": code or ""})
    if code == NO_RULE:
        _REFUSALS.add(1, {"action": action})


def graph_called(method: str, status: int, seconds: float) -> None:
    """Time a call to Graph, from its first byte to the last one of the answer."""
    _GRAPH_SECONDS.record(seconds, {"method": method, "status": status})
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        _THROTTLES.add(1, {"method": method})


def tried_again(code: str) -> None:
    """Count a try after the first: `code` is the error's that it is for."""
    _RETRIES.add(1, {"code": code})
