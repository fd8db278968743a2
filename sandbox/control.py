"""The control surface of an emulator, below `/_sandbox/`, and the application that holds it beside the service."""

from collections.abc import Callable, Sequence

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.exchange import Exchange
from sandbox.faults import FAULTS

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def emulator(exchange: Exchange, reset: Callable[[], None], controls: Sequence[Route]) -> Starlette:
    """Build the application: what both emulators can be told, what only this one can, and the service itself."""

    async def post_reset(_: Request) -> Response:
        exchange.clear()
        reset()
        return done()

    async def get_requests(_: Request) -> Response:
        return JSONResponse([entry.model_dump(by_alias=True) for entry in exchange.journal])

    async def post_faults(request: Request) -> Response:
        exchange.faults.add(FAULTS.validate_json(await request.body()))
        return done()

    async def get_faults(_: Request) -> Response:
        return JSONResponse(FAULTS.dump_python(exchange.faults.pending, mode="json", by_alias=True))

    control = [
        Route("/reset", post_reset, methods=["POST"]),
        Route("/requests", get_requests),
        Route("/faults", post_faults, methods=["POST"]),
        Route("/faults", get_faults),
        *controls,
    ]
    service = Route("/{path:path}", exchange.serve, methods=METHODS)
    return Starlette(
        routes=[Mount("/_sandbox", routes=control), service], exception_handlers={ValidationError: _refuse}
    )


def done() -> Response:
    """Answer a command that was understood."""
    return Response(status_code=204)


async def _refuse(_: Request, error: Exception) -> Response:
    """Say which keys of a command were not understood, and why. Only commands are validated."""
    problems = error.errors() if isinstance(error, ValidationError) else []
    messages = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problems]
    return JSONResponse({"errors": messages}, 400)
