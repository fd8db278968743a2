"""The control: the same faults against a writer that trusts the SDK's own retry handler, as its documentation says."""

import asyncio
import uuid
from collections.abc import Sequence

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication.anonymous_authentication_provider import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.default_query_parameters import QueryParameters
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph.generated.models.group_assignment_target import GroupAssignmentTarget
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

from chaos.wishes import Wish
from sandbox.identity import DEFAULT_ROLES
from sandbox.tokens import issue


async def write_all(graph_url: str, wanted: Sequence[Wish]) -> None:
    """Post every wish once, all at the same time; what fails past the handler's retries stays failed."""
    headers = {"Authorization": f"Bearer {issue('https://graph.microsoft.com', DEFAULT_ROLES)}"}
    async with httpx.AsyncHTTPTransport(http2=True) as connections:  # the SDK's middleware does not close them
        client = httpx.AsyncClient(transport=connections, headers=headers, timeout=100)
        client = GraphClientFactory.create_with_default_middleware(client=client)
        adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client)
        adapter.base_url = f"{graph_url}/v1.0"
        graph = GraphServiceClient(request_adapter=adapter)
        await asyncio.gather(*(_write(graph, wish) for wish in wanted))


async def _write(graph: GraphServiceClient, wish: Wish) -> None:
    request: RequestConfiguration[QueryParameters] = RequestConfiguration()
    request.headers.add("client-request-id", str(uuid.uuid4()))
    configuration = graph.device_management.device_configurations.by_device_configuration_id(wish.configuration)
    body = DeviceConfigurationAssignment(target=GroupAssignmentTarget(group_id=wish.group))
    try:
        await configuration.assignments.post(body, request)
    except (APIError, httpx.HTTPError):
        return
