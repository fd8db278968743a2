"""`Idempotency-Key`: who may work under a key, and whose answer it gives again. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.operations import LEASE_MARGIN, LONGEST_BODY, digest

Verdict = Literal["run", "replay", "reused", "in-progress"]

KEPT_FOR = timedelta(hours=24)
"""How long an answer is given again. Later the same words may be meant anew: what they asked for may be gone."""
LONGEST_KEY = 255
LONGEST_PAUSE_SECONDS = 30
"""Whoever has the key is done in seconds as a rule. Logic Apps try four times: by then the usual lease has ended."""


@dataclass(frozen=True)
class Answer:
    """A success as it was sent, but for what belongs to one request alone: ids, dates."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Claim:
    """One key of one caller: `id` is made of both, `fingerprint` of the request.

    While there is no answer, somebody is at it until `until`; then that is how long the answer is given again.
    """

    id: str
    fingerprint: str
    until: datetime
    updated: datetime
    answer: Answer | None = None


def is_key(text: str) -> bool:
    """Tell whether this can be a key: printable characters of ASCII, 255 at most."""
    return 0 < len(text) <= LONGEST_KEY and text.isascii() and text.isprintable()


def claim_id(caller: str, key: str) -> str:
    """Give the id of a caller's key: another caller's same key is another one."""
    return digest("key", caller, key)


def fingerprint(request: Mapping[str, Any]) -> str:
    """Give what two requests have in common when they ask for the same, whatever the order of their fields."""
    return digest("request", json.dumps(request, sort_keys=True))


def begin(existing: Claim | None, request: str, now: datetime) -> Verdict:
    """Say what becomes of a request with this fingerprint: whoever runs has to claim the key first."""
    if existing is None or existing.until <= now:
        return "run"
    if existing.fingerprint != request:
        return "reused"
    return "replay" if existing.answer else "in-progress"


def claim(id_: str, request: str, now: datetime, deadline: timedelta) -> Claim:
    """Claim a key for as long as the request may take; a worker that is killed blocks nobody after that."""
    return Claim(id_, request, now + deadline + LEASE_MARGIN, now)


def settle(claimed: Claim, now: datetime, answer: Answer) -> Claim | None:
    """Keep the answer; None where there is nothing to keep, and the key is to be freed: only a success is given again.

    A body beyond reason is not kept either: the request sent again finds what it has done.
    """
    if answer.status // 100 != 2 or len(answer.body) > LONGEST_BODY:  # noqa: PLR2004 - 2xx is how everybody writes it
        return None
    return replace(claimed, answer=answer, until=now + KEPT_FOR, updated=now)


def pause_seconds(claimed: Claim, now: datetime) -> int:
    """Give how long whoever asks in between should wait: until the lease has ended, but no longer than is sensible."""
    until_free = int((claimed.until - now).total_seconds()) + 1
    return max(1, min(until_free, LONGEST_PAUSE_SECONDS))


def encoded(claimed: Claim) -> str:
    """Write it as JSON, in ASCII."""
    answer = vars(claimed.answer) if claimed.answer else None
    return json.dumps({**vars(claimed), "answer": answer}, default=datetime.isoformat)


def decoded(text: str) -> Claim:
    """Read what `encoded` wrote."""
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("until", "updated")}
    return Claim(**{**fields, **times, "answer": Answer(**fields["answer"]) if fields["answer"] else None})
