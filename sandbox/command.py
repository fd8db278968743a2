"""What all commands of a control surface have in common: how they are read, and what is answered to them."""

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Command(BaseModel):
    """A JSON object in camelCase; an unknown key is refused, since a command that does nothing makes a test lie."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    @classmethod
    async def read(cls, request: Request) -> Self:
        """Read the command out of a request's body."""
        return cls.model_validate_json(await request.body())


class CommandError(Exception):
    """A command that is well-formed and cannot be followed; the message says why."""


def done() -> Response:
    """Answer a command that was understood."""
    return Response(status_code=204)


async def refuse(_: Request, error: Exception) -> Response:
    """Say why a command was not followed, key by key where it was not understood."""
    messages = [str(error)]
    if isinstance(error, ValidationError):
        messages = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"errors": messages}, 400)
