"""`.ci/audit`: what `make check` says of known vulnerabilities, with an emulated database of them."""

import json
import subprocess
import sys
import time

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.programs import ROOT
from sandbox.serving import address, bind
from tests.contract.emulator import running


def audit(url: str) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / ".ci" / "audit"), url]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


class Database:
    """Answers as OSV does: `{}` for a package that nothing is known of."""

    def __init__(self, *vulnerable: str) -> None:
        self.asked: dict[str, str] = {}
        self._vulnerable = vulnerable
        self.application = Starlette(routes=[Route("/v1/query", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        query = json.loads(await request.body())
        if not query:
            return JSONResponse({"code": 3, "message": "Invalid query."}, 400)
        name = query["package"]["name"]
        self.asked[name] = query["version"]
        known = {"id": "PYSEC-2026-1", "summary": "A hole", "affected": [{"package": query["package"]}]}
        return JSONResponse({"vulns": [known]} if name in self._vulnerable else {})


def test_without_known_vulnerabilities_the_audit_passes_and_has_asked_for_everything() -> None:
    database = Database()
    with running(database.application) as client:
        code, said = audit(f"{client.base_url}/v1/query")
    assert (code, "No known vulnerabilities found" in said) == (0, True), said
    assert {"httpx", "azure-monitor-opentelemetry", "pytest"} <= database.asked.keys()
    assert f"httpx=={database.asked['httpx']} " in (ROOT / "requirements.txt").read_text("utf-8")


def test_known_vulnerabilities_fail_in_what_is_deployed_and_in_what_it_is_tested_with() -> None:
    with running(Database("httpx", "pytest").application) as client:
        code, said = audit(f"{client.base_url}/v1/query")
    assert (code, "PYSEC-2026-1" in said, "httpx" in said, "pytest" in said) == (1, True, True, True), said


@pytest.mark.parametrize("answer", [PlainTextResponse("", 500), PlainTextResponse("a page")], ids=["500", "no JSON"])
def test_a_database_that_is_there_and_does_not_answer_fails(answer: Response) -> None:
    async def endpoint(_: Request) -> Response:
        return answer

    with running(Starlette(routes=[Route("/", endpoint, methods=["POST"])])) as client:
        code, said = audit(str(client.base_url))
    assert code != 0
    assert "skipped" not in said


def test_only_a_database_that_cannot_be_reached_is_skipped_and_that_at_once() -> None:
    with bind(0) as listener:
        nobody = f"{address(listener)}/v1/query"
    started = time.monotonic()
    assert audit(nobody) == (0, f"skipped: the audit of the dependencies, since {nobody} cannot be reached\n")
    assert time.monotonic() - started < 5
