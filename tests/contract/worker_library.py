"""Microsoft's own Python worker library (`azure-functions-runtime`) as an oracle: loads an app folder and invokes it.

The library keeps its state in its modules and imports `function_app` by name, so each app has a process of its own:
`python -m tests.contract.worker_library FOLDER` reads one JSON request per line and answers each with one JSON line.
Plain objects stand in for the protobuf messages (facts.md §3). Cookies are not carried: no function sets one.
"""

import asyncio
import base64
import importlib
import json
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self, TextIO

import httpx

from tests.contract.host_process import REPOSITORY


@dataclass(frozen=True)
class Answer:
    """What a function gave its host; the headers' names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Case:
    """One request and the function that must answer it; headers in `varying` need only be there in both answers."""

    function: str
    method: str
    path: str
    route_params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    varying: frozenset[str] = frozenset()

    def request(self, client: httpx.Client) -> httpx.Request:
        """Build the request once, so that the host and the worker get the same one to the letter."""
        return client.build_request(self.method, self.path, headers=dict(self.headers), content=self.content)


class WorkerLibrary:
    """The library in a child process, as a context manager; `environment` is added to this process's own."""

    def __init__(self, app_folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.worker_library", str(app_folder.resolve())],
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, traceback)  # closes its input, upon which it ends, and waits for that

    def metadata(self) -> dict[str, Any]:
        """Give `{"status", "error", "functions": [{"name", "directory", "bindings"}]}` as the library told its host."""
        return self._ask({"op": "metadata"})

    def invoke(self, function: str, request: httpx.Request, route_params: Mapping[str, str]) -> Answer:
        """Carry out one invocation; a failed one is what the host makes of it, a bare 500."""
        answer = self._ask(_as_the_host_tells_it(function, request, route_params))
        if "error" in answer:
            return Answer(500, {}, b"")
        return Answer(answer["status"], answer["headers"], base64.b64decode(answer["body"]))

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the worker ended: its standard error says why"
        answer: dict[str, Any] = json.loads(line)
        return answer


def _as_the_host_tells_it(function: str, request: httpx.Request, route_params: Mapping[str, str]) -> dict[str, Any]:
    """Say what azure-functions-host sends of a request: `GrpcMessageConversionExtensions.ToRpcHttp`."""
    params: dict[str, list[str]] = {}
    for name, value in request.url.params.multi_items():
        params.setdefault(name, []).append(value)
    return {
        "function": function,
        "method": request.method,
        "url": str(request.url),
        "headers": {name.lower(): ",".join(request.headers.get_list(name)) for name in request.headers},
        "params": {name: ",".join(filter(None, values)) for name, values in params.items() if any(values)},
        "routeParams": dict(route_params),
        "body": base64.b64encode(request.read()).decode(),
    }


def differences(worker: Answer, host: httpx.Response, varying: frozenset[str] = frozenset()) -> list[str]:
    """Say in what the host's answer differs from the worker's; headers that only a host sets do not count."""
    found = []
    if host.status_code != worker.status:
        found.append(f"status: {worker.status} from the worker, {host.status_code} from the host")
    for name, value in worker.headers.items():
        if name not in host.headers or (host.headers[name] != value and name not in varying):
            found.append(f"{name}: {value!r} from the worker, {host.headers.get(name)!r} from the host")
    if host.content != worker.body:
        found.append(f"body: {worker.body!r} from the worker, {host.content!r} from the host")
    return found


def compare(worker: WorkerLibrary, client: httpx.Client, case: Case) -> list[str]:
    """Send one request to the worker and to the host that the client knows, and say in what the answers differ."""
    request = case.request(client)
    return differences(
        worker.invoke(case.function, request, case.route_params), client.send(request), varying=case.varying
    )


class _StatusResult(SimpleNamespace):
    Success, Failure = "Success", "Failure"


class _BindingInfo(SimpleNamespace):
    undefined, out, inout = 0, 1, 2


class _Messages:
    """Stands in for the module of protobuf messages: two of them have constants, the others are their fields alone."""

    StatusResult, BindingInfo = _StatusResult, _BindingInfo

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return SimpleNamespace


class _OneOf(SimpleNamespace):
    """Stands in for a protobuf message with a union: one field at most is set, besides `name`."""

    def WhichOneof(self, _union: str) -> str | None:  # noqa: N802 - because protobuf spells it so
        return next((field for field in vars(self) if field != "name"), None)


class _Worker:
    """The child's side: the library with one app loaded, and the questions that it answers."""

    def __init__(self) -> None:
        self._library: Any = importlib.import_module("azure_functions_runtime")
        self._loaded: Any = None
        self._functions: list[SimpleNamespace] = []

    async def load(self, app_folder: Path) -> None:
        sys.path.insert(0, str(app_folder))
        os.chdir(app_folder)
        self._library.start_threadpool_executor()
        start = SimpleNamespace(capabilities={}, function_app_directory=str(app_folder))
        properties = {"host": "127.0.0.1", "protos": _Messages()}
        request = SimpleNamespace(request=SimpleNamespace(worker_init_request=start), properties=properties)
        self._loaded = (await self._library.worker_init_request(request)).result
        self._functions = (await self._library.functions_metadata_request(None)).function_metadata_results or []

    async def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return self._metadata() if question.get("op") == "metadata" else await self._invoke(question)

    def _metadata(self) -> dict[str, Any]:
        failed = self._loaded.status == _StatusResult.Failure
        functions = [
            {"name": one.name, "directory": one.directory, "bindings": [json.loads(raw) for raw in one.raw_bindings]}
            for one in self._functions
        ]
        error = self._loaded.exception.message if failed else None
        return {"status": self._loaded.status, "error": error, "functions": functions}

    async def _invoke(self, question: Mapping[str, Any]) -> dict[str, Any]:
        invocation = _invocation({one.name: one for one in self._functions}[question["function"]], question)
        request = SimpleNamespace(request=SimpleNamespace(invocation_request=invocation), properties={})
        response = await self._library.invocation_request(request)
        if response.result.status == _StatusResult.Failure:
            sys.stderr.write(response.result.exception.stack_trace)
            return {"error": response.result.exception.message}
        return _answer(response.return_value)


def _invocation(function: SimpleNamespace, question: Mapping[str, Any]) -> SimpleNamespace:
    body = base64.b64decode(question["body"])
    http = SimpleNamespace(
        method=question["method"],
        url=question["url"],
        headers=question["headers"],
        query=question["params"],
        params=question["routeParams"],
        body=_OneOf(bytes=body) if body else _OneOf(),
    )
    triggers = (json.loads(raw) for raw in function.raw_bindings)
    name = next(binding["name"] for binding in triggers if binding["type"] == "httpTrigger")
    trace_parent, trace_state = question["headers"].get("traceparent", ""), question["headers"].get("tracestate", "")
    return SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function.function_id,
        input_data=[_OneOf(name=name, data=_OneOf(http=http))],
        trigger_metadata={},
        trace_context=SimpleNamespace(trace_parent=trace_parent, trace_state=trace_state, attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )


def _answer(value: SimpleNamespace) -> dict[str, Any]:
    if hasattr(value, "string"):  # the host sends a str as it stands, with status 200
        return {"status": 200, "headers": {}, "body": base64.b64encode(value.string.encode()).decode()}
    headers = {name.lower(): text for name, text in value.http.headers.items()}
    body = base64.b64encode(value.http.body.bytes).decode()
    return {"status": int(value.http.status_code), "headers": headers, "body": body}


async def _serve(app_folder: Path, answers: TextIO) -> None:
    worker = _Worker()
    await worker.load(app_folder)
    while line := await asyncio.to_thread(sys.stdin.readline):
        answer = await asyncio.create_task(worker.answer(json.loads(line)))  # as the worker's program does
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


def main() -> None:
    """Answer the questions on standard input; what the app prints goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.getLogger().setLevel(logging.INFO)  # as the worker's program does: azure-functions-python-worker
    asyncio.run(_serve(Path(sys.argv[1]).resolve(), answers))


if __name__ == "__main__":
    main()
