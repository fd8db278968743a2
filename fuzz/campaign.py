"""One campaign: schemathesis against the sandbox, with what the gateway says of itself, until there is enough."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from fuzz.exemptions import exempted
from fuzz.rules import BY_CHANCE, PHASES, configuration
from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import (
    Launch,
    popen,
    sample_settings,
    sandbox_settings,
    start_graph,
    start_host,
    start_identity,
    stores,
    unheard,
)

SETTINGS = {
    "ASSIGNMENT_FILTERS": "beta",
    "GUARDRAILS": '{"rules": [{"callers": ["*"], "targets": ["*"]}]}',
    "GRAPH_WRITES_PER_20S": "100000",
    "CALLER_REQUESTS_PER_MINUTE": "100000",
}


@dataclass(frozen=True)
class Plan:
    """How many cases at least, how many examples of each operation in one round, from which seed, in what phases."""

    cases: int
    examples: int
    seed: int
    phases: Sequence[str] = PHASES


@dataclass
class Result:
    """What was sent and answered, by operation and status, in which phase; and whatever was not as described."""

    cases: int = 0
    checks: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    exempted: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)


def run(plan: Plan, told: Callable[[int], object], launch: Launch = popen) -> Result:
    """Run rounds with one seed after the other until there are as many cases as planned; `told` hears how many."""
    result = Result()
    with _gateway(launch) as url:
        seed = plan.seed
        while result.cases < plan.cases:
            before = result.cases
            _round(url, replace(plan, seed=seed), result, told)
            seed += 1
            if result.cases == before:
                break  # what ends the rounds has been found already
    return result


def _round(url: str, plan: Plan, result: Result, told: Callable[[int], object]) -> None:
    phases = BY_CHANCE if result.cases else plan.phases
    rules = configuration(f"{url}/api", FUNCTION_KEY, plan.examples, plan.seed, phases)
    document = httpx.get(f"{url}/api/openapi.json", timeout=30).raise_for_status().json()
    # From its address, it would take the document's own operation out.
    described = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(rules))
    for event in from_schema(described).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(event, result)
            told(len(event.recorder.interactions))
        elif isinstance(event, events.NonFatalError | events.FatalError):
            result.findings[f"the run itself: {event}"] = ""


def _note(event: events.ScenarioFinished, result: Result) -> None:
    recorder = event.recorder
    result.cases += len(recorder.interactions)
    result.phases[event.phase.value] += len(recorder.interactions)
    for identifier, interaction in recorder.interactions.items():
        label, response = recorder.cases[identifier].value.operation.label, interaction.response
        if response is None:
            result.findings[f"{label}: no answer"] = interaction.request.uri
            continue
        result.answers[label, response.status_code] += 1
        for check in recorder.checks.get(identifier, ()):
            result.checks += 1
            if check.failure_info and exempted(check, response, recorder):
                result.exempted[check.name] += 1
            elif check.failure_info:
                failure = check.failure_info.failure
                told = f"{failure.message}\n{check.failure_info.code_sample}\n{response.text}"
                result.findings.setdefault(f"{label}: {check.name}: {failure.title}", told)


@contextmanager
def _gateway(launch: Launch) -> Iterator[str]:
    with ExitStack() as programs:
        graph = programs.enter_context(start_graph(0, unheard, launch=launch))
        identity = programs.enter_context(start_identity(0, unheard, launch))
        folder = Path(programs.enter_context(TemporaryDirectory()))
        own = {**sandbox_settings(graph, identity), **stores(folder), **SETTINGS}
        settings = {**os.environ, **sample_settings(), **own}
        yield programs.enter_context(start_host(0, settings, unheard, launch)).url
