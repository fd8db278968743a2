"""One attempt to do something: what is known of it while it runs, and the audit event that it leaves behind."""

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Literal

from shared import metrics
from shared.callers import Caller
from shared.details import FieldError

Outcome = Literal[
    "created", "unchanged", "planned", "deleted", "read", "replayed", "accepted", "ignored", "refused", "failed"
]

LONGEST_EVENT = 32_000
"""In characters: Application Insights cuts a message at 32 768, and half an event cannot be read."""
MOST_ENTRIES = 20
_LENGTHS = (1024, 256, 64, 16)

_AUDIT = logging.getLogger("gateway.audit")


@dataclass
class Attempt:
    """What is known of one request while it runs; the steps fill it in as they learn it.

    `action` is the function's name, `asked` what the caller gave and `resolved` what its names and ids stand for,
    both by the names of the wire; `removed` is Graph's whole assignment, so that it can be put back. `run` is the
    flow's own id of its run. `operation_id` is the accepted work that it is about, with its state and the seconds since
    it was accepted; `rule` the guardrail that let the request through. `graph_request_id` is of the call that the
    answer rests on, `graph_request_ids` of all calls.
    `waits_for_token` tells that the last call has not left yet, `waits_for_store` that the ledger has not answered
    yet, `write_sent` that a write has left. `started` and `ends` are on the monotonic clock, in seconds.
    """

    client_request_id: str
    action: str
    run: str | None = None
    operation_id: str | None = None
    operation_state: str | None = None
    waited_seconds: int | None = None
    caller: Caller | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    resolved: dict[str, str] = field(default_factory=dict)
    removed: Mapping[str, Any] | None = None
    rule: str | None = None
    refusals: Sequence[FieldError] = ()
    outcome: Outcome = "failed"
    code: str | None = None
    cause: str | None = None
    graph_request_id: str | None = None
    graph_request_ids: list[str] = field(default_factory=list)
    graph_calls: int = 0
    waits_for_token: bool = False
    waits_for_store: bool = False
    write_sent: bool = False
    warnings: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    ends: float = math.inf

    def seconds_left(self) -> float:
        """Give what is left of the request's one deadline; negative when it has passed."""
        return self.ends - time.monotonic()

    def event(self) -> dict[str, Any]:
        """Give the audit event; values that are not known are left out."""
        event = {
            "event": "assignment",
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "action": self.action,
            "outcome": self.outcome,
            "code": self.code,
            "cause": self.cause,
            "operationId": self.operation_id,
            "operationState": self.operation_state,
            "waitedSeconds": self.waited_seconds,
            **self._who(),
            **self.asked,
            **self.resolved,
            "removed": self.removed,
            "rule": self.rule,
            "refusals": [f"{each.field} {each.message}" for each in self.refusals] or None,
            "warnings": self.warnings or None,
            "clientRequestId": self.client_request_id,
            "graphRequestIds": self.graph_request_ids or None,
            "graphCalls": self.graph_calls,
            "milliseconds": round((time.monotonic() - self.started) * 1000),
        }
        return {name: value for name, value in event.items() if value is not None}

    def _who(self) -> dict[str, str | None]:
        if self.caller is None:
            return {"run": self.run}
        kind, object_id, name = self.caller.kind, self.caller.object_id, self.caller.name
        who = {"caller": self.caller.id, "callerType": kind, "callerObjectId": object_id, "callerName": name}
        return {**who, "run": self.run}


def audit(attempt: Attempt) -> None:
    """Write the audit event as one line of ASCII JSON: a line break or an escape sequence in it stays a value."""
    _AUDIT.info("%s", event_line(attempt.event()))
    metrics.request_ended(attempt.action, attempt.outcome, attempt.code)


def event_line(event: Mapping[str, Any]) -> str:
    """Write an event; where it would be too long its values are shortened, no further than it takes."""
    shortened = ({name: _shortened(value, most) for name, value in event.items()} for most in _LENGTHS)
    # At the least length the values, fifty at most, and the entries of the lists have 200 characters each: it fits.
    return next(line for line in map(json.dumps, chain([event], shortened)) if len(line) <= LONGEST_EVENT)


def _shortened(value: object, most: int) -> object:
    """Cut texts and lists, and write as a text whatever else is long; a character takes twelve in JSON at most."""
    if isinstance(value, list):
        return [_shortened(each, most) for each in value[:MOST_ENTRIES]]
    text = value if isinstance(value, str) else json.dumps(value)
    room = most if isinstance(value, str) else 12 * most
    return value if len(text) <= room else f"{text[:most]}\N{HORIZONTAL ELLIPSIS}"


def quieten_libraries() -> None:
    """Keep the HTTP libraries' line per request out of the log: the audit event says what was called, once."""
    for name in ("azure", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)
