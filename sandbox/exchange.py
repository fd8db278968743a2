"""One exchange with an emulated service: a journal entry, a fault where one is due, the answer, a printed line."""

import time
import uuid
from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from sandbox.campaign import Campaign
from sandbox.connections import Connections, Dropped
from sandbox.faults import Fault, FaultQueue
from sandbox.journal import Entry, Journal, read_entry
from sandbox.late import LateRequests
from sandbox.occasion import Occasion, Service


class Watcher(Protocol):
    """Who draws conclusions from requests and answers, in the order in which they come and go."""

    def arrived(self, entry: Entry) -> None:
        """Note a request that comes in."""

    def answered(self, entry: Entry, shown: Response | None) -> None:
        """Note that it was answered, or dropped; `shown` is the service's own answer if that is what was sent."""

    def clear(self) -> None:
        """Forget everything."""


class Exchange:
    """Runs the exchanges of one service and remembers them."""

    def __init__(self, service: Service, watchers: Sequence[Watcher] = ()) -> None:
        self._service = service
        self._watchers = watchers
        self._late = LateRequests()
        self._resets = 0
        self.journal = Journal()
        self.faults = FaultQueue()
        self.campaign = Campaign()
        self.connections = Connections()

    async def serve(self, request: Request) -> Response:
        """Answer one request, under a new `request-id` and the caller's `client-request-id`."""
        started = time.perf_counter()
        fault = self._fault(request)
        entry = await read_entry(request, str(uuid.uuid4()), fault.kind if fault else None)
        self.journal.add(entry)
        for watcher in self._watchers:
            watcher.arrived(entry)
        response = await self._answer(request, entry, fault)
        response.headers["request-id"] = entry.request_id
        response.headers["client-request-id"] = request.headers.get("client-request-id", entry.request_id)
        self.connections.count(request, response)
        self._report(request, entry, time.perf_counter() - started)
        return response

    def clear(self) -> None:
        """Forget what was asked, and what was to come of it."""
        self._resets += 1
        self._late.clear()
        self.journal.clear()
        self.faults.clear()
        self.campaign.clear()
        self.connections.retire(None)
        for watcher in self._watchers:
            watcher.clear()

    def _fault(self, request: Request) -> Fault | None:
        method, path = request.method, request.scope["path"]
        caller = request.headers.get("client-request-id", "")
        return self.faults.take(method, path) or self.campaign.draw(method, path, caller)

    async def _answer(self, request: Request, entry: Entry, fault: Fault | None) -> Response:
        resets = self._resets
        occasion = Occasion(self._service, request, entry, wanted=lambda: resets == self._resets)
        awaiting = self._late.awaiting(entry.method, entry.path)
        response = await (fault.play(occasion) if fault else occasion.answer())
        # A fault may outlast the caller's patience: what is sent then is nobody's answer.
        gone = isinstance(response, Dropped) or (fault is not None and await request.is_disconnected())
        entry.status = None if gone else response.status_code
        for watcher in self._watchers:
            watcher.answered(entry, response if response is occasion.true_answer else None)
        if occasion.postponed:
            self._late.add(occasion)
        if entry.succeeded:
            await self._late.land(awaiting)
        return response

    def _report(self, request: Request, entry: Entry, seconds: float) -> None:
        """Print one line, flushed; the path as it came over the wire."""
        path = request.scope["raw_path"].decode("ascii")
        fault = f"  (fault: {entry.fault})" if entry.fault else ""
        status = entry.status or "dropped"
        print(f"{self._service.name:<8} {entry.method} {path}  {status}  {seconds * 1000:.0f} ms{fault}", flush=True)
