"""Accepted work: what is kept of one operation, and how it may change until it is finished. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

State = Literal["accepted", "running", "finished"]
Outcome = Literal["created", "unchanged", "planned", "refused", "failed"]

MOST_TRIES = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
LEASE_MARGIN = timedelta(seconds=10)
"""How much longer than its deadline somebody may be at work: for stopping, and for clocks that differ."""
PATIENCE = timedelta(minutes=2)
"""How long the sweep waits for the queue before it sends an operation again."""
LONGEST_BODY = 64_000
"""In characters. An assignment has about a thousand; what is kept has to fit into a row of Azure Table Storage."""

_ID = re.compile("[0-9a-f]{48}")
_PLACE_LENGTH, _EVENT_LENGTH = 16, 32


class IllegalChangeError(Exception):
    """Only what is running can end or be put off: a mistake in the gateway."""


@dataclass(frozen=True)
class Operation:
    """One request that was accepted, to be carried out for `caller` as soon as somebody gets to it.

    `request` is the validated document and nothing else of what came in; `attempts` counts the starts. `due` is when
    somebody has to look at it again: while it is accepted, when it should come out of the queue; while it is running,
    when the lease of whoever is at it ends. `body` is Graph's, `problem` ours (RFC 9457).
    """

    id: str
    caller: str
    source: str
    ticket: str | None
    request: Mapping[str, Any]
    created: datetime
    updated: datetime
    due: datetime
    state: State = "accepted"
    attempts: int = 0
    outcome: Outcome | None = None
    body: str | None = None
    problem: Mapping[str, Any] | None = None

    @property
    def exhausted(self) -> bool:
        """Tell whether even its last try ended without a word: whoever has started it again fails it at once."""
        return self.attempts > MOST_TRIES

    def held(self, now: datetime) -> bool:
        """Tell whether somebody is at it."""
        return self.state == "running" and now < self.due

    def overdue(self, now: datetime) -> bool:
        """Tell whether the queue has had its time, and the sweep should send it again."""
        return self.state != "finished" and self.due + PATIENCE <= now


def operation_id(source: str, event: str, ticket: str | None) -> str:
    """Give the id that every delivery of one event has. It begins with what all operations of a ticket have in common.

    Both parts are hashes: keys in Azure Table Storage may not have slashes, `#`, `?` or control characters.
    """
    of_the_event = digest(source, event)
    return (ticket_place(ticket) if ticket else of_the_event[:_PLACE_LENGTH]) + of_the_event[:_EVENT_LENGTH]


def is_operation_id(text: str) -> bool:
    """Tell whether this is such an id, in its one spelling."""
    return _ID.fullmatch(text) is not None


def place(operation_id: str) -> str:
    """Give the part of the store where the operation is kept: operations of one ticket lie side by side."""
    return operation_id[:_PLACE_LENGTH]


def ticket_place(ticket: str) -> str:
    """Give the place of a ticket's operations."""
    return digest("ticket", same_ticket(ticket))[:_PLACE_LENGTH]


def same_ticket(ticket: str) -> str:
    """Give what two spellings of a ticket's number have in common."""
    return ticket.strip().casefold()


def digest(*parts: str) -> str:
    """Give the hash (SHA-256) of texts that come from outside, whatever they hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def accept(source: str, event: str, ticket: str | None, request: Mapping[str, Any], now: datetime) -> Operation:
    """Make the operation for an event of a source; whoever asked for it there, the caller is the source."""
    id_, caller = operation_id(source, event, ticket), f"webhook:{source}"
    return Operation(id_, caller, source, ticket, request, created=now, updated=now, due=now)


def start(operation: Operation, now: datetime, deadline: timedelta) -> Operation | None:
    """Take a lease on it; None where it is finished, or somebody is at it.

    A pause is not waited for: a message that comes early has come because another one was lost or is late.
    """
    if operation.state == "finished" or operation.held(now):
        return None
    due = now + deadline + LEASE_MARGIN
    return replace(operation, state="running", attempts=operation.attempts + 1, due=due, updated=now)


def fail(operation: Operation, now: datetime, problem: Mapping[str, Any], asked: timedelta) -> Operation:
    """Put it back after a failure that passes, or end it as failed after the last try.

    The pause doubles from try to try, and is no shorter than asked.
    """
    if operation.attempts >= MOST_TRIES:
        return finish(operation, now, "failed", problem=problem)
    pause = max(asked, min(FIRST_PAUSE * 2 ** (operation.attempts - 1), LONGEST_PAUSE))
    return replace(_running(operation), state="accepted", due=now + pause, updated=now)


def finish(
    operation: Operation,
    now: datetime,
    outcome: Outcome,
    *,
    body: str | None = None,
    problem: Mapping[str, Any] | None = None,
) -> Operation:
    """End it. A body beyond reason is left out rather than the outcome lost with it."""
    kept = body if body is None or len(body) <= LONGEST_BODY else None
    ended = replace(_running(operation), state="finished", outcome=outcome, body=kept, problem=problem)
    return replace(ended, due=now, updated=now)


def remind(operation: Operation, now: datetime) -> Operation:
    """Note that the sweep has sent it again; the next time is when it is twice as old, an hour from now at most.

    Behind a long queue reminders would otherwise make it longer from sweep to sweep. A lease that has ended is over.
    """
    wait = min(now - operation.created, LONGEST_PAUSE)
    return replace(operation, state="accepted", due=max(now + wait - PATIENCE, now), updated=now)


def encoded(operation: Operation) -> str:
    """Write it as JSON, in ASCII."""
    return json.dumps(vars(operation), default=datetime.isoformat)


def decoded(text: str) -> Operation:
    """Read what `encoded` wrote."""
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("created", "updated", "due")}
    return Operation(**{**fields, **times})


def _running(operation: Operation) -> Operation:
    if operation.state != "running":
        raise IllegalChangeError(operation.state)
    return operation
