"""Faults on demand: rules that make one matching request fail, slow down or lose its answer.

A rule with an unknown key is refused: a fault that silently does nothing would make a test lie. The kinds are what
facts.md §1 and §2 report of the real service: throttling with and without `Retry-After`, lasting 5xx after the commit,
dropped connections, HTML from something in between, redirects, unreadable bodies. Two kinds are about order alone: a
barrier holds requests until all are there, a late write lands after it was looked for.
"""

import asyncio
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt, PrivateAttr, TypeAdapter, model_validator
from starlette.responses import HTMLResponse, Response

from sandbox.command import Command
from sandbox.connections import Dripping, Dropped, Truncated
from sandbox.occasion import Failure, Occasion

ErrorStatus = Annotated[HTTPStatus, Field(ge=400)]
When = Literal["before", "after"]

# JSON that grows to any size.
LONG_VALUE, END_OF_VALUE = b'{"value":"', b'"}'


class Rule(Command):
    """What all rules share: which requests they meet (a pattern found in the path, version included), how often."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: re.Pattern[str] = re.compile("")
    times: PositiveInt = 1

    def meets(self, method: str, path: str) -> bool:
        """Whether this rule is for the request."""
        return self.method in {None, method} and self.path.search(path) is not None


class StatusFault(Rule):
    """An error in the service's own shape; with `commit` the request is carried out first.

    `code` and `nested` (how often Intune wraps the message in JSON) have a place in Graph's shape only.
    """

    kind: Literal["status"]
    status: ErrorStatus
    code: str | None = None
    message: str | None = None
    nested: Literal[0, 1, 2] = 0
    retry_after: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    commit: bool = False

    async def play(self, occasion: Occasion) -> Response:
        """Answer the error in place of what was carried out, if anything was."""
        if self.commit:
            await occasion.answer()
        headers = self.headers if self.retry_after is None else {**self.headers, "Retry-After": self.retry_after}
        return occasion.fail(Failure(self.status, self.code, self.message, self.nested, headers))


class DropFault(Rule):
    """The connection ends without an answer, before or after the request is carried out."""

    kind: Literal["drop"]
    when: When

    async def play(self, occasion: Occasion) -> Response:
        """Cut the connection."""
        if self.when == "after":
            await occasion.answer()
        return Dropped()


class LateFault(Rule):
    """A status, or a cut connection where it is null, and a commit after the read that was to tell what happened.

    That is after the next GET of the same configuration, or of all configurations, which comes later and is answered
    with success. Carried out then, the request goes the way of any other, but a duplicate changes nothing.
    """

    kind: Literal["late"]
    status: ErrorStatus | None = None

    async def play(self, occasion: Occasion) -> Response:
        """Answer at once, and leave the rest for later."""
        occasion.postpone()
        return Dropped() if self.status is None else occasion.fail(Failure(self.status))


class HtmlFault(Rule):
    """A page of a proxy in between: HTML where JSON is expected."""

    kind: Literal["html"]
    status: HTTPStatus = HTTPStatus.BAD_GATEWAY
    commit: bool = False

    async def play(self, occasion: Occasion) -> Response:
        """Answer the page."""
        if self.commit:
            await occasion.answer()
        title = f"{self.status} {self.status.phrase}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return HTMLResponse(page, self.status)


class DelayFault(Rule):
    """A true answer that comes late: the wait is before the request is carried out, or after it."""

    kind: Literal["delay"]
    seconds: NonNegativeFloat
    when: When = "before"

    async def play(self, occasion: Occasion) -> Response:
        """Wait, and answer truly."""
        if self.when == "before":
            await asyncio.sleep(self.seconds)
            return await occasion.answer()
        response = await occasion.answer()
        await asyncio.sleep(self.seconds)
        return response


class DripFault(Rule):
    """A true answer that comes in drips, and is complete after so many seconds."""

    kind: Literal["drip"]
    seconds: NonNegativeFloat

    async def play(self, occasion: Occasion) -> Response:
        """Carry the request out, and answer slowly."""
        return Dripping(await occasion.answer(), self.seconds)


class BarrierFault(Rule):
    """Requests that wait until as many as `times` are there, and are then all answered truly.

    Whoever has waited in vain for `seconds` is answered 500: a test is to fail, and not to hang.
    """

    kind: Literal["barrier"]
    seconds: NonNegativeFloat = 5
    _arrivals: list[Occasion] = PrivateAttr(default_factory=list)
    _complete: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    async def play(self, occasion: Occasion) -> Response:
        """Wait for the others; the queue holds this very rule once for each of them."""
        self._arrivals.append(occasion)
        if len(self._arrivals) == self.times:
            self._complete.set()
        try:
            async with asyncio.timeout(self.seconds):
                await self._complete.wait()
        except TimeoutError:
            missing = f"Only {len(self._arrivals)} of {self.times} requests have come."
            return occasion.fail(Failure(HTTPStatus.INTERNAL_SERVER_ERROR, message=missing))
        return await occasion.answer()


class BodyFault(Rule):
    """A success with a body of the test's choosing; with `truncate` the connection ends before the announced length.

    With `size` the body has so many bytes: blanks follow what `body` says, and without one it is a JSON object with
    one long string in it.
    """

    kind: Literal["body"]
    status: Literal[200, 201] = 200
    body: str | None = None
    size: PositiveInt | None = None
    content_type: str = "application/json"
    truncate: bool = False
    commit: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        least = LONG_VALUE + END_OF_VALUE if self.body is None else self.body.encode()
        if self.size is None and self.body is None:
            raise ValueError("body or size is missing")
        if self.size is not None and self.size < len(least):
            raise ValueError(f"size is less than the {len(least)} bytes that are to be sent")
        return self

    async def play(self, occasion: Occasion) -> Response:
        """Answer the body as it is."""
        if self.commit:
            await occasion.answer()
        kind = Truncated if self.truncate else Response
        return kind(self._content(), self.status, {"Content-Type": self.content_type})

    def _content(self) -> bytes:
        size = self.size or 0
        if self.body is None:
            return LONG_VALUE.ljust(size - len(END_OF_VALUE), b"x") + END_OF_VALUE
        return self.body.encode().ljust(size)


class RedirectFault(Rule):
    """A redirect to somewhere else: a 302 turns a POST into a GET in clients that follow it (facts.md §2)."""

    kind: Literal["redirect"]
    location: str
    status: Literal[301, 302, 303, 307, 308] = 302

    async def play(self, _: Occasion) -> Response:
        """Send the client away."""
        return Response(status_code=self.status, headers={"Location": self.location})


Drawable = StatusFault | DropFault | LateFault | HtmlFault | DelayFault | DripFault | BodyFault | RedirectFault
Fault = Annotated[Drawable | BarrierFault, Field(discriminator="kind")]
FAULTS = TypeAdapter(list[Fault])


class FaultQueue:
    """The rules that wait for their request; each is consumed, in order, by the first request that it meets."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def add(self, rules: Iterable[Fault]) -> None:
        """Append rules, each as often as it is to be played."""
        for rule in rules:
            self.pending += [rule] * rule.times

    def take(self, method: str, path: str) -> Fault | None:
        """Consume the first rule that meets the request."""
        for position, rule in enumerate(self.pending):
            if rule.meets(method, path):
                return self.pending.pop(position)
        return None

    def clear(self) -> None:
        """Forget all rules."""
        self.pending.clear()
