"""Starts the sandbox's programs by forking a process that has loaded their libraries: a test starts a hundred of them.

Run as a program, it is that process: it takes orders from a socket (one message each: what to run, where its output
goes), tells the new process' id and, when that has ended, its exit code. It ends with the process that started it.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from sandbox.programs import ROOT, Process, popen

# Not the programs themselves, which run as `__main__`, and nothing that reads the environment when it is imported. What
# a first request loads besides is among them.
LOADED = (
    "anyio._backends._asyncio",
    "azure.core.pipeline.transport._requests_basic",
    "azure.functions",
    "azure.identity._credentials.app_service",
    "httpcore",
    "msgraph.generated.device_management.device_management_request_builder",
    "sandbox.functions_index",
    "sandbox.journal",
    "sandbox.odata",
    "sandbox.serving",
    "sandbox.triggers",
    "shared.ledger_sqlite",
    "shared.loading",
    "shared.sources",
    "shared.stores",
    "shared.tickets",
    "starlette.applications",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.h11_impl",
)
LONGEST_ORDER = 1_000_000


class Child:
    """A process that the nursery has started, with what `subprocess.Popen` offers of it."""

    def __init__(self, command: list[str], environment: Mapping[str, str], address: str) -> None:
        self.args = command
        self._code: int | None = None
        reading, writing = os.pipe()
        self.stdout: IO[str] | None = os.fdopen(reading, encoding="utf-8", errors="replace")
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.connect(address)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST_ORDER)
        _, _, module, *arguments = command
        order = json.dumps([module, arguments, dict(environment)]).encode()
        socket.send_fds(self._line, [order], [writing])
        os.close(writing)
        self.pid = int(self._line.recv(20))

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        if self._code is None:
            self._line.settimeout(timeout)
            try:
                self._code = int(self._line.recv(20))
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._line.close()
        return self._code

    def _signal(self, number: int) -> None:
        try:
            self.wait(0.0001)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, number)


def launch(command: list[str], environment: Mapping[str, str]) -> Process:
    """Start a program that stands in the repository; one from elsewhere starts as it would anyway."""
    if "GATEWAY_APP" in os.environ:
        return popen(command, environment)
    return Child(command, environment, _address())


@functools.cache
def _address() -> str:
    folder = TemporaryDirectory()
    address = str(Path(folder.name) / "nursery")
    command = [sys.executable, "-m", "tests.e2e.nursery", address]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def stop() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return address


class _Nursery:
    """Takes orders until whoever started it is gone; `run` gives the order to whoever has been forked for it."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(address)
        self._listener.listen(100)
        self._woken, waking = socket.socketpair()
        waking.settimeout(0)
        signal.set_wakeup_fd(waking.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._waking = waking
        self._lines: dict[int, socket.socket] = {}

    def run(self) -> tuple[str, list[str]] | None:
        with selectors.DefaultSelector() as selector:
            for each in (self._listener, self._woken, sys.stdin):
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is sys.stdin:
                        self._end()
                        return None
                    if key.fileobj is self._woken:
                        self._woken.recv(1000)
                        self._tell()
                    elif order := self._fork():
                        return order

    def _fork(self) -> tuple[str, list[str]] | None:
        line, _ = self._listener.accept()
        order, [output], _, _ = socket.recv_fds(line, LONGEST_ORDER, 1)
        if pid := os.fork():
            os.close(output)
            self._lines[pid] = line
            line.send(str(pid).encode())
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (line, self._listener, self._woken, self._waking, *self._lines.values()):
            each.close()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, place in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, place)
        os.close(output)
        os.close(nothing)
        module, arguments, environment = json.loads(order)
        os.environ.clear()
        os.environ.update(environment)
        return module, arguments

    def _tell(self) -> None:
        for pid in list(self._lines):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._lines.pop(pid) as line:
                    line.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _end(self) -> None:
        for pid in self._lines:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main(address: str) -> None:
    """Load, and start what is ordered."""
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()
    nursery = _Nursery(address)
    sys.stdout.write("ready\n")
    if order := nursery.run():
        module, arguments = order
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
