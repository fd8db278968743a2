"""One exchange with an emulated service: a journal entry, a fault where one is due, the answer, a printed line."""

import time
import uuid
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import Dropped, FaultQueue, StatusFault
from sandbox.journal import Entry, read_entry


class Service(Protocol):
    """What an emulated service has to offer; its state changes while `answer` runs, and at no other time."""

    name: str

    async def answer(self, request: Request, request_id: str) -> Response:
        """Carry the request out."""

    def failure(self, request: Request, request_id: str, fault: StatusFault) -> Response:
        """Word an error in the service's own shape."""


class Exchange:
    """Runs the exchanges of one service and remembers them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.journal: list[Entry] = []
        self.faults = FaultQueue()

    async def serve(self, request: Request) -> Response:
        """Answer one request, under a new `request-id` and the caller's `client-request-id`."""
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        fault = self.faults.take(request.method, request.scope["path"])
        entry = await read_entry(request, request_id, fault.kind if fault else None)
        self.journal.append(entry)
        answer = partial(self._service.answer, request, request_id)
        failure = partial(self._service.failure, request, request_id)
        response = await (fault.play(answer, failure) if fault else answer())
        response.headers["request-id"] = request_id
        response.headers["client-request-id"] = request.headers.get("client-request-id", request_id)
        entry.status = None if isinstance(response, Dropped) else response.status_code
        self._report(request, entry, time.perf_counter() - started)
        return response

    def clear(self) -> None:
        """Forget the journal and all faults."""
        self.journal.clear()
        self.faults.pending.clear()

    def _report(self, request: Request, entry: Entry, seconds: float) -> None:
        """Print one line, flushed; the path as it came over the wire."""
        path = request.scope["raw_path"].decode("ascii")
        fault = f"  (fault: {entry.fault})" if entry.fault else ""
        status = entry.status or "dropped"
        print(f"{self._service.name:<8} {entry.method} {path}  {status}  {seconds * 1000:.0f} ms{fault}", flush=True)
