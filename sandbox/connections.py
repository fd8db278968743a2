"""The TCP connections of an emulator: cut instead of an answer, or within one."""

import asyncio
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


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


def _transport(receive: Receive) -> asyncio.Transport:
    """Find the TCP connection, for which ASGI has no word.

    Under uvicorn `receive` is a bound method of the request/response cycle, and that holds the connection's transport.
    """
    transport: asyncio.Transport = cast("Any", receive).__self__.transport
    return transport


async def _abort(receive: Receive) -> None:
    """Cut the connection and wait until the server has seen it: then it does not complain of the missing answer."""
    _transport(receive).abort()
    while (await receive())["type"] != "http.disconnect":
        pass
