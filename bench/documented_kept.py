"""The documented way with one credential and one client, made with the first request and kept."""

import functools

import azure.functions as func
from azure.identity.aio import ManagedIdentityCredential
from msgraph.graph_service_client import GraphServiceClient

from bench import documented
from shared.schemas import AssignmentRequest

app = func.FunctionApp()


@functools.cache
def _client() -> GraphServiceClient:
    return documented.client(ManagedIdentityCredential())


@app.route("assignments", methods=[func.HttpMethod.POST])
async def create_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Assign a configuration to a group."""
    return await documented.create(_client(), AssignmentRequest.parse(req.get_json()))
