"""`make run` and `make run-func`: what somebody at a terminal sees and can paste."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.programs import ROOT, sample_settings
from sandbox.serving import address, bind

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
    assert said == ["Microsoft Graph, emulated", "Identity endpoint, emulated", "The gateway"]
    to_paste = "\n".join(welcome[welcome.index(next(line for line in welcome if line.startswith("curl"))) :])
    pasted = subprocess.run([str(shutil.which("bash")), "-c", to_paste], capture_output=True, text=True, check=True)
    assert pasted.stdout.startswith("HTTP/1.1 201 Created\n")
    happened = sorted(lines_until(sandbox, " ms")[-1].split()[:2] for _ in range(6))
    assert happened == [
        ["graph", "GET"],
        ["graph", "GET"],
        ["graph", "POST"],
        ["host", "GET"],  # the sandbox asks for the health itself
        ["host", "POST"],
        ["identity", "GET"],
    ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_ends_with_all_its_programs(sandbox: subprocess.Popen[str], how: signal.Signals) -> None:
    lines_until(sandbox, '"ticket"')
    children = Path(f"/proc/{sandbox.pid}/task/{sandbox.pid}/children").read_text("utf-8").split()
    assert len(children) == 3
    sandbox.send_signal(how)
    assert sandbox.wait(15) in {0, 130}
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []


def test_core_tools_get_the_same_app_and_the_same_emulators(tmp_path: Path) -> None:
    func = tmp_path / "func"
    func.write_text(
        '#!/bin/sh\necho "func $* with $GRAPH_BASE_URL and $IDENTITY_ENDPOINT in $AUTH_MODE mode"; ls host.json\n'
    )
    func.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [*COMMAND, "--func"], cwd=ROOT, env=machine(PATH=path), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0
    *_, said, listed = run.stdout.splitlines()
    assert said.startswith("func start --port 0 with http://127.0.0.1:")
    assert said.endswith("/msi/token in key mode")
    assert listed == "host.json"


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
