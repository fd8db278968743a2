"""Calls to Microsoft Graph: one client with one token, how a request is sent, and how a collection is read."""

import asyncio
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from cachetools import LRUCache
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from shared.errors import GraphUnavailable, IdentityUnavailable
from shared.graph_answers import (
    CHALLENGE,
    CONFIGURATION,
    UNREADABLE,
    Resource,
    as_list,
    demanded_claims,
    json_object,
    reading,
    refusal,
)
from shared.identity import SILENT, ManagedIdentity
from shared.lanes import Lanes
from shared.retries import LONGEST_TRY_SECONDS, persistently, seconds_for_a_try
from shared.telemetry import Attempt

# Filling in the SDK's URL templates is an eighth of the work of a request (docs/performance.md).
URLS_KEPT = 100

V1, BETA = "v1.0", "beta"
GENERATION = "generation"
TIMEOUT_SECONDS = httpx.Timeout(LONGEST_TRY_SECONDS, connect=5)
MOST_CALLS_AT_ONCE = 32
"""Enough for Graph's own limits, and few enough connections to keep."""
UNREACHABLE = "Microsoft Graph could not be reached, or did not answer in time; nothing was written."


class GraphCalls:
    """Sends what the SDK's request builders make; one per worker process, since it keeps connections and the token.

    `base_url` is scheme, host and port; `client_id` picks the user-assigned identity, None the system-assigned one.
    """

    def __init__(self, base_url: str, scope: str, client_id: str | None) -> None:
        client = httpx.AsyncClient(
            transport=Lanes(),
            trust_env=False,  # no .netrc comes between the token and Graph
            timeout=TIMEOUT_SECONDS,
            event_hooks={"response": [_keep_challenge]},
        )
        self._base_url = base_url
        self._urls: LRUCache[str, str] = LRUCache(URLS_KEPT)
        self._places = asyncio.Semaphore(MOST_CALLS_AT_ONCE)
        self._identity = ManagedIdentity(client_id)
        self._provider = AzureIdentityAuthenticationProvider(
            cast("AsyncTokenCredential", self._identity),  # get_token is all that is asked of it
            scopes=[scope],
            allowed_hosts=[str(urlsplit(base_url).hostname)],
        )
        # A plain client has none of the SDK's middleware: no retries that would send a POST again, no redirects.
        # It sends what has its token already: whoever waits for one has sent nothing, and says so.
        self._adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client)
        self.builder = GraphServiceClient(request_adapter=self._adapter)

    def addressed(self, info: RequestInformation, version: str) -> RequestInformation:
        """Settle the whole address of a request: the SDK knows v1.0 only, and beta's paths are the same."""
        info.path_parameters["baseurl"] = f"{self._base_url}/{version}"
        key = str((info.url_template, info.path_parameters, info.query_parameters))
        if (url := self._urls.get(key)) is None:
            url = self._urls[key] = info.url
        info.url = url
        return info

    def linked(self, link: str, version: str) -> RequestInformation:
        """Make the request for a link out of an answer, which is followed only where the token may go as well."""
        if not link.startswith(f"{self._base_url}/{version}/"):
            raise GraphUnavailable(UNREADABLE)
        info = RequestInformation(Method.GET)
        info.url = link
        return info

    def path(self, path: str, version: str) -> RequestInformation:
        """Make the request for a path that the SDK has no builder for."""
        return self.linked(f"{self._base_url}/{version}/{path}", version)

    async def write(self, info: RequestInformation, attempt: Attempt) -> httpx.Response:
        """Send a change once, as soon as there is a token for it; raises GraphUnavailable when no answer came."""
        response = await persistently(
            lambda: self._send(info, attempt, writes=True),
            attempt,
            lambda error: isinstance(error, IdentityUnavailable),
        )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._refuse_token(response)
        return response

    async def get(self, info: RequestInformation, resource: Resource, attempt: Attempt) -> httpx.Response:
        """Read something, persistently; raises what `graph_answers.refusal` makes of any answer but 200."""
        return await persistently(lambda: self._read(info, resource, attempt), attempt)

    async def _send(self, info: RequestInformation, attempt: Attempt, *, writes: bool = False) -> httpx.Response:
        """Send one request; raises GraphUnavailable when no answer came, or the identity's own errors before that."""
        info.headers.remove("Authorization")  # of an earlier try
        info.headers.try_add("client-request-id", attempt.client_request_id)
        info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        has_token = False
        attempt.waits_for_token = True
        try:
            async with asyncio.timeout(seconds_for_a_try(attempt)):
                await self._provider.authenticate_request(info)
                has_token, attempt.waits_for_token, generation = True, False, self._identity.generation
                async with self._places:
                    attempt.graph_calls += 1
                    attempt.write_sent |= writes
                    response: httpx.Response = await self._adapter.send_primitive_async(info, "bytes", None)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise (GraphUnavailable(UNREACHABLE) if has_token else IdentityUnavailable(SILENT)) from error
        attempt.graph_request_ids += response.headers.get_list("request-id")
        response.extensions[GENERATION] = generation
        return response

    def _refuse_token(self, response: httpx.Response) -> None:
        self._identity.refuse(response.extensions[GENERATION], demanded_claims(response))

    async def _read(self, info: RequestInformation, resource: Resource, attempt: Attempt) -> httpx.Response:
        response = await self._send(info, attempt)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            # Once more, with a fresh token, which is kept even if Graph refuses it as well: a read beside this one
            # would otherwise take yet another, and so would the next.
            self._refuse_token(response)
            response = await self._send(info, attempt)
        if resource.permission == CONFIGURATION.permission:  # what is answered rests on this; a group is looked at
            attempt.graph_request_id = response.headers.get("request-id")
        if response.status_code != httpx.codes.OK:
            raise refusal(response, resource)
        return response

    async def document(self, info: RequestInformation, resource: Resource, attempt: Attempt) -> dict[str, Any]:
        """Read one JSON object; raises GraphUnavailable where it is none."""
        response = await self.get(info, resource, attempt)
        if (document := json_object(response.content)) is None:
            raise GraphUnavailable(UNREADABLE)
        return document

    async def members(self, info: RequestInformation, version: str, resource: Resource, attempt: Attempt) -> list[Any]:
        """Read a collection, every page of it."""
        answer = await self.document(info, resource, attempt)
        with reading():
            members = as_list(answer["value"])
            while (link := answer.get("@odata.nextLink")) is not None:
                answer = await self.document(self.linked(link, version), resource, attempt)
                members += as_list(answer["value"])
        return members


async def _keep_challenge(response: httpx.Response) -> None:
    # The SDK's adapter would answer a challenge by sending the request again at once, a POST as well.
    response.extensions[CHALLENGE] = response.headers.pop("WWW-Authenticate", "")


def asking(parameters: Any) -> RequestConfiguration[Any]:  # noqa: ANN401 - each builder has a class of its own for them
    """Wrap query parameters as the SDK's builders take them."""
    return RequestConfiguration(query_parameters=parameters)


def called(name: str | None) -> str | None:
    """Write the `$filter` for a name; None stays None."""
    return None if name is None else f"displayName eq {quoted(name)}"


def quoted(text: str) -> str:
    """Write a string literal of OData (OASIS, URL conventions §5.1.1.6.1): a quote in it is doubled."""
    return "'" + text.replace("'", "''") + "'"
