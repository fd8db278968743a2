"""Microsoft Graph through its official SDK and the app's managed identity; the only module that knows either.

Every call goes out as the SDK's request builder makes it and comes back as the response that Graph sent: turning it
into the SDK's models would load 1 224 modules and take over a second the first time (FACTS §2).
"""

import asyncio
import time
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineResponse
from azure.identity import ManagedIdentityCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.generated.device_management.device_configurations.item.device_configuration_item_request_builder import (
    DeviceConfigurationItemRequestBuilder,
)
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
from msgraph.generated.models.device_and_app_management_assignment_target import DeviceAndAppManagementAssignmentTarget
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from shared.assignments import Assignment, Target
from shared.errors import (
    ConfigurationNotFound,
    GatewayError,
    GraphRejected,
    GraphUnavailable,
    GroupNotFound,
    IdentityMissing,
    IdentityUnavailable,
    OutcomeUnknown,
)
from shared.graph_answers import json_object, refusal
from shared.service import AmbiguousWriteError, Configuration
from shared.telemetry import Attempt

CONFIGURATION_PERMISSION = "DeviceManagementConfiguration.ReadWrite.All"
GROUP_PERMISSION = "GroupMember.Read.All"
TIMEOUT_SECONDS = httpx.Timeout(connect=5, read=30, write=10, pool=10)
IDENTITY_TIMEOUT_SECONDS = 5
TOKEN_MARGIN_SECONDS = 300

_ConfigurationQuery = DeviceConfigurationItemRequestBuilder.DeviceConfigurationItemRequestBuilderGetQueryParameters
_GroupQuery = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters


class MicrosoftGraph:
    """The service's port to Graph; one per worker process, since it keeps its connections and its token.

    `base_url` is scheme, host and port; `client_id` picks the user-assigned identity, None the system-assigned one.
    """

    def __init__(self, base_url: str, scope: str, client_id: str | None) -> None:
        # HTTP/2, the SDK's default, loses answers when a server retires a connection (FACTS §2); a proxy or .netrc in
        # the environment must not come between the token and Graph.
        client = httpx.AsyncClient(
            http2=False, trust_env=False, timeout=TIMEOUT_SECONDS, limits=httpx.Limits(keepalive_expiry=120)
        )
        identity = cast("AsyncTokenCredential", _ManagedIdentity(client_id))  # get_token is all that is asked of it
        provider = AzureIdentityAuthenticationProvider(
            identity, scopes=[scope], allowed_hosts=[str(urlsplit(base_url).hostname)]
        )
        # A plain client has none of the SDK's middleware: no retries that would send a POST again, no redirects.
        self._adapter = GraphRequestAdapter(provider, client)
        self._adapter.base_url = f"{base_url}/v1.0"
        self._client = GraphServiceClient(request_adapter=self._adapter)

    async def configuration(self, configuration_id: str, attempt: Attempt) -> Configuration:
        """Read a configuration with its assignments; raises a GatewayError when it is not there or not readable."""
        item = self._client.device_management.device_configurations.by_device_configuration_id(configuration_id)
        parameters = _ConfigurationQuery(select=["id", "displayName"], expand=["assignments"])
        query = RequestConfiguration(query_parameters=parameters)
        document = await self._read(item.to_get_request_information(query), ConfigurationNotFound, attempt)
        try:
            assignments = list(document["assignments"])
            next_link = document.get("assignments@odata.nextLink")
            while next_link:
                page = item.assignments.with_url(self._own(next_link)).to_get_request_information()
                answer = await self._read(page, ConfigurationNotFound, attempt)
                assignments += answer["value"]
                next_link = answer.get("@odata.nextLink")
            parsed = tuple(Assignment.from_graph(each) for each in assignments)
            if document["id"].lower() == configuration_id:
                return Configuration(configuration_id, str(document["displayName"]), parsed)
        except (AttributeError, KeyError, TypeError) as error:
            raise GraphUnavailable(UNREADABLE) from error
        raise GraphUnavailable(UNREADABLE)

    async def check_group(self, group_id: str, attempt: Attempt) -> None:
        """Make sure that a group exists; raises GraphForbidden where groups may not be read."""
        query = RequestConfiguration(query_parameters=_GroupQuery(select=["id"]))
        info = self._client.groups.by_group_id(group_id).to_get_request_information(query)
        await self._read(info, GroupNotFound, attempt, GROUP_PERMISSION)

    async def create_assignment(self, configuration_id: str, target: Target, attempt: Attempt) -> tuple[str, bytes]:
        """Write one assignment, once; give its id and Graph's body, byte for byte.

        Raises AmbiguousWriteError when the assignment may have landed, and another GatewayError when it has not.
        """
        item = self._client.device_management.device_configurations.by_device_configuration_id(configuration_id)
        info = item.assignments.to_post_request_information(_assignment(target))
        attempt.write_sent = True
        try:
            response = await self._send(info, attempt)
        except httpx.HTTPError as error:
            raise AmbiguousWriteError(OutcomeUnknown(NOT_SETTLED), duplicate=False) from error
        if response.status_code == httpx.codes.CREATED and (created := _created(response.content, target)):
            return created
        raise _failed_write(response)

    async def _read(
        self,
        info: RequestInformation,
        not_found: type[GatewayError],
        attempt: Attempt,
        permission: str = CONFIGURATION_PERMISSION,
    ) -> dict[str, Any]:
        try:
            response = await self._send(info, attempt)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise GraphUnavailable(UNREACHABLE) from error
        if response.status_code != httpx.codes.OK:
            raise refusal(response, not_found, permission)
        if (document := json_object(response.content)) is None:
            raise GraphUnavailable(UNREADABLE)
        return document

    async def _send(self, info: RequestInformation, attempt: Attempt) -> httpx.Response:
        info.headers.try_add("client-request-id", attempt.client_request_id)
        info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        attempt.graph_calls += 1
        response: httpx.Response = await self._adapter.send_primitive_async(info, "bytes", None)
        attempt.graph_request_ids += response.headers.get_list("request-id")
        return response

    def _own(self, link: str) -> str:
        # A link out of an answer is followed only where the token may go as well.
        if not link.startswith(f"{self._adapter.base_url}/"):
            raise GraphUnavailable(UNREADABLE)
        return link


class _ManagedIdentity:
    """The app's managed identity: one token for all calls, and one request for it however many calls wait."""

    def __init__(self, client_id: str | None) -> None:
        # The synchronous credential, in a thread: the asynchronous one drags another HTTP client in (FACTS §2).
        self._credential = ManagedIdentityCredential(
            client_id=client_id,
            retry_total=0,
            connection_timeout=IDENTITY_TIMEOUT_SECONDS,
            read_timeout=IDENTITY_TIMEOUT_SECONDS,
            raw_response_hook=_refuse_passing_failures,
        )
        self._lock = asyncio.Lock()
        self._token: AccessToken | None = None

    async def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:  # noqa: ANN401 - the protocol's own signature
        """Give the token; raises IdentityMissing or IdentityUnavailable. `claims` is Graph's demand for a new one."""
        async with self._lock:
            if claims or self._token is None or self._token.expires_on - time.time() < TOKEN_MARGIN_SECONDS:
                self._token = await asyncio.to_thread(self._request_token, scopes, claims)
            return self._token

    def _request_token(self, scopes: tuple[str, ...], claims: str | None) -> AccessToken:
        try:
            return cast("AccessToken", self._credential.get_token(*scopes, claims=claims))
        except ClientAuthenticationError as error:
            raise IdentityMissing(
                "The platform refuses the app a token: check that the managed identity named by AZURE_CLIENT_ID "
                "(without it, the system-assigned one) is assigned to the function app."
            ) from error
        except (AzureError, ValueError) as error:
            raise IdentityUnavailable(IDENTITY_SILENT) from error


UNREACHABLE = "Microsoft Graph could not be reached, or did not answer in time; nothing was written."
UNREADABLE = "Microsoft Graph's answer could not be read; nothing was written."
NOT_SETTLED = "The assignment was sent, its answer was lost, and it is not there yet. Send the same request again."
IDENTITY_SILENT = "The platform's identity endpoint did not give a token; nothing was written."


def _assignment(target: Target) -> DeviceConfigurationAssignment:
    # The base model with Graph's own properties writes every type of target, including the one no SDK has a model for.
    return DeviceConfigurationAssignment(
        odata_type="#microsoft.graph.deviceConfigurationAssignment",
        target=DeviceAndAppManagementAssignmentTarget(
            odata_type=target.odata_type, additional_data=dict(target.properties)
        ),
    )


def _created(body: bytes, wanted: Target) -> tuple[str, bytes] | None:
    """Read the id out of Graph's 201; None when the body is not the assignment that was asked for."""
    try:
        assignment = Assignment.from_graph(json_object(body) or {})
    except (AttributeError, KeyError, TypeError):
        return None
    return (assignment.id, body) if assignment.target.same_as(wanted) else None


def _failed_write(response: httpx.Response) -> Exception:
    """Tell a write that Graph refused from one that may have landed: 408, 409, 400 (a duplicate?) and 5xx may have."""
    error = refusal(response, ConfigurationNotFound, CONFIGURATION_PERMISSION)
    match error:
        case GraphRejected() if response.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT}:
            return AmbiguousWriteError(error, duplicate=True)
        case GraphUnavailable():
            pause = error.retry_after_seconds
            unknown = OutcomeUnknown(NOT_SETTLED, graph=error.graph, retry_after_seconds=pause)
            return AmbiguousWriteError(unknown, duplicate=False)
        case _:
            return error


def _refuse_passing_failures(response: PipelineResponse[Any, Any]) -> None:
    # The identity library makes one error of every refusal; only the status tells what passes from what lasts.
    status = response.http_response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise IdentityUnavailable(IDENTITY_SILENT)
