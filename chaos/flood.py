"""A flood of webhooks: duplicates, disorder and forgeries, and a gateway that is killed in the middle of it."""

import asyncio
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from chaos.deliveries import TAKEN, Delivery, deliveries
from chaos.wishes import tenant
from sandbox.programs import (
    Launch,
    Program,
    popen,
    sample_settings,
    sandbox_settings,
    start_graph,
    start_host,
    start_identity,
    stores,
    unheard,
)

NO_LIMIT = "100000"
PATIENCE_SECONDS = 900
"""How long the work may take after the last delivery: what a killed process held comes back after four minutes."""
DEADLINE_SECONDS = "20"


@dataclass(frozen=True)
class FloodPlan:
    """How many deliveries, how many at once, how often the gateway is killed, and from which seed."""

    deliveries: int
    in_flight: int
    kills: int
    seed: int


@dataclass
class Flood:
    """What came of it. All of `forged_done`, `lost`, `duplicated`, `untrue` have to be 0."""

    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    again: int = 0
    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    events: int = 0
    forged_done: int = 0
    lost: int = 0
    duplicated: int = 0
    untrue: int = 0

    @property
    def kept(self) -> bool:
        """Tell whether every promise was kept."""
        return self.events > 0 and not (self.forged_done or self.lost or self.duplicated or self.untrue)


class Hosts:
    """The gateway, which is killed and started again; what it has accepted stays in one folder."""

    def __init__(self, settings: dict[str, str], programs: ExitStack, launch: Launch) -> None:
        self._settings = settings
        self._launch = launch
        self._programs = programs
        self._host = self._started()

    @property
    def url(self) -> str:
        """Where it listens now."""
        return self._host.url

    def replace(self) -> None:
        """Kill it and start another one."""
        self._host.kill()
        self._host = self._started()

    def _started(self) -> Program:
        return self._programs.enter_context(start_host(0, self._settings, unheard, self._launch))


def flood(plan: FloodPlan, told: Callable[[], object], launch: Launch = popen) -> Flood:
    """Send everything, wait for the work and judge; `told` is called whenever a delivery is answered."""
    with ExitStack() as programs:
        graph = programs.enter_context(start_graph(0, unheard, launch=launch))
        identity = programs.enter_context(start_identity(0, unheard, launch))
        folder = Path(programs.enter_context(TemporaryDirectory()))
        settings = {**os.environ, **sample_settings(), **sandbox_settings(graph, identity), **stores(folder), **TAKEN}
        settings |= {"GRAPH_WRITES_PER_20S": NO_LIMIT, "REQUEST_DEADLINE_SECONDS": DEADLINE_SECONDS}
        control = programs.enter_context(httpx.Client(base_url=f"{graph.url}/_sandbox/", timeout=60))
        ids = control.post("add", json=tenant(plan.deliveries)).raise_for_status().json()
        control.post("journal", json={"keep": "none"}).raise_for_status()
        everything = deliveries(plan.deliveries, plan.seed, ids["configurations"], ids["groups"])
        result = asyncio.run(_send_all(Hosts(settings, programs, launch), everything, plan, told))
        operations = _finished(folder / "operations.sqlite")
        _judge(result, everything, operations, control)
        return result


async def _send_all(hosts: Hosts, everything: Sequence[Delivery], plan: FloodPlan, told: Callable[[], object]) -> Flood:
    result, places = Flood(), asyncio.Semaphore(plan.in_flight)
    moments = {len(everything) * part // (plan.kills + 1) for part in range(1, plan.kills + 1)}
    async with httpx.AsyncClient(timeout=60) as client, asyncio.TaskGroup() as senders:
        for number, delivery in enumerate(everything):
            await places.acquire()
            if number in moments:
                senders.create_task(asyncio.to_thread(hosts.replace))
            sending = senders.create_task(_send(client, hosts, delivery, result))
            sending.add_done_callback(lambda _: places.release())
            sending.add_done_callback(lambda _: told())
    return result


async def _send(client: httpx.AsyncClient, hosts: Hosts, delivery: Delivery, result: Flood) -> None:
    """Send until there is an answer, as senders do."""
    result.sent[delivery.kind] += 1
    while True:
        body, headers = delivery.sent()
        started = time.monotonic()
        try:
            answer = await client.post(f"{hosts.url}/api/webhooks/{delivery.source}", content=body, headers=headers)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code not in {429, 503}:
            break
        result.again += 1
        await asyncio.sleep(1 / 4)
    result.seconds.append(time.monotonic() - started)
    result.statuses[f"{answer.status_code}"] += 1
    result.untrue += answer.status_code != (202 if delivery.kind == "genuine" else 401)


def _finished(file: Path) -> list[dict[str, Any]]:
    """Wait until every operation is finished; give them all."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = _ask(file, "SELECT document FROM rows WHERE place LIKE 'operation-%'")
        operations = [json.loads(document) for (document,) in found]
        if all(each["state"] == "finished" for each in operations) or time.monotonic() > ends:
            return operations
        time.sleep(1 / 4)


def _ask(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        return connection.execute(statement).fetchall()


def _judge(
    result: Flood, everything: Sequence[Delivery], operations: Sequence[dict[str, Any]], control: httpx.Client
) -> None:
    wanted = {delivery.place for delivery in everything if delivery.kind == "genuine"}
    forged = {delivery.place for delivery in everything} - wanted
    stored = control.get("assignments").raise_for_status().json()
    places = Counter((key, each["target"].get("groupId")) for key, of in stored.items() for each in of)
    done = Counter(
        (each["request"]["configurationId"], each["request"]["groupId"])
        for each in operations
        if each["outcome"] in {"created", "unchanged"}
    )
    result.events = len(wanted)
    result.outcomes = Counter(each["outcome"] or each["state"] for each in operations)
    result.forged_done = len(forged & (places.keys() | done.keys()))
    result.lost = len(wanted - places.keys()) + len(wanted - done.keys())
    blind = int(control.get("writes/blind").raise_for_status().json()["blindReposts"])
    result.duplicated = blind + sum(done.values()) - len(done) + sum(of - 1 for of in places.values())
