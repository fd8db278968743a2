"""The sandbox as tests use it: a gateway on a free port, and both hands on the emulators behind it."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import httpx

from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import Program, sample_settings, sandbox_settings, start_graph, start_host, start_identity, stores
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.leaks import leaks
from tests.e2e.nursery import launch

Json = dict[str, Any]

MAIN_JOB: Mapping[str, str] = {"configurationId": WIFI_HQ, "groupId": PILOT}
LASTING = 100
HASTY = {"Prefer": "wait=1"}
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Emulator:
    """One emulated service, told what to do and asked what it saw through its control surface."""

    url: str
    control: httpx.Client

    @classmethod
    @contextmanager
    def at(cls, url: str) -> Iterator[Self]:
        """Take hold of the emulator that listens there."""
        with httpx.Client(base_url=f"{url}/_sandbox/") as control:
            yield cls(url, control)

    def tell(self, command: str, content: object = None) -> None:
        """Give a command, such as `faults` with a list of them."""
        self.control.post(command, json=content).raise_for_status()

    def add(self, **things: list[Json]) -> dict[str, list[str]]:
        """Add `configurations`, `groups`, `filters` or `assignments` to the tenant; give their ids."""
        added: dict[str, list[str]] = self.control.post("add", json=things).raise_for_status().json()
        return added

    def fail(self, **fault: object) -> None:
        """Make the next matching request fail; see `sandbox/faults.py` for the kinds."""
        self.tell("faults", [fault])

    def keep_failing(self, **fault: object) -> None:
        """Make every matching request fail until the next reset."""
        self.fail(**fault, times=LASTING)

    def unplayed_faults(self) -> list[Json]:
        """Give the faults that wait for their request, of the lasting ones those that none has met."""
        pending: list[Json] = self.control.get("faults").raise_for_status().json()
        return [fault for fault in pending if fault["times"] != LASTING or pending.count(fault) == LASTING]

    def requests(self, method: str | None = None) -> list[Json]:
        """Give the journal, or the part of it with one method."""
        journal: list[Json] = self.control.get("requests").raise_for_status().json()
        return [entry for entry in journal if method in {None, entry["method"]}]

    def assignments(self, configuration_id: str = WIFI_HQ) -> list[Json]:
        """Give what is stored for one configuration."""
        stored: list[Json] = self.control.get("assignments").raise_for_status().json()[configuration_id]
        return stored

    def blind_reposts(self) -> int:
        """Count the writes that were repeated without a look, as `sandbox/writes.py` tells them."""
        counted: int = self.control.get("writes").raise_for_status().json()["blindReposts"]
        return counted


class Output:
    """The lines that a program prints, as they come in from the thread that reads them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()

    def append(self, line: str) -> None:
        """Take one line."""
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()

    def lines_with(self, text: str) -> list[str]:
        """Wait for a line that holds a text, five seconds at most; give all that do."""
        with self._changed:
            self._changed.wait_for(lambda: self.lines_so_far(text), 5)
            return self.lines_so_far(text)

    def lines_so_far(self, text: str) -> list[str]:
        """Give the lines that hold a text, without waiting for any."""
        return [line for line in self._lines if text in line]

    def refuse_leaks(self) -> None:
        """Fail where a secret has been printed; to be asked when the program has ended."""
        found = leaks(self._lines)
        assert found == [], found


@dataclass(frozen=True)
class Gateway:
    """The gateway over HTTP; the function key goes along with every request."""

    client: httpx.Client
    output: Output
    host: Program

    def create(self, request: object, **headers: str) -> httpx.Response:
        """Send a JSON body to the main function; underscores in header names stand for hyphens."""
        return self.client.post("assignments", json=request, headers=_named(headers))

    def send(self, content: bytes, **headers: str) -> httpx.Response:
        """Send raw bytes to the main function."""
        return self.client.post("assignments", content=content, headers=_named(headers))

    def assignments(self, configuration_id: str, **headers: str) -> httpx.Response:
        """Ask what is assigned of a configuration."""
        return self.client.get(f"configurations/{configuration_id}/assignments", headers=_named(headers))

    def assignment(self, configuration_id: str, assignment_id: str) -> httpx.Response:
        """Ask for one assignment."""
        return self.client.get(f"configurations/{configuration_id}/assignments/{assignment_id}")

    def delete(self, configuration_id: str, assignment_id: str, prefer: str = "", **query: str) -> httpx.Response:
        """Delete one assignment."""
        path = f"configurations/{configuration_id}/assignments/{assignment_id}"
        return self.client.delete(path, headers={"prefer": prefer}, params=query)

    def choices(self, kind: str, **query: str) -> httpx.Response:
        """Ask what a drop-down offers."""
        return self.client.get(kind, params=query)

    def audit(self, response: httpx.Response) -> Json:
        """Give the audit event that an answered request has left behind."""
        [line] = self.output.lines_with(response.headers["client-request-id"])
        event: Json = json.loads(line.partition("gateway.audit: ")[2])
        return event

    def health(self) -> httpx.Response:
        """Ask for the health, without a key."""
        return self.client.get("health", headers={"x-functions-key": ""})


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Stack:
    """Both emulators and the settings that point a gateway at them."""

    graph: Emulator
    identity: Emulator
    settings: Mapping[str, str]

    @classmethod
    @contextmanager
    def running(cls, *graph_options: str) -> Iterator[Self]:
        """Start the emulators on free ports, and stop them in the end."""
        output = Output()
        with (
            start_graph(0, output.append, *graph_options, launch=launch) as graph,
            start_identity(0, output.append, launch) as identity,
        ):
            settings = sandbox_settings(graph, identity)
            with Emulator.at(graph.url) as graph_emulator, Emulator.at(identity.url) as identity_emulator:
                yield cls(graph_emulator, identity_emulator, settings)
        output.refuse_leaks()

    @contextmanager
    def gateway(self, **settings: str) -> Iterator[Gateway]:
        """Start a gateway with these settings in place of the sample's, and nothing of the machine's own."""
        output = Output()
        sample = sample_settings()
        machine = {name: value for name, value in os.environ.items() if name not in sample}
        # All tests share a gateway, and together they write more than Graph takes.
        unhurried = {"GRAPH_WRITES_PER_20S": "100000", "CALLER_REQUESTS_PER_MINUTE": "100000"}
        key = {"x-functions-key": FUNCTION_KEY}
        with TemporaryDirectory() as folder, ExitStack() as programs:
            own = {**unhurried, **stores(Path(folder)), **self.settings, **settings}
            host = programs.enter_context(start_host(0, {**machine, **sample, **own}, output.append, launch))
            with httpx.Client(base_url=f"{host.url}/api/", headers=key, timeout=30) as client:
                yield Gateway(client, output, host)
        output.refuse_leaks()

    def reset(self) -> None:
        """Put both emulators back to the seed."""
        self.graph.tell("reset")
        self.identity.tell("reset")

    def unplayed_faults(self) -> list[Json]:
        """Give the faults that no request has met: a test that set one has not tested what it says."""
        return [fault for emulator in (self.graph, self.identity) for fault in emulator.unplayed_faults()]


def eventually(condition: Callable[[], bool]) -> bool:
    """Ask again and again, five seconds at most, whether something that goes on in another process has happened."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if condition():
            return True
    return False


def problem(response: httpx.Response, status: int, code: str) -> Json:
    """Check that an answer is this problem, by everything that every problem has; give its body."""
    body: Json = response.json()
    assert (response.status_code, body.get("code")) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"] == f"urn:intune-gateway:{code}"
    assert body["instance"] == f"urn:uuid:{response.headers['client-request-id']}"
    assert body["retryable"] is (status in {429, 503})
    assert body["title"]
    assert body["detail"]
    assert response.headers["assignment-outcome"] == ("refused" if status < 424 else "failed")
    assert ("retry-after" in response.headers) is body["retryable"]
    return body
