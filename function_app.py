"""Every function of the app: the whole HTTP surface on one page."""

import azure.functions as func

from shared import bootstrap

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
gateway = bootstrap.gateway()


@app.function_name("create_assignment")
@app.route("assignments", methods=[func.HttpMethod.POST])
async def create_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Assign a configuration: 201 with Graph's own body, or 200 when it was assigned already."""
    return await gateway.create_assignment(req)


@app.function_name("get_health")
@app.route("health", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Tell whether the gateway is configured: 200, or 503 with the settings that are missing or wrong."""
    return gateway.get_health(req)
