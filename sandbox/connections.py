"""The TCP connections of an emulator: cut instead of an answer, cut within one, or retired after many.

A server in front of a service ends a connection after a number of requests, and most say so in the last answer: nginx
does with `keepalive_requests`, 1 000 unless told otherwise (nginx's documentation of `ngx_http_core_module`).
"""

import asyncio
import math
from typing import Any, cast
from weakref import WeakKeyDictionary

from pydantic import PositiveInt
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.command import Command


class Retirement(Command):
    """After how many requests a connection ends; with `announce` the last answer carries `Connection: close`."""

    requests: PositiveInt
    announce: bool = True


class Connections:
    """Counts the requests of each connection and ends it in time, if there is such a time."""

    def __init__(self) -> None:
        self.retire(None)

    def retire(self, retirement: Retirement | None) -> None:
        """Begin to count; None lets connections live."""
        self._retirement = retirement
        self._requests: WeakKeyDictionary[asyncio.Transport, int] = WeakKeyDictionary()

    def count(self, request: Request, response: Response) -> None:
        """Count one request, and make its response the connection's last if that time has come."""
        if self._retirement is None:
            return
        transport = _transport(request.receive)
        self._requests[transport] = self._requests.get(transport, 0) + 1
        if self._requests[transport] < self._retirement.requests:
            return
        if self._retirement.announce:
            response.headers["Connection"] = "close"
        else:
            response.background = BackgroundTask(_close, transport)


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


class Dripping(Response):
    """An answer that comes in drips: there is always a little more of it, and it takes its time."""

    DRIPS = 20

    def __init__(self, whole: Response, seconds: float) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))
        self._seconds = seconds

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the head at once, and the body in so many parts."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        size = max(1, math.ceil(len(self.body) / self.DRIPS))
        for start in range(0, len(self.body), size):
            await asyncio.sleep(self._seconds / self.DRIPS)
            await send({"type": "http.response.body", "body": self.body[start : start + size], "more_body": True})
        await send({"type": "http.response.body"})


def _transport(receive: Receive) -> asyncio.Transport:
    """Find the TCP connection, for which ASGI has no word.

    Under uvicorn `receive` is a bound method of the request/response cycle, and that holds the connection's transport.
    """
    transport: asyncio.Transport = cast("Any", receive).__self__.transport
    return transport


async def _close(transport: asyncio.Transport) -> None:
    """Close the connection behind what is still to be sent; in the event loop, where its transport belongs."""
    transport.close()


async def _abort(receive: Receive) -> None:
    """Cut the connection and wait until the server has seen it: then it does not complain of the missing answer."""
    _transport(receive).abort()
    while (await receive())["type"] != "http.disconnect":
        pass
