"""The documented way with everything made in the handler, as most samples do: a credential and a client per request."""

import azure.functions as func
from azure.identity.aio import ManagedIdentityCredential

from bench import documented
from shared.schemas import AssignmentRequest

app = func.FunctionApp()


@app.route("assignments", methods=[func.HttpMethod.POST])
async def create_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Assign a configuration to a group."""
    wanted = AssignmentRequest.parse(req.get_json())
    async with ManagedIdentityCredential() as credential:
        return await documented.create(documented.client(credential), wanted)
