"""Faults on demand: rules that make one matching request fail, slow down or lose its answer.

A rule with an unknown key is refused: a fault that silently does nothing would make a test lie. The kinds are what
facts.md §1 and §2 report of the real service: throttling with and without `Retry-After`, lasting 5xx after the commit,
dropped connections, HTML from something in between, redirects, unreadable bodies.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt, PrivateAttr, TypeAdapter
from pydantic.alias_generators import to_camel
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

ErrorStatus = Annotated[HTTPStatus, Field(ge=400)]
When = Literal["before", "after"]
Answer = Callable[[], Awaitable[Response]]
Failure = Callable[["StatusFault"], Response]


class Rule(BaseModel):
    """What all rules share: which requests they meet (a pattern found in the path, version included), how often."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

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
    headers: dict[str, str] = {}
    commit: bool = False

    @property
    def error_code(self) -> str:
        """The code, or else the status' own name, as in `TooManyRequests`."""
        return self.code or self.status.phrase.replace(" ", "")

    @property
    def error_message(self) -> str:
        """The message, or else what the status means."""
        return self.message or self.status.description or self.status.phrase

    @property
    def error_headers(self) -> dict[str, str]:
        """The headers to send, `Retry-After` among them."""
        return self.headers if self.retry_after is None else {**self.headers, "Retry-After": self.retry_after}

    async def play(self, answer: Answer, failure: Failure) -> Response:
        """Answer the error in place of what was carried out, if anything was."""
        if self.commit:
            await answer()
        return failure(self)


class DropFault(Rule):
    """The connection ends without an answer, before or after the request is carried out."""

    kind: Literal["drop"]
    when: When

    async def play(self, answer: Answer, _: Failure) -> Response:
        """Cut the connection."""
        if self.when == "after":
            await answer()
        return Dropped()


class HtmlFault(Rule):
    """A page of a proxy in between: HTML where JSON is expected."""

    kind: Literal["html"]
    status: HTTPStatus = HTTPStatus.BAD_GATEWAY
    commit: bool = False

    async def play(self, answer: Answer, _: Failure) -> Response:
        """Answer the page."""
        if self.commit:
            await answer()
        title = f"{self.status} {self.status.phrase}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return HTMLResponse(page, self.status)


class DelayFault(Rule):
    """A true answer that comes late: the wait is before the request is carried out, or after it."""

    kind: Literal["delay"]
    seconds: NonNegativeFloat
    when: When = "before"

    async def play(self, answer: Answer, _: Failure) -> Response:
        """Wait, and answer truly."""
        if self.when == "before":
            await asyncio.sleep(self.seconds)
            return await answer()
        response = await answer()
        await asyncio.sleep(self.seconds)
        return response


class BodyFault(Rule):
    """A success with a body of the test's choosing; with `truncate` the connection ends before the announced length."""

    kind: Literal["body"]
    status: Literal[200, 201] = 200
    body: str
    content_type: str = "application/json"
    truncate: bool = False
    commit: bool = False

    async def play(self, answer: Answer, _: Failure) -> Response:
        """Answer the body as it is."""
        if self.commit:
            await answer()
        kind = Truncated if self.truncate else Response
        return kind(self.body, self.status, {"Content-Type": self.content_type})


class BarrierFault(Rule):
    """All requests that meet this rule wait until `times` of them are there, and are then answered truly.

    Those that wait in vain are answered 500 after `seconds`: a test is to fail, and not to hang.
    """

    kind: Literal["barrier"]
    seconds: NonNegativeFloat = 5
    _arrived: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)
    _waiting: list[None] = PrivateAttr(default_factory=list)

    async def play(self, answer: Answer, _: Failure) -> Response:
        """Wait for the others."""
        self._waiting.append(None)
        if len(self._waiting) == self.times:
            self._arrived.set()
        try:
            await asyncio.wait_for(self._arrived.wait(), self.seconds)
        except TimeoutError:
            return Response("The others have not come.", 500)
        return await answer()


class RedirectFault(Rule):
    """A 302 to somewhere else, which turns a POST into a GET in clients that follow it (facts.md §2)."""

    kind: Literal["redirect"]
    location: str

    async def play(self, _: Answer, __: Failure) -> Response:
        """Send the client away."""
        return Response(status_code=302, headers={"Location": self.location})


Fault = Annotated[
    StatusFault | DropFault | HtmlFault | DelayFault | BodyFault | BarrierFault | RedirectFault,
    Field(discriminator="kind"),
]
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


class Dropped(Response):
    """No answer at all: the connection is cut."""

    async def __call__(self, _: Scope, receive: Receive, __: Send) -> None:
        """Cut the connection before anything is sent."""
        await _abort(receive)


class Truncated(Response):
    """An answer that announces more than it sends, and is cut in the middle."""

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send all of the body under a `Content-Length` of one byte more, then cut the connection."""
        self.headers["Content-Length"] = str(len(self.body) + 1)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await _abort(receive)


async def _abort(receive: Receive) -> None:
    """Cut the TCP connection, and wait until the server has seen it.

    ASGI has no word for this. Under uvicorn `receive` is a bound method of the request/response cycle, and that holds
    the connection's transport. A server that has seen the disconnect does not complain of the missing answer.
    """
    transport: asyncio.Transport = cast("Any", receive).__self__.transport
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
