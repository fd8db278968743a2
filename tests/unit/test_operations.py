"""docs/operations.md against the code: the fields, values and metrics that it names are there.

The queries are in KQL, which nothing outside of Azure runs: what is checked is what they read, not what they give.
"""

import inspect
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from shared import errors, metrics
from shared.schemas import AssignmentRequest
from shared.telemetry import Attempt, Outcome

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text("utf-8")
QUERIES = re.findall(r"^### ([^\n]+)$(?:(?!^###).)*?```kusto\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
OF_THE_EVENT = [(title, query) for title, query in QUERIES if "parse_json" in query]
ADDRESS = {"configurationId", "assignmentId"}


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def documented_fields() -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", section("The audit event"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def written_fields() -> set[str]:
    """Give every field that an event may have: its own, what a body has, and what an address has."""
    own = re.findall(r'"(\w+)":', inspect.getsource(Attempt))
    asked = {field.alias or name for name, field in AssignmentRequest.model_fields.items()}
    return {*own, *asked, *ADDRESS}


def codes() -> set[str]:
    return {each.code for each in vars(errors).values() if inspect.isclass(each) and hasattr(each, "code")}


def test_the_table_has_every_field_of_the_event_and_no_other() -> None:
    assert documented_fields() == written_fields()


def test_there_is_a_query_for_what_is_asked_most() -> None:
    assert [title for title, _ in QUERIES] == [
        "Who assigned what in the last week",
        "All refusals",
        "All of one ticket",
        "All of one run of a flow",
        "By one of Graph's request ids",
        "Everything that happened in one request",
        "Error budget",
        "What it was spent on",
        "Latency of Graph",
        "Tries and throttles",
    ]


@pytest.mark.parametrize(("title", "query"), OF_THE_EVENT, ids=[title for title, _ in OF_THE_EVENT])
def test_a_query_finds_events_and_reads_fields_that_they_have(title: str, query: str) -> None:
    [beginning] = re.findall(r"message startswith '(.+?)'", query)
    assert json.dumps(Attempt("id", title).event()).startswith(beginning)
    read = set(re.findall(r"\bevent\.(\w+)", query))
    assert read <= documented_fields()
    assert read or "project timestamp, event" in query


def test_the_outcomes_that_queries_compare_with_are_real_ones() -> None:
    conditions = " ".join(re.findall(r"tostring\(event\.outcome\) (?:==|in) (\(.*?\)|\"\w+\")", GUIDE))
    compared = set(re.findall(r'"(\w+)"', conditions))
    assert {"created", "deleted", "refused", "failed"} == compared <= set(get_args(Outcome))


def test_the_codes_that_runbooks_name_are_real_ones() -> None:
    runbooks = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
    named = set(re.findall(r"`(?:\d+ )?([a-z]+(?:-[a-z]+)+)`", runbooks)) - {"operations-poison"}
    assert {"internal-error", "outcome-unknown", "writes-disabled"} <= named <= codes()


def test_the_metrics_are_those_that_the_gateway_has() -> None:
    named = set(re.findall(r"[`\"](gateway\.[a-z.]+)[`\"]", GUIDE))
    assert named == set(re.findall(r'"(gateway\.[a-z.]+)"', inspect.getsource(metrics)))


def test_the_host_speaks_opentelemetry_and_samples_nothing() -> None:
    host = json.loads((ROOT / "host.json").read_text("utf-8"))
    assert host["telemetryMode"] == "OpenTelemetry"
    assert "applicationInsights" not in host["logging"]
    # What a function logs has the category Function.{name}.User: the host passes it on from this level.
    assert host["logging"]["logLevel"]["Function"] == "Information"


def test_the_host_is_given_the_extensions_that_every_trigger_needs() -> None:
    host = json.loads((ROOT / "host.json").read_text("utf-8"))
    triggers = set(re.findall(r"@app\.(\w+)_trigger", (ROOT / "function_app.py").read_text("utf-8")))
    assert triggers == {"queue", "timer"}  # HTTP and timers are the host's own; a queue is in the bundle alone
    assert host["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.0.0, 5.0.0)",
    }
