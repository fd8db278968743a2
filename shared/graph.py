"""Microsoft Graph through its official SDK; the only module that knows msgraph and kiota.

Every call goes out as the SDK's request builder makes it and comes back as the response that Graph sent: turning it
into the SDK's models would load 1 224 modules and take over a second the first time (facts.md §2).
"""

from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from azure.core.credentials_async import AsyncTokenCredential
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
    OutcomeUnknown,
)
from shared.graph_answers import json_object, refusal
from shared.identity import ManagedIdentity
from shared.service import AmbiguousWriteError, Configuration
from shared.telemetry import Attempt

CONFIGURATION_PERMISSION = "DeviceManagementConfiguration.ReadWrite.All"
GROUP_PERMISSION = "GroupMember.Read.All"
TIMEOUT_SECONDS = httpx.Timeout(connect=5, read=30, write=10, pool=10)
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=120)

_ConfigurationQuery = DeviceConfigurationItemRequestBuilder.DeviceConfigurationItemRequestBuilderGetQueryParameters
_GroupQuery = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters


class MicrosoftGraph:
    """The service's port to Graph; one per worker process, since it keeps its connections and its token.

    `base_url` is scheme, host and port; `client_id` picks the user-assigned identity, None the system-assigned one.
    """

    def __init__(self, base_url: str, scope: str, client_id: str | None) -> None:
        # HTTP/2, the SDK's default, loses answers when a server retires a connection (facts.md §2); a proxy or
        # .netrc in the environment must not come between the token and Graph.
        client = httpx.AsyncClient(http2=False, trust_env=False, timeout=TIMEOUT_SECONDS, limits=LIMITS)
        self._identity = ManagedIdentity(client_id)
        provider = AzureIdentityAuthenticationProvider(
            cast("AsyncTokenCredential", self._identity),  # get_token is all that is asked of it
            scopes=[scope],
            allowed_hosts=[str(urlsplit(base_url).hostname)],
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
            if document["id"].lower() != configuration_id:
                raise GraphUnavailable(UNREADABLE)
            members = _list(document["assignments"])
            next_link = document.get("assignments@odata.nextLink")
            while next_link is not None:
                page = item.assignments.with_url(self._own(next_link)).to_get_request_information()
                answer = await self._read(page, ConfigurationNotFound, attempt)
                members += _list(answer["value"])
                next_link = answer.get("@odata.nextLink")
            assignments = tuple(Assignment.from_graph(each) for each in members)
            return Configuration(configuration_id, str(document["displayName"]), assignments)
        except (AttributeError, KeyError, TypeError) as error:
            raise GraphUnavailable(UNREADABLE) from error

    async def check_group(self, group_id: str, attempt: Attempt) -> None:
        """Make sure that a group exists; raises GraphForbidden where groups may not be read."""
        query = RequestConfiguration(query_parameters=_GroupQuery(select=["id"]))
        info = self._client.groups.by_group_id(group_id).to_get_request_information(query)
        document = await self._read(info, GroupNotFound, attempt, GROUP_PERMISSION)
        if str(document.get("id")).lower() != group_id:
            raise GraphUnavailable(UNREADABLE)

    async def create_assignment(self, configuration_id: str, target: Target, attempt: Attempt) -> tuple[str, bytes]:
        """Write one assignment, once; give its id and Graph's body, byte for byte.

        Raises AmbiguousWriteError when the assignment may have landed, and a GatewayError when it has not.
        """
        item = self._client.device_management.device_configurations.by_device_configuration_id(configuration_id)
        info = item.assignments.to_post_request_information(_assignment(target))
        attempt.write_sent = True  # before the token is at hand, since nothing tells when exactly the request leaves
        try:
            response = await self._send(info, attempt)
        except GraphUnavailable as error:
            raise AmbiguousWriteError(OutcomeUnknown(NOT_SETTLED), duplicate=False) from error
        attempt.graph_request_id = response.headers.get("request-id")
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
        response = await self._send(info, attempt)
        if permission == CONFIGURATION_PERMISSION:  # what is answered rests on this, a group is only looked at
            attempt.graph_request_id = response.headers.get("request-id")
        if response.status_code != httpx.codes.OK:
            raise refusal(response, not_found, permission)
        if (document := json_object(response.content)) is None:
            raise GraphUnavailable(UNREADABLE)
        return document

    async def _send(self, info: RequestInformation, attempt: Attempt) -> httpx.Response:
        """Send one request; raises GraphUnavailable when no answer came, or the identity's own errors before that."""
        info.headers.try_add("client-request-id", attempt.client_request_id)
        info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        attempt.graph_calls += 1
        try:
            response: httpx.Response = await self._adapter.send_primitive_async(info, "bytes", None)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: kiota on a garbled challenge
            raise GraphUnavailable(UNREACHABLE) from error
        attempt.graph_request_ids += response.headers.get_list("request-id")
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._identity.forget()
        return response

    def _own(self, link: str) -> str:
        # A link out of an answer is followed only where the token may go as well.
        if not link.startswith(f"{self._adapter.base_url}/"):
            raise GraphUnavailable(UNREADABLE)
        return link


UNREACHABLE = "Microsoft Graph could not be reached, or did not answer in time; nothing was written."
UNREADABLE = "Microsoft Graph's answer could not be read; nothing was written."
NOT_SETTLED = (
    "The assignment was sent, nothing says that it landed, and it is not there yet. Send the same request again."
)


def _assignment(target: Target) -> DeviceConfigurationAssignment:
    # The base model with Graph's own properties writes every type of target, including the one no SDK has a model for.
    return DeviceConfigurationAssignment(
        odata_type="#microsoft.graph.deviceConfigurationAssignment",
        target=DeviceAndAppManagementAssignmentTarget(
            odata_type=target.odata_type, additional_data=dict(target.properties)
        ),
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return list(value)


def _created(body: bytes, wanted: Target) -> tuple[str, bytes] | None:
    """Read the id out of Graph's 201; None when the body is not the assignment that was asked for."""
    try:
        assignment = Assignment.from_graph(json_object(body) or {})
    except (AttributeError, KeyError, TypeError):
        return None
    return (assignment.id, body) if assignment.target.same_as(wanted) else None


def _failed_write(response: httpx.Response) -> Exception:
    """Tell a write that Graph refused from one that may have landed: 408, 409, 400 (a duplicate?) and 5xx may have."""
    # The configuration was there a moment ago: what a 404 means here, only Graph's message can say.
    error = refusal(response, GraphRejected, CONFIGURATION_PERMISSION)
    match error:
        case GraphRejected() if response.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT}:
            return AmbiguousWriteError(error, duplicate=True)
        case GraphUnavailable():
            pause = error.retry_after_seconds
            unknown = OutcomeUnknown(NOT_SETTLED, graph=error.graph, retry_after_seconds=pause)
            return AmbiguousWriteError(unknown, duplicate=False)
        case _:
            return error
