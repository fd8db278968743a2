"""One request on its way through an emulator, and what a fault may do with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from sandbox.journal import Entry


@dataclass(frozen=True)
class Failure:
    """An error for a service to word in its own shape; `nesting` is how often Intune wraps the message in JSON."""

    status: HTTPStatus
    code: str | None = None
    message: str | None = None
    nesting: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error_code(self) -> str:
        """The code, or else the status' own name, as in `TooManyRequests`."""
        return self.code or self.status.phrase.replace(" ", "")

    @property
    def error_message(self) -> str:
        """The message, or else what the status means."""
        return self.message or self.status.description or self.status.phrase


class Service(Protocol):
    """What an emulated service has to offer; its state changes while `answer` runs, and at no other time."""

    name: str

    async def answer(self, request: Request, request_id: str) -> Response:
        """Carry the request out; where its `state.late` is set, nobody is there any more to be told what came of it."""

    def failure(self, request: Request, request_id: str, failure: Failure) -> Response:
        """Word an error in the service's own shape."""


class Occasion:
    """The request for a fault to play with; `postponed` tells that it is to be carried out later.

    What is no longer `wanted` comes from before a reset: a test that has ended must not reach into the next one.
    """

    def __init__(self, service: Service, request: Request, entry: Entry, wanted: Callable[[], bool]) -> None:
        self._service = service
        self._request = request
        self._entry = entry
        self._wanted = wanted
        self.true_answer: Response | None = None
        self.postponed = False

    @property
    def path(self) -> str:
        """The path without Graph's version."""
        return self._entry.path

    async def answer(self) -> Response:
        """Carry the request out and give the true answer."""
        if not self._wanted():
            return self.fail(Failure(HTTPStatus.SERVICE_UNAVAILABLE))
        self.true_answer = await self._service.answer(self._request, self._entry.request_id)
        self._entry.carried_out = self.true_answer.status_code
        return self.true_answer

    def fail(self, failure: Failure) -> Response:
        """Give an error in the service's own shape."""
        return self._service.failure(self._request, self._entry.request_id, failure)

    def postpone(self) -> None:
        """Have the request carried out only after the next read of what it changes."""
        self.postponed = True

    async def land(self) -> None:
        """Carry a postponed request out; what comes of it stands in the journal alone."""
        self._request.state.late = True
        await self.answer()
