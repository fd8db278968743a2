"""The app's managed identity; the only module that knows azure.identity."""

import asyncio
import time
from typing import Any

import httpx
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineResponse
from azure.identity import ManagedIdentityCredential

from shared.errors import IdentityMissing, IdentityUnavailable

TIMEOUT_SECONDS = 5
TOKEN_MARGIN_SECONDS = 300
SILENT = "The platform's identity endpoint did not give a token; nothing was written."
PASSING_STATUSES = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.GONE, httpx.codes.TOO_MANY_REQUESTS}

# What the identity library raises for an endpoint that is silent, and for answers of one that is not App Service's.
UNREADABLE = (AzureError, AttributeError, OverflowError, RecursionError, TypeError, ValueError)


class ManagedIdentity:
    """The app's managed identity: one token for all calls, and one request for it however many calls wait."""

    def __init__(self, client_id: str | None) -> None:
        self._client_id = client_id
        self._claims: str | None = None
        self.generation = 0
        """Which token is at hand, counted from the first; two of them may be the same text."""
        self._forget()

    def refuse(self, generation: int, claims: str | None) -> None:
        """Start anew when this token is at hand: Graph has refused it. `claims` is what Graph wants of the next."""
        if generation == self.generation:
            self._forget()
            self._claims = claims

    def _forget(self) -> None:
        self.generation += 1
        # Without what the library keeps, too: it would give the same token once more.
        # The synchronous credential, in a thread: the asynchronous one drags another HTTP client in (facts.md §2).
        self._credential = credential(self._client_id)
        self._request: asyncio.Task[AccessToken] | None = None

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401 - the protocol's own signature
        """Give the token; raises IdentityMissing or IdentityUnavailable."""
        if self._request and self._request.done() and not _usable(self._request):
            self._forget()
        if self._request is None:
            self._request = asyncio.create_task(asyncio.to_thread(self._request_token, scopes, self._claims))
        # Whoever gives up waiting must not take the request away from the others.
        return await asyncio.shield(self._request)

    def _request_token(self, scopes: tuple[str, ...], claims: str | None) -> AccessToken:
        try:
            token: AccessToken = self._credential.get_token(*scopes, claims=claims)
            token.token.encode("ascii")  # it has to go into a header
        except ClientAuthenticationError as error:
            raise IdentityMissing(
                "The platform refuses the app a token: check that the managed identity named by AZURE_CLIENT_ID "
                "(without it, the system-assigned one) is assigned to the function app."
            ) from error
        except UNREADABLE as error:
            raise IdentityUnavailable(SILENT) from error
        return token


def credential(client_id: str | None) -> ManagedIdentityCredential:
    """Give the identity as the libraries of Azure take it; it keeps its tokens, one for each of their services."""
    return ManagedIdentityCredential(
        client_id=client_id,
        retry_total=0,
        connection_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        use_env_settings=False,  # no proxy of the environment's gets to see the identity header or the token
        raw_response_hook=_refuse_passing_failures,
    )


def _usable(request: asyncio.Task[AccessToken]) -> bool:
    if request.cancelled() or request.exception():
        return False
    return request.result().expires_on - time.time() >= TOKEN_MARGIN_SECONDS


def _refuse_passing_failures(response: PipelineResponse[Any, Any]) -> None:
    # The identity library makes one error of every refusal; only the status tells what passes from what lasts.
    status = response.http_response.status_code
    if status in PASSING_STATUSES or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise IdentityUnavailable(SILENT)
