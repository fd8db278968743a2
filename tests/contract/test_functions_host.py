import json
import re
import socket
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.host_process import REPOSITORY, HostProcess, host_command, running_host

SAMPLE_APP = Path(__file__).parent / "sample_app"
GUID = "6e0a9b5e-3f6c-4c86-9c1e-0c6a2b1d7f10"
FUNCTION_KEY = {"x-functions-key": "sandbox-function-key"}
MASTER_KEY = {"x-functions-key": "sandbox-master-key"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    with running_host(SAMPLE_APP, tmp_path_factory.mktemp("host") / "errors") as process:
        yield process


@pytest.fixture
def client(host: HostProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{host.base_url}/sample") as client:
        yield client


def app_folder(folder: Path, function_app: str, host_json: str = '{"version": "2.0"}') -> Path:
    imports = "import azure.functions as func\n"
    (folder / "function_app.py").write_text(imports + textwrap.dedent(function_app), encoding="utf-8")
    (folder / "host.json").write_text(host_json, encoding="utf-8")
    return folder


def refusal(folder: Path) -> str:
    ended = subprocess.run(host_command(folder), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    return ended.stderr.strip().splitlines()[-1]


def is_bare(response: httpx.Response) -> bool:
    return response.content == b"" and "content-type" not in response.headers


def test_a_handler_sees_the_request_as_the_real_host_gives_it(client: httpx.Client, host: HostProcess) -> None:
    path = f"/echo/caf%C3%A9%2Fbar/{GUID}?b=1&a=%C3%A5+x&b=2&empty=&B=3"
    headers = [("X-Custom", "one"), ("x-custom", "two")]
    seen = client.post(path, headers=headers, content=b"\x00\xff").json()
    assert seen["method"] == "POST"
    assert seen["url"] == f"{host.base_url}/sample{path}"
    assert seen["params"] == {"b": "1,2,3", "a": "å x"}
    assert seen["routeParams"] == {"id": "café%2Fbar", "word": GUID}
    assert seen["body"] == "AP8="
    assert seen["headers"]["x-custom"] == seen["upperCaseHeader"] == "one,two"
    assert seen["headers"]["host"] == urlsplit(host.base_url).netloc


def test_a_line_break_in_a_path_reaches_the_handler_as_any_other_character(client: httpx.Client) -> None:
    assert client.get(f"/echo/a%0D%0Ab/{GUID}").json()["routeParams"]["id"] == "a\r\nb"


def test_a_handler_that_is_no_coroutine_sees_the_same(client: httpx.Client) -> None:
    seen = client.post("/echo-in-a-thread?x=1", content=b"abc").json()
    assert (seen["method"], seen["params"], seen["body"]) == ("POST", {"x": "1"}, "YWJj")


def test_a_body_sent_in_chunks_does_not_reach_the_handler(client: httpx.Client) -> None:
    assert client.post("/echo-in-a-thread", content=iter([b"abc"])).json()["body"] == ""


def test_a_body_of_some_megabytes_reaches_the_handler(client: httpx.Client) -> None:
    body = b"x" * 8_000_000
    assert client.post("/bytes", content=body).content == body


def test_an_answer_keeps_status_headers_and_body(client: httpx.Client) -> None:
    response = client.post("/bytes", content=b"\x00\xff")
    assert (response.status_code, response.content) == (202, b"\x00\xff")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["location"] == "https://example.test/made"


@pytest.mark.parametrize(
    ("content", "status", "content_type", "answer"),
    [
        (b'{"a": "\xc3\xa5"}', 201, "application/json", '{"a": "\\u00e5"}'),
        (b"{", 400, "text/plain; charset=us-ascii", "no JSON"),
        (b"\xff", 400, "text/plain; charset=us-ascii", "no JSON"),
    ],
)
def test_a_body_is_read_as_json_or_refused_by_the_handler(
    client: httpx.Client, content: bytes, status: int, content_type: str, answer: str
) -> None:
    response = client.post("/json", content=content)
    assert (response.status_code, response.headers["content-type"], response.text) == (status, content_type, answer)


def test_an_answer_without_content_has_no_body(client: httpx.Client) -> None:
    response = client.delete("/nothing")
    assert (response.status_code, response.content, response.headers["x-method"]) == (204, b"", "DELETE")


def test_a_handler_may_return_text(client: httpx.Client) -> None:
    response = client.get("/text", params={"name": "Åsa"})
    assert (response.status_code, response.text) == (200, "Grüße, Åsa")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_context_names_the_invocation_and_carries_the_trace_on(client: httpx.Client) -> None:
    trace = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "tracestate": "vendor=1"}
    first, second = client.get("/context", headers=trace), client.get("/context")
    assert first.headers["x-invocation-id"] != second.headers["x-invocation-id"]
    seen = first.json()
    assert seen.pop("url").endswith("/sample/context")
    assert seen == {
        "name": "show_context",
        "directory": str(SAMPLE_APP),
        "traceId": "ab" * 16,
        "traceState": "vendor=1",
        "olderSpelling": [True, "vendor=1", {}],
        "retries": [0, 0],
        "invocationIdInThread": True,
    }
    assert re.fullmatch("[0-9a-f]{32}", second.json()["traceId"])


@pytest.mark.parametrize(("path", "error"), [("/failure", "RuntimeError: on purpose"), ("/no-answer", "TypeError: ")])
def test_a_failed_invocation_is_a_bare_500_with_the_traceback_on_standard_error(
    client: httpx.Client, host: HostProcess, path: str, error: str
) -> None:
    response = client.get(path)
    assert response.status_code == 500
    assert is_bare(response)
    assert error in host.errors.read_text()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/unknown"),
        ("GET", "/echo/one"),
        ("GET", "/echo/one/not-a-guid"),
        ("GET", f"/echo//{GUID}"),
        ("PUT", "/text"),
        ("HEAD", "/text"),
        ("OPTIONS", "/text"),
        ("GET", "/../api/text"),
    ],
)
def test_no_such_route_or_method_is_an_empty_404(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 404
    assert is_bare(response)


@pytest.mark.parametrize("path", ["/TEXT", "/Text/", f"/ECHO/one/{GUID.upper()}", f"/echo/one/{GUID.replace('-', '')}"])
def test_routes_match_without_regard_to_case_or_a_last_slash(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_of_two_routes_that_match_the_function_first_in_the_alphabet_answers(client: httpx.Client) -> None:
    assert client.get("/either/literal").text == "the parameter literal"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "QUERY"])
def test_a_trigger_that_names_no_methods_takes_all_of_them(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/every_method").text == method


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/with-function-key", FUNCTION_KEY),
        ("/with-function-key", MASTER_KEY),
        ("/with-function-key?code=sandbox-function-key", {}),
        ("/with-function-key?CODE=sandbox-master-key&code=wrong", {}),
        ("/with-function-key?code=wrong", FUNCTION_KEY),
        ("/with-master-key", MASTER_KEY),
        ("/with-master-key?code=sandbox-master-key", {}),
        ("/text", {"x-functions-key": "wrong"}),
    ],
)
def test_a_right_key_opens_the_function(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/with-function-key", {}),
        ("/with-function-key", {"x-functions-key": "wrong"}),
        ("/with-function-key?code=", {}),
        ("/with-function-key?code=sandbox-function-key", {"x-functions-key": "wrong"}),
        ("/with-function-key?code=sandbox-function-key", {"x-functions-key": ""}),
        ("/with-master-key", FUNCTION_KEY),
        ("/with-master-key?code=sandbox-function-key", {}),
    ],
)
def test_a_wrong_or_missing_key_is_a_bare_401(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    response = client.get(path, headers=headers)
    assert response.status_code == 401
    assert is_bare(response)


def test_a_caller_that_hangs_up_does_not_stop_the_invocation(client: httpx.Client, host: HostProcess) -> None:
    address = urlsplit(host.base_url)
    with socket.create_connection((str(address.hostname), address.port or 0)) as caller:
        caller.sendall(b"POST /sample/hold HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 0\r\n\r\n")
        assert client.get("/hold/entered").status_code == 200
    assert client.post("/hold/finished").status_code == 200


def test_a_caller_that_hangs_up_before_its_body_is_complete_starts_nothing(tmp_path: Path) -> None:
    with running_host(SAMPLE_APP, tmp_path / "errors") as host:
        address = urlsplit(host.base_url)
        with socket.create_connection((str(address.hostname), address.port or 0)) as caller:
            caller.sendall(b"POST /sample/json HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 9\r\n\r\n{")
        assert re.fullmatch(r"host     POST /sample/json  400  \d+ ms\n", host.output.readline())
        assert "Traceback" not in host.errors.read_text()


def test_every_request_is_printed_without_its_query_string(tmp_path: Path) -> None:
    with running_host(SAMPLE_APP, tmp_path / "errors") as host:
        httpx.get(f"{host.base_url}/sample/with-function-key?code=sandbox-function-key")
        httpx.post(f"{host.base_url}/sample/unknown?code=secret")
        lines = [host.output.readline() for _ in range(2)]
        errors = host.errors.read_text()
    assert re.fullmatch(r"host     GET /sample/with-function-key  200  \d+ ms\n", lines[0])
    assert re.fullmatch(r"host     POST /sample/unknown  404  \d+ ms\n", lines[1])
    assert "code=" not in errors


def test_the_functions_are_named_on_start_up_also_those_that_are_not_served(host: HostProcess) -> None:
    errors = host.errors.read_text()
    assert "show_context: [GET] /sample/context (anonymous)" in errors
    assert "every_method: [every method] /sample/every_method (anonymous)" in errors
    assert "with_master_key: [GET] /sample/with-master-key (admin)" in errors
    assert "process: not served here (queueTrigger)" in errors


def test_the_app_knows_its_own_name_and_folder_when_it_is_imported(client: httpx.Client, host: HostProcess) -> None:
    seen: dict[str, Any] = json.loads(client.get("/names").text)
    assert seen["WEBSITE_HOSTNAME"] == urlsplit(host.base_url).netloc
    assert seen["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert seen["folder"] == str(SAMPLE_APP)


MINIMAL = """
    import logging
    app = func.FunctionApp()
    @app.route("hello")
    def hello(req: func.HttpRequest) -> str:
        logging.info("said hello")
        return req.method
"""


@pytest.mark.parametrize(
    ("host_json", "path"),
    [
        ('{"version": "2.0"}', "/api/hello"),
        ('{"extensions": {"http": {"routePrefix": ""}}}', "/hello"),
        ('{"extensions": {"http": {"routePrefix": "v1/x"}}}', "/v1/x/hello"),
    ],
)
def test_routes_begin_with_the_prefix_of_host_json_and_need_a_key_by_default(
    tmp_path: Path, host_json: str, path: str
) -> None:
    with running_host(app_folder(tmp_path, MINIMAL, host_json), tmp_path / "errors") as host:
        assert httpx.get(f"{host.base_url}{path}").status_code == 401
        assert httpx.get(f"{host.base_url}{path}", headers=FUNCTION_KEY).status_code == 200
        assert httpx.get(f"{host.base_url}/other{path}").status_code == 404
        assert "said hello" in host.errors.read_text()


@pytest.mark.parametrize(
    ("function_app", "reason"),
    [
        ("", "exactly one FunctionApp under one name; found: none"),
        ("a = func.FunctionApp()\nb = func.FunctionApp()", "exactly one FunctionApp under one name; found: a, b"),
        ("a = func.FunctionApp()\nb = a", "exactly one FunctionApp under one name; found: a, b"),
        (
            "app = func.FunctionApp()\n@app.route('x')\ndef x(req, more): ...",
            "The parameters of the function x are ['more', 'req'], its bindings are ['req']",
        ),
        (
            "app = func.FunctionApp()\n@app.route('x')\ndef x(): ...",
            "The parameters of the function x are [], its bindings are ['req']",
        ),
        (
            "app = func.FunctionApp()\n@app.route('x')\ndef x(req): ...\n@app.route('y')\ndef x(req): ...",
            "Function x does not have a unique function name",
        ),
        (
            "app = func.FunctionApp()\n@app.route('x')\ndef x(req: 'Unknown'): ...",
            "NameError: name 'Unknown' is not defined",
        ),
        (
            "app = func.FunctionApp()\n@app.route('x/{rest:alpha}')\ndef x(req): ...",
            "The route 'api/x/{rest:alpha}' has a segment that the sandbox does not know: '{rest:alpha}'",
        ),
        (
            "app = func.FunctionApp()\n@app.route('/x')\ndef x(req): ...",
            "The route 'api//x' has a segment that the sandbox does not know: ''",
        ),
    ],
)
def test_an_app_that_the_worker_would_refuse_does_not_start(tmp_path: Path, function_app: str, reason: str) -> None:
    assert reason in refusal(app_folder(tmp_path, function_app))


def test_a_folder_without_an_app_does_not_start(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"ValueError: There is no function_app.py in {tmp_path}."
