"""One attempt to change something: what is known of it while it runs, and the audit event that it leaves behind."""

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.schemas import AssignmentRequest

Outcome = Literal["created", "unchanged", "refused", "failed"]

_AUDIT = logging.getLogger("gateway.audit")


@dataclass
class Attempt:
    """What is known of one request while it runs; the steps fill it in as they learn it.

    `graph_request_id` is of the call that the answer rests on, `graph_request_ids` of all calls.
    """

    client_request_id: str
    caller: str | None = None
    request: AssignmentRequest | None = None
    configuration_name: str | None = None
    outcome: Outcome = "failed"
    code: str | None = None
    cause: str | None = None
    graph_request_id: str | None = None
    graph_request_ids: list[str] = field(default_factory=list)
    graph_calls: int = 0
    write_sent: bool = False
    warnings: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def event(self) -> dict[str, Any]:
        """Give the audit event; values that are not known are left out."""
        known = self.request.model_dump(by_alias=True, exclude_none=True) if self.request else {}
        event = {
            "event": "assignment",
            "outcome": self.outcome,
            "code": self.code,
            "cause": self.cause,
            "caller": self.caller,
            **known,
            "configurationName": self.configuration_name,
            "warnings": self.warnings or None,
            "clientRequestId": self.client_request_id,
            "graphRequestIds": self.graph_request_ids or None,
            "graphCalls": self.graph_calls,
            "milliseconds": round((time.monotonic() - self.started) * 1000),
        }
        return {name: value for name, value in event.items() if value is not None}


def audit(attempt: Attempt) -> None:
    """Write the audit event as one line of ASCII JSON: a line break or an escape sequence in it stays a value."""
    _AUDIT.info("%s", json.dumps(attempt.event()))


def quieten_libraries() -> None:
    """Keep the HTTP libraries' line per request out of the log: the audit event says what was called, once."""
    for name in ("azure", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)
