import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.functions_index import index
from tests.contract.host_process import running_host
from tests.contract.worker_library import Answer, Case, WorkerLibrary, compare, differences

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="azure-functions-runtime needs Python 3.13 or newer")

SAMPLE_APP = Path(__file__).parent / "sample_app"
GUID = "6e0a9b5e-3f6c-4c86-9c1e-0c6a2b1d7f10"
TRACE = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "tracestate": "vendor=1"}


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerLibrary]:
    with WorkerLibrary(SAMPLE_APP) as worker:
        yield worker


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        running_host(SAMPLE_APP, tmp_path_factory.mktemp("host") / "errors") as host,
        httpx.Client(base_url=f"{host.base_url}/sample") as client,
    ):
        yield client


def test_the_worker_and_the_sandbox_see_the_same_functions(worker: WorkerLibrary) -> None:
    metadata = worker.metadata()
    assert (metadata["status"], metadata["error"]) == ("Success", None)
    seen_by_the_worker = sorted(metadata["functions"], key=lambda function: str(function["name"]))
    assert seen_by_the_worker == [
        {"name": function.name, "directory": function.directory, "bindings": list(function.bindings)}
        for function in index(SAMPLE_APP)
    ]


CASES = {
    "a GET with parameters": Case("echo_in_a_thread", "GET", "/echo-in-a-thread?a=1&b=&a=2"),
    "a query that is not ASCII": Case("echo_in_a_thread", "GET", "/echo-in-a-thread?na%C3%AFf=%C3%A5+x"),
    "route parameters": Case("echo", "GET", f"/echo/caf%C3%A9/{GUID}", {"id": "café", "word": GUID}),
    "custom headers": Case("echo_in_a_thread", "GET", "/echo-in-a-thread", headers={"X-Custom": "One"}),
    "a binary body": Case("echo", "POST", f"/echo/1/{GUID}", {"id": "1", "word": GUID}, content=b"\x00\xff"),
    "a body in a thread": Case("echo_in_a_thread", "POST", "/echo-in-a-thread", content="å".encode()),
    "JSON": Case("read_json", "POST", "/json", content='{"name": "Åsa"}'.encode()),
    "JSON that breaks off": Case("read_json", "POST", "/json", content=b"{"),
    "JSON that is not UTF-8": Case("read_json", "POST", "/json", content=b"\xff"),
    "no body": Case("read_json", "POST", "/json"),
    "bytes": Case("give_bytes_back", "POST", "/bytes", content=bytes(range(256))),
    "a text": Case("text", "GET", "/text?name=%C3%85sa"),
    "no content": Case("nothing", "DELETE", "/nothing"),
    "the context": Case("show_context", "GET", "/context", headers=TRACE, varying=frozenset({"x-invocation-id"})),
    "a failure": Case("fail", "GET", "/failure"),
    "no answer": Case("return_none", "GET", "/no-answer"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_sandbox_answers_as_the_worker_does(worker: WorkerLibrary, client: httpx.Client, case: Case) -> None:
    assert compare(worker, client, case) == []


def test_the_comparison_sees_every_difference() -> None:
    worker = Answer(200, {"content-type": "text/plain", "x-made-by": "worker", "x-number": "1"}, b"one")
    host = httpx.Response(201, headers={"content-type": "text/html", "x-number": "2"}, content=b"two")
    assert differences(worker, host, varying=frozenset({"x-number", "x-made-by"})) == [
        "status: 200 from the worker, 201 from the host",
        "content-type: 'text/plain' from the worker, 'text/html' from the host",
        "x-made-by: 'worker' from the worker, None from the host",
        "body: b'one' from the worker, b'two' from the host",
    ]


def test_settings_given_for_the_app_reach_the_worker() -> None:
    names = {"WEBSITE_HOSTNAME": "sandbox.test"}
    with WorkerLibrary(SAMPLE_APP, names) as worker, httpx.Client(base_url="http://sandbox.test/sample") as client:
        seen = json.loads(worker.invoke("names", client.build_request("GET", "/names"), {}).body)
    assert (seen["WEBSITE_HOSTNAME"], seen["folder"]) == ("sandbox.test", str(SAMPLE_APP))


def test_an_app_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import no_such_module\n", encoding="utf-8")
    with WorkerLibrary(tmp_path) as worker:
        metadata = worker.metadata()
    assert (metadata["status"], metadata["functions"]) == ("Failure", [])
    assert "No module named 'no_such_module'" in metadata["error"]
