"""The sandbox's programs as child processes: emulated Graph, emulated identity endpoint, Functions host."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self, cast

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SETTINGS = ROOT / "local.settings.sample.json"

Listener = Callable[[str], object]


def unheard(_: str) -> None:
    """Listen to a program whose lines nobody wants."""


class Process(Protocol):
    """A child process: what `subprocess.Popen` offers of one."""

    args: Any
    pid: int
    stdout: IO[str] | None

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and give its exit code; raises subprocess.TimeoutExpired."""


Launch = Callable[[list[str], Mapping[str, str]], Process]
"""Starts a command in the repository's folder, with this environment and with its output in a pipe."""


def popen(command: list[str], environment: Mapping[str, str]) -> Process:
    """Start a command as anybody would."""
    return subprocess.Popen(  # noqa: S603 - starts our own programs only
        command,
        cwd=ROOT,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class ProgramEndedError(Exception):
    """A program ended before it listened anywhere; what it printed went to its listener."""


class Program:
    """One child process that tells its address in its first lines; every other line it prints goes to `listener`."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], listener: Listener, launch: Launch = popen
    ) -> None:
        self._listener = listener
        self._process = launch(command, environment)
        self._output = cast("IO[str]", self._process.stdout)
        self.url = self._read_url()
        self._relay = threading.Thread(target=self._relay_lines, daemon=True)
        self._relay.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask the program to end and wait for it; one that has not ended after ten seconds is killed."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._relay.join()

    @property
    def pid(self) -> int:
        """The process' id."""
        return self._process.pid

    def kill(self) -> None:
        """End the program as the platform ends a worker that it has lost patience with: at once, with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Wait until the program ends by itself, and give its exit code."""
        return self._process.wait()

    def _read_url(self) -> str:
        for line in self._output:
            if line.startswith("http://"):
                return line.strip()
            self._listener(line.rstrip())
        self._output.close()
        self._process.wait()
        raise ProgramEndedError(self._process.args)

    def _relay_lines(self) -> None:
        with self._output as lines:
            for line in lines:
                self._listener(line.rstrip())


def start_graph(port: int, listener: Listener, *options: str, launch: Launch = popen) -> Program:
    """Start the emulated Microsoft Graph; port 0 is a free one, the options are those of `serving.run`."""
    return Program([*_python("sandbox.graph", port), *options], os.environ, listener, launch)


def start_identity(port: int, listener: Listener, launch: Launch = popen) -> Program:
    """Start the emulated managed-identity endpoint; port 0 is a free one."""
    return Program(_python("sandbox.identity", port), os.environ, listener, launch)


def start_host(port: int, environment: Mapping[str, str], listener: Listener, launch: Launch = popen) -> Program:
    """Start the Functions host with the gateway in it; port 0 is a free one.

    With GATEWAY_APP it is the app in that folder, and what it can import is Python's own library and what lies in the
    folders of GATEWAY_PACKAGES: nothing that is installed here (`python -m package.proof`).
    """
    if not (app := os.environ.get("GATEWAY_APP")):
        return Program(_python("sandbox.functions_host", port), environment, listener, launch)
    command = [sys.executable, "-S", *_python("sandbox.functions_host", port)[1:], "--app", app]
    return Program(command, {**environment, "PYTHONPATH": os.environ["GATEWAY_PACKAGES"]}, listener)


def sample_settings() -> dict[str, str]:
    """Give the settings of `local.settings.sample.json`, as Azure Functions Core Tools would."""
    settings: dict[str, str] = json.loads(SAMPLE_SETTINGS.read_text("utf-8"))["Values"]
    return settings


def sandbox_settings(graph: Program, identity: Program) -> dict[str, str]:
    """Give the settings that point the gateway at the emulators."""
    return {"GRAPH_BASE_URL": graph.url, "IDENTITY_ENDPOINT": f"{identity.url}/msi/token"}


def stores(folder: Path) -> dict[str, str]:
    """Give the settings that have the gateway keep its accepted work in a folder."""
    file = f"sqlite:///{folder.resolve() / 'operations.sqlite'}"
    return {"OPERATIONS_STORE": file, "OPERATIONS_QUEUE": file}


def _python(module: str, port: int) -> list[str]:
    return [sys.executable, "-m", module, "--port", str(port)]
