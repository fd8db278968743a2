"""A small app that shows a test what its host gave it."""

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any, cast

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

NAMES_AT_IMPORT = {name: os.environ.get(name) for name in ("WEBSITE_HOSTNAME", "AZURE_FUNCTIONS_ENVIRONMENT")}

entered, released, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()


def _seen(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "upperCaseHeader": req.headers.get("X-CUSTOM"),
        "params": dict(req.params),
        "routeParams": dict(req.route_params),
        "body": base64.b64encode(req.get_body()).decode(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"X-Seen-By": "sample"})


@app.route("echo/{id}/{word:guid}", methods=["GET", "POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return _seen(req)


@app.route("echo-in-a-thread", methods=["GET", "POST"], trigger_arg_name="request")
def echo_in_a_thread(request: func.HttpRequest) -> func.HttpResponse:
    return _seen(request)


@app.route("json", methods=["POST"])
async def read_json(req: func.HttpRequest) -> func.HttpResponse:
    try:
        return func.HttpResponse(json.dumps(req.get_json()), status_code=201, mimetype="application/json")
    except ValueError:
        return func.HttpResponse("no JSON", status_code=400, charset="us-ascii")


@app.route("context", methods=["GET"])
def show_context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    trace: Any = context.trace_context
    local: Any = context.thread_local_storage
    seen = {
        "url": req.url,
        "name": context.function_name,
        "directory": context.function_directory,
        "traceId": trace.trace_parent.split("-")[1],
        "traceState": trace.trace_state,
        "olderSpelling": [trace.Traceparent == trace.trace_parent, trace.Tracestate, trace.Attributes],
        "retries": [context.retry_context.retry_count, context.retry_context.max_retry_count],
        "invocationIdInThread": local.invocation_id == context.invocation_id,
    }
    return func.HttpResponse(json.dumps(seen), headers={"X-Invocation-Id": context.invocation_id})


@app.route("text", methods=["GET"])
async def text(req: func.HttpRequest) -> str:
    return f"Grüße, {req.params.get('name')}"


@app.route("bytes", methods=["POST"])
async def give_bytes_back(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"Content-Type": "application/octet-stream", "Location": "https://example.test/made"}
    return func.HttpResponse(req.get_body(), status_code=202, headers=headers)


@app.route("nothing", methods=["DELETE"])
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204, headers={"X-Method": req.method})


@app.route("failure", methods=["GET"])
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError(f"on purpose: {req.method}")


@app.route("no-answer", methods=["GET"])
def return_none(req: func.HttpRequest) -> func.HttpResponse:
    return cast("func.HttpResponse", req.headers.get("no-such-header"))


@app.route("names", methods=["GET"])
def names(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({**NAMES_AT_IMPORT, "url": req.url, "folder": str(Path.cwd())}))


@app.route("with-function-key", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def with_function_key(req: func.HttpRequest) -> str:
    return str(req.method)


@app.route("with-master-key", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def with_master_key(req: func.HttpRequest) -> str:
    return str(req.method)


@app.route("either/{word}", methods=["GET"])
async def either_parameter(req: func.HttpRequest) -> str:
    return f"the parameter {req.route_params['word']}"


@app.route("either/literal", methods=["GET"])
async def or_literal(req: func.HttpRequest) -> str:
    return f"the literal, {req.method}"


@app.route()
def every_method(req: func.HttpRequest) -> str:
    return str(req.method)


@app.route("hold", methods=["POST"])
async def hold(req: func.HttpRequest) -> str:
    entered.set()
    await released.wait()
    finished.set()
    return str(req.method)


@app.route("hold/entered", methods=["GET"])
async def hold_entered(req: func.HttpRequest) -> str:
    await entered.wait()
    return str(req.method)


@app.route("hold/finished", methods=["POST"])
async def hold_finished(req: func.HttpRequest) -> str:
    released.set()
    await finished.wait()
    return str(req.method)


@app.queue_trigger(arg_name="message", queue_name="work", connection="STORE")
async def process(message: func.QueueMessage) -> None:
    message.get_body()
