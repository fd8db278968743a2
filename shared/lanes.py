"""Connections to Microsoft Graph: each in a pool of its own, so that a call costs the same however many there are."""

import time

import httpx

from shared import metrics

LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=120)


class Lanes(httpx.AsyncBaseTransport):
    """One connection for each call under way, the one used last first; answers are read whole.

    httpx's own pool compares all its connections with each other at the beginning and the end of each call: with a
    hundred of them that is ten times the work of the call itself (docs/performance.md).
    """

    def __init__(self) -> None:
        self._context = httpx.create_ssl_context(trust_env=False)
        self._free: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a free connection, or over a new one."""
        lane = self._free.pop() if self._free else self._new()
        started, status = time.monotonic(), metrics.NO_ANSWER
        try:
            response = await lane.handle_async_request(request)
            await response.aread()
            status = response.status_code
        finally:
            metrics.graph_called(request.method, status, time.monotonic() - started)
            if status == metrics.NO_ANSWER:
                # Where a call is given up as soon as it is connected, or within its answer, httpcore never gives its
                # place free (facts.md §2): whoever came next would wait there in vain.
                await lane.aclose()
            else:
                self._free.append(lane)
        return response

    async def aclose(self) -> None:
        """Close the connections that are free."""
        while self._free:
            await self._free.pop().aclose()

    def _new(self) -> httpx.AsyncHTTPTransport:
        # HTTP/2, the SDK's default, loses answers when a server retires a connection (facts.md §2); a proxy in the
        # environment must not come between the token and Graph.
        return httpx.AsyncHTTPTransport(verify=self._context, http2=False, trust_env=False, limits=LIMITS)
