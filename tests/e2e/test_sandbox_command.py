"""`make run` and `make run-func`: what somebody at a terminal sees and can paste."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.audit_lines import readable
from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import ROOT, sample_settings
from sandbox.serving import address, bind
from tests.e2e.stack import MAIN_JOB

COMMAND = [sys.executable, "-m", "sandbox", "--port", "0", "--graph-port", "0", "--identity-port", "0"]


def machine(**changed: str) -> dict[str, str]:
    """Give this machine's environment without settings of the gateway that happen to be in it."""
    return {name: value for name, value in os.environ.items() if name not in sample_settings()} | changed


@pytest.fixture
def sandbox() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(COMMAND, cwd=ROOT, env=machine(), stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with bind(0) as taken:
        port = address(taken).rpartition(":")[2]
        command = [*COMMAND[:3], "--graph-port", port]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"Port {port} cannot be used" in run.stdout
    assert "--graph-port" in run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_wrong_settings_are_told_at_once() -> None:
    wrong = machine(WRITES_ENABLED="False")
    with subprocess.Popen(COMMAND, cwd=ROOT, env=wrong, stdout=subprocess.PIPE, text=True) as process:
        [*_, line] = lines_until(process, "refuses everything")
        process.terminate()
    assert line == "The gateway refuses everything: WRITES_ENABLED must be one of true, false"


def lines_until(process: subprocess.Popen[str], text: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if text in line:
            return lines
    raise AssertionError(f"it ended without saying {text!r}: {lines}")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_sandbox_prints_where_it_listens_a_request_that_works_and_every_request_as_it_happens(
    sandbox: subprocess.Popen[str],
) -> None:
    welcome = lines_until(sandbox, '"ticket"')
    said = [line.partition("http://")[0].strip() for line in welcome if "  http://127.0.0.1:" in line]
    assert said == ["Microsoft Graph, emulated", "Identity endpoint, emulated", "The gateway", "The same in a browser"]
    to_paste = "\n".join(welcome[welcome.index(next(line for line in welcome if line.startswith("curl"))) :])
    pasted = subprocess.run([str(shutil.which("bash")), "-c", to_paste], capture_output=True, text=True, check=True)
    assert pasted.stdout.startswith("HTTP/1.1 201 Created\n")
    happened = sorted(without_time(lines_until(sandbox, " ms")[-1]).split()[:2] for _ in range(7))
    assert happened == [
        ["audit", "create_assignment"],
        ["graph", "GET"],
        ["graph", "GET"],
        ["graph", "POST"],
        ["host", "GET"],  # the sandbox asks for the health itself
        ["host", "POST"],
        ["identity", "GET"],
    ]
    check_end(sandbox, signal.SIGTERM)


def test_the_sandbox_ends_with_all_its_programs(sandbox: subprocess.Popen[str]) -> None:
    lines_until(sandbox, '"ticket"')
    check_end(sandbox, signal.SIGINT)


def check_end(sandbox: subprocess.Popen[str], how: signal.Signals) -> None:
    children = Path(f"/proc/{sandbox.pid}/task/{sandbox.pid}/children").read_text("utf-8").split()
    assert len(children) == 3
    sandbox.send_signal(how)
    assert sandbox.wait(15) in {0, 130}
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []


def test_core_tools_get_the_same_app_and_the_same_emulators(tmp_path: Path) -> None:
    func = tmp_path / "func"
    func.write_text(
        '#!/bin/sh\necho "func $* with $GRAPH_BASE_URL and $IDENTITY_ENDPOINT in $AUTH_MODE mode"; ls host.json\n'
        "tr '\\0' '\\n' < /proc/$$/environ | grep -c 'AzureWebJobs[.].*[.]Disabled=true'\n"
    )
    func.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [*COMMAND, "--func"], cwd=ROOT, env=machine(PATH=path), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0
    *_, said, listed, left_out = run.stdout.splitlines()
    assert said.startswith("func start --port 0 with http://127.0.0.1:")
    assert said.endswith("/msi/token in key mode")
    assert listed == "host.json"
    assert left_out == "3"  # what Azure's own host cannot start without a storage account


def test_without_core_tools_the_way_out_is_named(tmp_path: Path) -> None:
    run = subprocess.run(
        [*COMMAND, "--func"],
        cwd=ROOT,
        env=machine(PATH=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "make run" in run.stdout


def address_in(sandbox: subprocess.Popen[str]) -> str:
    """Wait for the welcome, and give the address in it that is to be posted to."""
    [gateway] = [line for line in lines_until(sandbox, '"ticket"') if line.startswith("The gateway  ")]
    return gateway.split()[2]


def posted(sandbox: subprocess.Popen[str], url: str, **fields: str) -> str:
    """Ask for an assignment, and give the line that the sandbox prints of its audit event."""
    httpx.post(url, json={**MAIN_JOB, **fields}, headers={"x-functions-key": FUNCTION_KEY})
    return re.sub(r"\d+(?= ms)", "", without_time(lines_until(sandbox, "audit  ")[-1]))


def without_time(line: str) -> str:
    return re.sub(r"^(audit    )\d\d:\d\d:\d\d  ", r"\1", line)


def test_an_audit_event_is_one_short_line_which_cannot_steer_the_terminal(sandbox: subprocess.Popen[str]) -> None:
    url = address_in(sandbox)
    what = "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ \N{RIGHTWARDS ARROW} group SG-Pilot"
    assert posted(sandbox, url, ticket="INC1") == f"audit    create_assignment  created  key  {what}  INC1   ms"
    line = posted(sandbox, url, ticket="\x1b[2J\u202e\u2028\r\nhost  GET")
    assert r"  \x1b[2J\u202e\u2028\r\nhost  GET  " in line
    assert line.endswith(" ms")


def test_a_terminal_without_these_characters_gets_escapes() -> None:
    ascii_only = machine(PYTHONIOENCODING="ascii")
    with subprocess.Popen(COMMAND, cwd=ROOT, env=ascii_only, stdout=subprocess.PIPE, text=True) as process:
        line = posted(process, address_in(process))
        process.terminate()
    assert r"Win11 \u2013 Wi-Fi \u2013 HQ \u2192 group SG-Pilot" in line


AT = "2026-11-25T10:51:26.624578+00:00"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {
                "outcome": "refused",
                "code": "guardrail",
                "targetType": "allDevices",
                "refusals": ["No rule.", "Closed."],
            },
            "refused (guardrail)  allDevices  7 ms  No rule.  Closed.",
        ),
        (
            {"outcome": "created", "caller": "1d00", "callerName": "Flow", "configurationId": "c1", "groupId": "90"}
            | {"targetType": "group", "filterId": "f1", "filterName": "Corporate", "filterMode": "include"},
            "created  Flow  c1 \N{RIGHTWARDS ARROW} group 90 (include Corporate)  7 ms",
        ),
        (
            {"outcome": "deleted", "caller": "key", "configurationId": "c1", "assignmentId": "c1_90"},
            "deleted  key  c1 \N{RIGHTWARDS ARROW} c1_90  7 ms",
        ),
        ({"outcome": "read"}, "read  7 ms"),
    ],
    ids=lambda value: value["outcome"] if isinstance(value, dict) else "",
)
def test_a_line_says_who_did_what_to_what_and_why_not(event: dict[str, object], line: str) -> None:
    logged = {"at": AT, "action": "an_action", **event, "milliseconds": 7}
    assert readable(f"INFO     gateway.audit: {json.dumps(logged)}") == f"audit    10:51:26  an_action  {line}"


def test_other_lines_stay_as_they_are() -> None:
    line = "host     POST /api/assignments  201  12 ms"
    assert readable(line) == line
