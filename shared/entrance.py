"""Letting requests in: not too many at once, none whose caller is not known, may not ask for it, or asks too often."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.callers import PRINCIPAL_HEADER, Access, Authentication, Caller
from shared.choices import Choices
from shared.errors import RateLimited
from shared.http import Operation, Request, Response, answered
from shared.rate_limit import RateLimit
from shared.service import AssignmentService
from shared.telemetry import Attempt

if TYPE_CHECKING:  # a create needs neither at the cold start
    from shared.stores import Stores
    from shared.webhooks import Webhooks

MOST_REQUESTS_AT_ONCE = 100
PAUSE_SECONDS = 5

_LOG = logging.getLogger("gateway")


@dataclass(frozen=True)
class Parts:
    """What answering takes, wired once per process: `base_url` is the app's own, without a path.

    `webhooks` and `stores` are made when somebody first asks for them; they raise Misconfigured.
    """

    authentication: Authentication
    rate_limit: RateLimit
    service: AssignmentService
    choices: Choices
    deadline_seconds: int
    base_url: str
    webhooks: Callable[[], "Webhooks"]
    stores: Callable[[], "Stores"]
    retention: timedelta


class Entrance:
    """Lets requests in; `parts` raises Misconfigured until the settings are right."""

    def __init__(self, parts: Callable[[], Parts]) -> None:
        self.parts = parts
        self._under_way = 0

    async def answered(self, request: Request, action: str, operation: Operation) -> Response:
        """Carry an operation out and answer it, or refuse it where too many are under way."""
        # Refused early and in words: the host's own limit (host.json) lies above this one, and says nothing.
        crowded = self._under_way >= MOST_REQUESTS_AT_ONCE
        self._under_way += 1
        try:
            return await answered(request, action, _refuse if crowded else operation)
        finally:
            self._under_way -= 1

    async def begin(self, request: Request, access: Access, attempt: Attempt) -> tuple[Parts, Caller]:
        """Tell who is asking, and whether that caller may ask for such a thing, and now."""
        believed = False
        try:
            parts = self.parts()
            believed = parts.authentication.tenant_id is not None
        finally:
            if PRINCIPAL_HEADER in request.headers and not believed:
                _LOG.warning("%s was ignored: the platform's authentication is not in use here.", PRINCIPAL_HEADER)
        attempt.caller = caller = parts.authentication.caller(request.headers)
        caller.check(access)
        await parts.rate_limit.take(caller.id)
        return parts, caller


async def _refuse(_: Request, __: Attempt) -> Response:
    raise RateLimited(
        f"The gateway has {MOST_REQUESTS_AT_ONCE} requests under way; this one was not begun.",
        retry_after_seconds=PAUSE_SECONDS,
    )
