"""One campaign: emulators and gateways of its own, a tenant, faults, callers, and the verdict in the end."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from chaos.callers import Callers, Story
from chaos.faults import FAULTS
from chaos.sdk_way import write_all
from chaos.verdict import Verdict, verdict
from chaos.wishes import tenant, wishes
from sandbox.programs import (
    Launch,
    popen,
    sample_settings,
    sandbox_settings,
    start_graph,
    start_host,
    start_identity,
    unheard,
)

WORKERS = 2
NO_LIMIT = "100000"


@dataclass(frozen=True)
class Plan:
    """How much, how bad, and from which seed; `writes_per_20s` is the setting of each worker process."""

    requests: int
    rate: float
    in_flight: int
    seed: int
    writes_per_20s: str = NO_LIMIT


@dataclass(frozen=True)
class Result:
    """The verdict, and what it is about: faults played by kind, answers by status and code, retries of the callers."""

    verdict: Verdict
    faults: dict[str, int]
    answers: dict[str, int]
    retries: int


def run(plan: Plan, told: Callable[[], object], launch: Launch = popen) -> Result:
    """Run a campaign against the gateway; `told` is called whenever a wish has got its last answer."""
    with ExitStack() as programs:
        graph = programs.enter_context(start_graph(0, unheard, launch=launch))
        identity = programs.enter_context(start_identity(0, unheard, launch))
        settings = {**os.environ, **sample_settings(), **sandbox_settings(graph, identity)}
        settings |= {"ASSIGNMENT_FILTERS": "beta", "GRAPH_WRITES_PER_20S": plan.writes_per_20s}
        settings["CALLER_REQUESTS_PER_MINUTE"] = NO_LIMIT
        hosts = [programs.enter_context(start_host(0, settings, unheard, launch)) for _ in range(WORKERS)]
        control = programs.enter_context(httpx.Client(base_url=f"{graph.url}/_sandbox/", timeout=60))
        ids = _prepare(control, plan)
        callers = Callers([host.url for host in hosts], plan.in_flight, plan.seed, told)
        wanted = wishes(plan.requests, plan.seed, ids["configurations"], ids["groups"])
        stories = asyncio.run(callers.send_all(wanted))
        return _result(control, stories, callers)


def run_control(plan: Plan, launch: Launch = popen) -> int:
    """Let the SDK's own retry handler write; give how many POSTs were sent again without a look."""
    with ExitStack() as programs:
        graph = programs.enter_context(start_graph(0, unheard, launch=launch))
        control = programs.enter_context(httpx.Client(base_url=f"{graph.url}/_sandbox/", timeout=60))
        ids = _prepare(control, plan)
        asyncio.run(write_all(graph.url, wishes(plan.requests, plan.seed, ids["configurations"], ids["groups"])))
        return int(_get(control, "writes/blind")["blindReposts"])


def _prepare(control: httpx.Client, plan: Plan) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = _post(control, "add", tenant(plan.requests)).json()
    _post(control, "journal", {"keep": "none"})
    _post(control, "campaign", {"seed": plan.seed, "rate": plan.rate, "faults": FAULTS})
    return ids


def _result(control: httpx.Client, stories: Sequence[Story], callers: Callers) -> Result:
    played = _get(control, "campaign")
    _post(control, "campaign", {"rate": 0})
    stored = {key: of for key, of in _get(control, "assignments").items() if of}
    places = {story.wish.configuration for story in stories}
    blind = int(_get(control, "writes/blind")["blindReposts"])
    judged = verdict(stories, {key: of for key, of in stored.items() if key in places}, blind)
    retries = sum(len(story.codes) - 1 for story in stories)
    return Result(judged, _faults(played), dict(callers.statuses), retries)


def _faults(played: dict[str, dict[str, int]]) -> dict[str, int]:
    by_kind = {kind: of for kind, of in played["kinds"].items() if kind != "status"}
    return by_kind | {f"status {status}": of for status, of in played["statuses"].items()}


def _post(control: httpx.Client, command: str, content: object) -> httpx.Response:
    return control.post(command, json=content).raise_for_status()


def _get(control: httpx.Client, command: str) -> Any:  # noqa: ANN401 - JSON of the emulator's
    return control.get(command).raise_for_status().json()
