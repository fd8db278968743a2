"""A local Azure Functions host: serves the HTTP functions of an app folder over a loopback port.

Run it with `python -m sandbox.functions_host [--port N] [--app FOLDER]`. Where nothing else is said, it does what the
source of `Azure/azure-functions-host` (version 4) says: a request that matches no route, or none with its method, gets
an empty 404; a missing or wrong key an empty 401; a handler that raises an empty 500. Of two routes that match, the
function whose name comes first in the alphabet answers (`WebScriptHostHttpRoutesManager`, `FunctionMetadataManager`).
"""

import argparse
import asyncio
import inspect
import logging
import os
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func  # noqa: TID251 - because this is the host's side of azure.functions
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.functions_index import IndexedFunction, index, path_segments, route_prefix
from sandbox.serving import address, bind, serve
from sandbox.triggers import Triggers

PROGRAM = "sandbox.functions_host"
DEFAULT_PORT = 7071
FUNCTION_KEY = "sandbox-function-key"
MASTER_KEY = "sandbox-master-key"

_KEYS_THAT_OPEN = {"function": {FUNCTION_KEY, MASTER_KEY}, "admin": {MASTER_KEY}}
_thread_local = threading.local()
_logger = logging.getLogger(PROGRAM)


@dataclass(frozen=True)
class InvocationContext:
    """What a handler gets as `context`: the public surface of `azure.functions.Context`."""

    invocation_id: str
    function_name: str
    function_directory: str
    trace_context: SimpleNamespace
    retry_context: SimpleNamespace
    thread_local_storage: threading.local


class FunctionsHost:
    """The ASGI application: routes a request, checks its key, invokes the function and reports the answer."""

    def __init__(self, functions: Sequence[IndexedFunction], prefix: str, triggers: Triggers) -> None:
        self._triggers = triggers
        served = [function for function in functions if function.trigger["type"] == "httpTrigger"]
        self._routes = [(function.route(prefix), function) for function in served]
        self._threads = ThreadPoolExecutor(thread_name_prefix="function")
        self._running: set[asyncio.Task[Response]] = set()
        for route, function in self._routes:
            methods = ",".join(function.trigger.get("methods", ["every method"]))
            _logger.info("%s: [%s] /%s (%s)", function.name, methods, route.template, function.auth_level)
        for function in functions:
            if function not in served and not triggers.plays(function):
                _logger.info("%s: not served here (%s)", function.name, function.trigger["type"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and print it; its query string may hold a key and is never shown."""
        if scope["type"] == "lifespan":
            await self._triggers.live(receive, send)
            return
        started = time.perf_counter()
        response = await self._respond(Request(scope, receive))
        elapsed = f"{(time.perf_counter() - started) * 1000:.0f} ms"
        print(f"host     {scope['method']} {_raw_path(scope)}  {response.status_code}  {elapsed}", flush=True)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if (timer := self._triggers.meant(request)) and _authorized("admin", request):
            await self._triggers.fire(timer)
            return Response(status_code=202)
        found = self._find(request.method, path_segments(_raw_path(request.scope)))
        if found is None:
            return Response(status_code=404)
        function, route_params = found
        if not _authorized(function.auth_level, request):
            return Response(status_code=401)
        try:
            http_request = await _http_request(request, route_params)
        except ClientDisconnect:  # the caller hung up before its request was complete: nobody reads this answer
            return Response(status_code=400)
        task = asyncio.create_task(self._invoke(function, http_request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)  # a caller that hangs up does not stop an invocation: facts.md §3

    def _find(self, method: str, segments: Sequence[str]) -> tuple[IndexedFunction, dict[str, str]] | None:
        for route, function in self._routes:
            values = route.match(segments)
            if values is not None and function.allows(method):
                return function, values
        return None

    async def _invoke(self, function: IndexedFunction, request: func.HttpRequest) -> Response:
        context = _context(function, request.headers)
        arguments: dict[str, Any] = {function.trigger["name"]: request}
        if function.takes_context:
            arguments["context"] = context
        try:
            if inspect.iscoroutinefunction(function.handler):
                context.thread_local_storage.invocation_id = context.invocation_id
                return _response(await function.handler(**arguments))
            loop = asyncio.get_running_loop()
            return _response(await loop.run_in_executor(self._threads, _in_thread, function, arguments, context))
        except Exception:
            _logger.exception("Exception while executing function: Functions.%s", function.name)
            return Response(status_code=500)


def _raw_path(scope: Scope) -> str:
    raw_path: bytes = scope["raw_path"]
    return raw_path.decode("latin-1")


def _query(scope: Scope) -> str:
    query_string: bytes = scope["query_string"]
    return query_string.decode("utf-8", "replace")


def _authorized(auth_level: str, request: Request) -> bool:
    """Compare the presented key; the header wins over `?code=`, even when it is empty or wrong.

    azure-functions-host, `AuthenticationLevelHandler.GetAuthorizationKeyInfoAsync`: "header takes precedence", and of
    several values the first one counts. `AuthUtility.PrincipalHasAuthLevelClaim`: the master key opens every level.
    """
    if auth_level == "anonymous":
        return True
    key = request.headers.get("x-functions-key")
    if key is None:
        query = parse_qsl(_query(request.scope), keep_blank_values=True)
        key = next((value for name, value in query if name.lower() == "code"), "")
    return key in _KEYS_THAT_OPEN[auth_level]


async def _http_request(request: Request, route_params: Mapping[str, str]) -> func.HttpRequest:
    """Translate as azure-functions-host does for a Python worker: `GrpcMessageConversionExtensions.ToRpcHttp`.

    Several values of one header or query parameter are joined by commas, an empty query parameter is left out, and a
    body without a `Content-Length` (chunked) does not reach the function (azure-functions-host, issue 4926).
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    body, query = await request.body(), _query(request.scope)
    return func.HttpRequest(
        method=request.method,
        url=f"{request.scope['scheme']}://{headers.get('host', '')}{_raw_path(request.scope)}{query and f'?{query}'}",
        headers=headers,
        params=_params(query),
        route_params=route_params,
        body=body if "content-length" in headers else b"",
    )


def _params(query: str) -> dict[str, str]:
    spellings: dict[str, str] = {}
    params: dict[str, str] = {}
    for name, value in parse_qsl(query):
        spelling = spellings.setdefault(name.lower(), name)
        params[spelling] = f"{params[spelling]},{value}" if spelling in params else value
    return params


def _context(function: IndexedFunction, headers: Mapping[str, str]) -> InvocationContext:
    parent = headers.get("traceparent", "").split("-")
    trace_id = parent[1] if len(parent) == len(("version", "trace", "span", "flags")) else secrets.token_hex(16)
    trace_parent, trace_state = f"00-{trace_id}-{secrets.token_hex(8)}-00", headers.get("tracestate", "")
    return InvocationContext(
        invocation_id=str(uuid.uuid4()),
        function_name=function.name,
        function_directory=function.directory,
        trace_context=SimpleNamespace(  # both spellings, as the worker has them: the capital ones are the older
            trace_parent=trace_parent,
            trace_state=trace_state,
            attributes={},
            Traceparent=trace_parent,
            Tracestate=trace_state,
            Attributes={},
        ),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        thread_local_storage=_thread_local,
    )


def _in_thread(function: IndexedFunction, arguments: Mapping[str, Any], context: InvocationContext) -> object:
    context.thread_local_storage.invocation_id = context.invocation_id
    try:
        return function.handler(**arguments)
    finally:
        context.thread_local_storage.invocation_id = None


def _response(result: object) -> Response:
    if isinstance(result, str):
        return Response(result, media_type="text/plain")
    if not isinstance(result, func.HttpResponse):
        raise TypeError(f"A handler must return an HttpResponse or a str, not {type(result).__name__}.")
    charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") else ""
    response = Response(result.get_body(), result.status_code, {"content-type": f"{result.mimetype}{charset}"})
    for name, value in result.headers.items():
        if name.lower() == "set-cookie":
            response.headers.append(name, value)
        else:
            response.headers[name] = value
    return response


def create_application(app_folder: Path) -> FunctionsHost:
    """Load the app folder and give the ASGI application that serves it; ValueError where the worker would refuse it."""
    functions = index(app_folder)
    return FunctionsHost(functions, route_prefix(app_folder), Triggers(functions, app_folder))


def main(arguments: Sequence[str] | None = None) -> None:
    """Bind the port, tell the app its own name, load it and serve it."""
    parser = argparse.ArgumentParser(prog=PROGRAM)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--app", type=Path, default=Path(), help="folder of function_app.py (default: this one)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)-8s %(name)s: %(message)s")
    listener = bind(options.port)
    os.environ["WEBSITE_HOSTNAME"] = address(listener).removeprefix("http://")
    os.environ["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
    app_folder = options.app.resolve()
    os.chdir(app_folder)  # the host starts its worker in the app's folder, so a relative path in a setting means this
    application = create_application(app_folder)
    serve(application, listener, lifespan="on")


if __name__ == "__main__":
    main()
