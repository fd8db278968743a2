"""The control surface that both emulators have below `/_sandbox/`, and the application that holds it and the service.

| Path | Command |
|---|---|
| `POST /reset` | goes back to the seed and forgets everything below |
| `GET /requests` | the journal; `POST /journal` `{"keep": "none"}` ends it, for long runs |
| `POST /faults` | a list of rules for the requests to come (`faults`); `GET` gives those that wait |
| `POST /campaign` | faults by chance (`campaign`); `GET` counts what was played |
| `POST /connections` | `{"requests": 1000, "announce": true}` ends each connection then (`connections`), `null` none |
"""

from collections.abc import Callable, Sequence

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.campaign import Plan
from sandbox.command import CommandError, done, refuse
from sandbox.connections import Retirement
from sandbox.exchange import Exchange
from sandbox.faults import FAULTS
from sandbox.journal import Keeping

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
RETIREMENT: TypeAdapter[Retirement | None] = TypeAdapter(Retirement | None)


class Controls:
    """What both emulators can be told and asked by a test; `reset` puts the service's own state back."""

    def __init__(self, exchange: Exchange, reset: Callable[[], None]) -> None:
        self._exchange = exchange
        self._reset = reset

    def routes(self) -> list[Route]:
        """List the paths below `/_sandbox`."""
        return [
            Route("/reset", self.post_reset, methods=["POST"]),
            Route("/requests", self.get_requests),
            Route("/journal", self.post_journal, methods=["POST"]),
            Route("/faults", self.post_faults, methods=["POST"]),
            Route("/faults", self.get_faults),
            Route("/campaign", self.post_campaign, methods=["POST"]),
            Route("/campaign", self.get_campaign),
            Route("/connections", self.post_connections, methods=["POST"]),
        ]

    async def post_reset(self, _: Request) -> Response:
        """Go back to the seed."""
        self._exchange.clear()
        self._reset()
        return done()

    async def get_requests(self, _: Request) -> Response:
        """Show the journal."""
        return JSONResponse([entry.model_dump(by_alias=True) for entry in self._exchange.journal.entries])

    async def post_journal(self, request: Request) -> Response:
        """Choose what the journal keeps."""
        self._exchange.journal.keep(await Keeping.read(request))
        return done()

    async def post_faults(self, request: Request) -> Response:
        """Take rules."""
        self._exchange.faults.add(FAULTS.validate_json(await request.body()))
        return done()

    async def get_faults(self, _: Request) -> Response:
        """Show the rules that wait."""
        return JSONResponse(FAULTS.dump_python(self._exchange.faults.pending, mode="json", by_alias=True))

    async def post_campaign(self, request: Request) -> Response:
        """Begin or end a campaign."""
        self._exchange.campaign.follow(await Plan.read(request))
        return done()

    async def get_campaign(self, _: Request) -> Response:
        """Count what the campaign has played."""
        return JSONResponse(self._exchange.campaign.played())

    async def post_connections(self, request: Request) -> Response:
        """Choose how long connections live; no body at all is what some clients make of null."""
        self._exchange.connections.retire(RETIREMENT.validate_json(await request.body() or b"null"))
        return done()


def emulator(exchange: Exchange, reset: Callable[[], None], controls: Sequence[Route]) -> Starlette:
    """Build the application: what both emulators can be told, what only this one can, and the service itself."""
    control = Mount("/_sandbox", routes=[*Controls(exchange, reset).routes(), *controls])
    service = Route("/{path:path}", exchange.serve, methods=METHODS)
    # Only commands are validated by pydantic: what a service finds wrong, it says in words of its own.
    refused = {ValidationError: refuse, CommandError: refuse}
    return Starlette(routes=[control, service], exception_handlers=refused)
