"""Runs an emulated service on a socket of its own, and holds the words in which tests speak to it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import httpx
import uvicorn
from starlette.applications import Starlette

from sandbox import tenant
from sandbox.graph import create_application
from sandbox.serving import address, bind
from sandbox.tokens import issue

ROLES = ("DeviceManagementConfiguration.ReadWrite.All", "GroupMember.Read.All")
CONFIGURATIONS = "/v1.0/deviceManagement/deviceConfigurations"
FILTERS = "/beta/deviceManagement/assignmentFilters"
WIFI = f"{CONFIGURATIONS}/{tenant.WIFI_HQ}/assignments"
WIFI_IN_BETA = WIFI.replace("v1.0", "beta")
STRANGER = "99999999-9999-4999-8999-999999999999"


@contextmanager
def running(application: Starlette) -> Iterator[httpx.Client]:
    """Serve the application in this process, and give a client whose base URL is its address."""
    with bind(0) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=address(listener)) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def started(module: str, *options: str) -> Iterator[tuple[str, IO[str]]]:
    """Run an emulator as a program; give its address and what it prints after that."""
    command = [sys.executable, "-m", module, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip(), program.stdout
        finally:
            program.terminate()


@contextmanager
def emulated_graph() -> Iterator[httpx.Client]:
    """Run an emulated Graph of its own, and give a client that shows a token with all that the gateway needs."""
    with running(create_application()) as client:
        client.headers.update(bearer(*ROLES))
        yield client


def bearer(*roles: str, audience: str = "https://graph.microsoft.com", expires_on: int | None = None) -> dict[str, str]:
    """Make the header with a token for the roles."""
    return {"Authorization": f"Bearer {issue(audience, roles, expires_on=expires_on)}"}


def tell(emulator: httpx.Client, command: str, content: object = None) -> httpx.Response:
    """Give a command, such as `faults` with a list of them."""
    return emulator.post(f"/_sandbox/{command}", json=content).raise_for_status()


def add(graph: httpx.Client, **things: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Add `configurations`, `groups`, `filters` or `assignments` to the tenant; give their ids."""
    added: dict[str, list[str]] = tell(graph, "add", things).json()
    return added


def journal(emulator: httpx.Client) -> list[dict[str, Any]]:
    """Read everything that was asked."""
    entries: list[dict[str, Any]] = emulator.get("/_sandbox/requests").json()
    return entries


def target(kind: str, **properties: object) -> dict[str, object]:
    """Make the body that assigns to a target; the kind is Graph's type without `AssignmentTarget`."""
    return {"target": {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **properties}}


def error(answer: httpx.Response) -> dict[str, object]:
    """Take the error out of Graph's shape."""
    found = answer.json()["error"]
    assert isinstance(found, dict)
    return found


def intune_message(answer: httpx.Response) -> str:
    """Take Intune's message out of the JSON in Graph's."""
    wrapped = json.loads(str(error(answer)["message"]))
    assert wrapped["_version"] == 3
    return str(wrapped["Message"])


def assigned(graph: httpx.Client, configuration: str = tenant.WIFI_HQ) -> list[dict[str, object]]:
    """Read what is stored for a configuration, past all permissions."""
    found = graph.get("/_sandbox/assignments").json()[configuration]
    assert isinstance(found, list)
    return found


def names(answer: httpx.Response) -> list[str]:
    """List the names in a collection."""
    return [one["displayName"] for one in answer.json()["value"]]
