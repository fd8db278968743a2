"""Every function of the app: the whole HTTP surface on one page."""

import os

import azure.functions as func

from shared import loading
from shared.settings import OPERATIONS

# In `entra` mode the platform asks for a token and the gateway checks whose it is; anything else asks for a key.
CALLERS = func.AuthLevel.ANONYMOUS if os.environ.get("AUTH_MODE", "").strip() == "entra" else func.AuthLevel.FUNCTION

app = func.FunctionApp(http_auth_level=CALLERS)
gateway = loading.gateway()

ASSIGNMENTS = "configurations/{configurationId}/assignments"


@app.function_name("create_assignment")
@app.route("assignments", methods=[func.HttpMethod.POST])
async def create_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Assign a configuration: 201 with Graph's own body, or 200 when it was assigned already or is only tried."""
    return await gateway.create_assignment(req)


@app.function_name("list_assignments")
@app.route(ASSIGNMENTS, methods=[func.HttpMethod.GET])
async def list_assignments(req: func.HttpRequest) -> func.HttpResponse:
    """List what is assigned of a configuration, with names where they may be read."""
    return await gateway.list_assignments(req)


@app.function_name("get_assignment")
@app.route(f"{ASSIGNMENTS}/{{assignmentId}}", methods=[func.HttpMethod.GET])
async def get_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Show one assignment: Graph's own body."""
    return await gateway.get_assignment(req)


@app.function_name("delete_assignment")
@app.route(f"{ASSIGNMENTS}/{{assignmentId}}", methods=[func.HttpMethod.DELETE])
async def delete_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Take one assignment away: 204, also when it was gone already."""
    return await gateway.delete_assignment(req)


@app.function_name("list_configurations")
@app.route("configurations", methods=[func.HttpMethod.GET])
async def list_configurations(req: func.HttpRequest) -> func.HttpResponse:
    """Offer configurations to choose from, by name."""
    return await gateway.list_configurations(req)


@app.function_name("list_groups")
@app.route("groups", methods=[func.HttpMethod.GET])
async def list_groups(req: func.HttpRequest) -> func.HttpResponse:
    """Offer groups to choose from, by the beginning of their name."""
    return await gateway.list_groups(req)


@app.function_name("list_filters")
@app.route("filters", methods=[func.HttpMethod.GET])
async def list_filters(req: func.HttpRequest) -> func.HttpResponse:
    """Offer assignment filters to choose from, by name."""
    return await gateway.list_filters(req)


@app.function_name("receive_webhook")
@app.route("webhooks/{source}", methods=[func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS)
async def receive_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Accept a ticket system's event, which proves itself: 202, or 200 when it does not count."""
    return await gateway.tickets.receive_webhook(req)


@app.function_name("get_operation")
@app.route("operations/{operationId}", methods=[func.HttpMethod.GET])
async def get_operation(req: func.HttpRequest) -> func.HttpResponse:
    """Tell what has become of accepted work: 202 until it is finished, then 200."""
    return await gateway.tickets.get_operation(req)


@app.function_name("list_operations")
@app.route("operations", methods=[func.HttpMethod.GET])
async def list_operations(req: func.HttpRequest) -> func.HttpResponse:
    """List a ticket's operations."""
    return await gateway.tickets.list_operations(req)


@app.function_name("process_operation")
@app.queue_trigger("message", OPERATIONS, connection="AzureWebJobsStorage")
async def process_operation(message: func.QueueMessage) -> None:
    """Carry out accepted work, once."""
    await gateway.tickets.process_operation(message.get_body().decode())


@app.function_name("sweep_operations")
@app.timer_trigger("timer", "0 * * * * *")
async def sweep_operations(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own
    """Send again, every minute, what waits for too long."""
    await gateway.tickets.sweep_operations()


@app.function_name("clean_operations")
@app.timer_trigger("timer", "0 30 3 * * *")
async def clean_operations(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own
    """Remove, every night, what has been kept for long enough."""
    await gateway.tickets.clean_operations()


@app.function_name("get_health")
@app.route("health", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Tell whether the gateway is configured: 200, or 503 with the settings that are missing or wrong."""
    return gateway.get_health(req)


@app.function_name("get_openapi")
@app.route("openapi.json", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Describe all of this in OpenAPI 3.1."""
    return await gateway.get_openapi(req)


@app.function_name("get_swagger")
@app.route("swagger.json", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_swagger(req: func.HttpRequest) -> func.HttpResponse:
    """Describe all of this in Swagger 2.0, for connectors and flow designers."""
    return await gateway.get_swagger(req)


@app.function_name("get_docs")
@app.route("docs", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_docs(req: func.HttpRequest) -> func.HttpResponse:
    """Show the interactive reference."""
    from shared import docs_page  # noqa: PLC0415 - a cold start for a create has no need of it

    return docs_page.page(req)


@app.function_name("get_docs_asset")
@app.route("docs/{asset}", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_docs_asset(req: func.HttpRequest) -> func.HttpResponse:
    """Give a file that the interactive reference loads."""
    from shared import docs_page  # noqa: PLC0415 - as above

    return docs_page.asset(req)
