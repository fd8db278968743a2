"""The emulated managed-identity endpoint of App Service: `python -m sandbox.identity --port 7073`.

Source: facts.md §2, what azure-identity's real `ManagedIdentityCredential` sends and expects.
"""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.command import Command, done
from sandbox.control import emulator
from sandbox.exchange import Exchange
from sandbox.occasion import Failure
from sandbox.serving import run
from sandbox.tokens import CLIENT_ID, LIFETIME_SECONDS, issue

DEFAULT_PORT = 7073
IDENTITY_HEADER = "sandbox-identity-header"
API_VERSION = "2019-08-01"
DEFAULT_ROLES = ("DeviceManagementConfiguration.ReadWrite.All", "GroupMember.Read.All")


class Roles(Command):
    """The application permissions that new tokens carry."""

    roles: tuple[str, ...] = DEFAULT_ROLES


class Identity:
    """Issues tokens to whoever shows the header; any resource gets one, and it is Graph's part to refuse it."""

    name = "identity"

    def __init__(self) -> None:
        self.granted = Roles()

    async def answer(self, request: Request, _: str) -> Response:
        """Answer `GET /msi/token`; `expires_on` is a string of Unix seconds."""
        if (request.method, request.scope["path"]) != ("GET", "/msi/token"):
            return _error(404, "The resource cannot be found.")
        if request.headers.get("x-identity-header") != IDENTITY_HEADER:
            return _error(401, "The header X-IDENTITY-HEADER is missing or wrong.")
        if request.query_params.get("api-version") != API_VERSION:
            return _error(400, f"The api-version is missing or not supported: use {API_VERSION}.")
        resource = request.query_params.get("resource")
        if not resource:
            return _error(400, "The parameter resource is missing.")
        client_id = request.query_params.get("client_id", CLIENT_ID)
        return JSONResponse(_token(resource, client_id, self.granted.roles))

    def failure(self, _: Request, __: str, failure: Failure) -> Response:
        """Word an error in App Service's shape, which has no place for a code."""
        response = _error(failure.status, failure.error_message)
        response.headers.update(failure.headers)
        return response

    def reset(self) -> None:
        """Grant the default roles again."""
        self.granted = Roles()

    async def set_roles(self, request: Request) -> Response:
        """Grant other roles; tokens issued earlier keep theirs, as real ones do for hours (facts.md §1)."""
        self.granted = await Roles.read(request)
        return done()


def _token(resource: str, client_id: str, roles: tuple[str, ...]) -> dict[str, str]:
    expires_on = int(time.time()) + LIFETIME_SECONDS
    return {
        "access_token": issue(resource, roles, client_id, expires_on),
        "expires_on": str(expires_on),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": client_id,
    }


def _error(status: int, message: str) -> JSONResponse:
    """App Service's error shape."""
    return JSONResponse({"statusCode": status, "message": message}, status)


def create_application() -> Starlette:
    """Build an endpoint with a state of its own."""
    identity = Identity()
    controls = [Route("/roles", identity.set_roles, methods=["POST"])]
    return emulator(Exchange(identity), identity.reset, controls)


def main() -> None:
    """Serve on a loopback port until stopped."""
    run(create_application(), "sandbox.identity", DEFAULT_PORT)


if __name__ == "__main__":
    main()
