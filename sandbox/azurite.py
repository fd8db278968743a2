"""Azurite, Microsoft's emulator of Azure Storage, as a child process; `make azurite` installs it."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.programs import ROOT

ACCOUNT, KEY = "devstoreaccount1", base64.b64encode(bytes(32)).decode()
MISSING = "Azurite needs Node.js, and to be installed: make azurite"

_SCRIPT = ROOT / "tests/contract/azurite/node_modules/azurite/dist/src/azurite.js"


@dataclass(frozen=True)
class Azurite:
    """A running Azurite: the addresses of its account's tables and queues."""

    tables: str
    queues: str


def is_installed() -> bool:
    """Tell whether it can be run here."""
    return _SCRIPT.exists() and shutil.which("node") is not None


@contextmanager
def running_azurite(folder: Path) -> Iterator[Azurite]:
    """Run it on free ports of this machine, with nothing on disk; `folder` is where it works."""
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    for service in ("blob", "queue", "table"):
        options += [f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
    environment = {"PATH": os.environ["PATH"], "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    command = ["node", str(_SCRIPT), *options]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _addresses(process)
        finally:
            process.terminate()
            process.communicate()  # it says goodbye, and falls over where nobody listens


def _addresses(process: "subprocess.Popen[str]") -> Azurite:
    found: dict[str, str] = {}
    for line in process.stdout or ():
        service, _, address = line.partition(" service is successfully listening at ")
        if address:
            found[service.removeprefix("Azurite ")] = f"{address.strip()}/{ACCOUNT}"
        if {"Queue", "Table"} <= found.keys():
            break
    return Azurite(found["Table"], found["Queue"])
