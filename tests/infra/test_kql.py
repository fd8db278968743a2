"""The queries of alerts, workbook and documents, run on what a real gateway has logged.

They run on DuckDB, by way of a library that translates them: another program's idea of KQL, and not Azure's own. What
Azure's own parser says of them is asked where Node.js has it: `make kql`.
"""

import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from shared import metrics
from shared.telemetry import Outcome
from tests.e2e.stack import Json, Stack
from tests.infra.captured import captured
from tests.infra.queries import ALERTS, COLUMNS, QUERIES, WORKBOOK, Logs
from tests.unit.test_operations import codes, documented_fields

KQL = Path(__file__).parent / "kql"
COMPARED = re.compile(r'event\.(\w+)\) (?:==|!=|in)\s(\([^)]*\)|"[^"]*")')

FIRED_BY: Mapping[str, str] = {
    "filter-not-applied": "filter",
    "identity": "forbidden",
    "outcome-unknown": "unknown",
    "throttling": "throttled",
    "given-up": "given up",
    "waiting": "forgotten",
    "store": "store",
    "stopped": "stopped",
}
"""Which captured event an alert is on, where it counts them."""

QUIET = ("created", "unchanged", "planned", "refused", "deleted", "listed", "ignored", "accepted", "done")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Json]]:
    with Stack.running() as stack:
        yield captured(stack, tmp_path_factory.mktemp("store"))


@pytest.fixture
def logs() -> Logs:
    return Logs()


def recorded() -> dict[str, set[str]]:
    """Give the metrics' names, each with the attributes that it is recorded with."""
    source = inspect.getsource(metrics)
    named = dict(re.findall(r'^(_\w+) = _METER\.\w+\("([\w.]+)"', source, re.MULTILINE))
    found: dict[str, set[str]] = {name: set() for name in named.values()}
    for variable, attributes in re.findall(r"(_\w+)\.(?:add|record)\(\w+, \{(.*?)\}\)", source):
        found[named[variable]] |= set(re.findall(r'"(\w+)":', attributes))
    return found


def test_there_are_queries_of_all_three_kinds() -> None:
    kinds = {title.split(":")[0] for title in QUERIES}
    assert {"alert", "workbook", "operations.md"} <= kinds
    assert len(QUERIES) > 30


def test_queries_read_only_fields_that_captured_events_have(events: Mapping[str, Json]) -> None:
    had = {field for event in events.values() for field in event}
    assert had <= documented_fields()
    read = {title: set(re.findall(r"\bevent\.(\w+)", query)) for title, query in QUERIES.items()}
    assert {title: fields - had for title, fields in read.items() if fields - had} == {}


def test_queries_read_only_metrics_and_attributes_that_are_recorded() -> None:
    had = recorded()
    for title, query in QUERIES.items():
        read = set(re.findall(r'"(gateway\.[a-z.]+)"', query))
        assert read <= had.keys(), title
        attributes = {attribute for name in read for attribute in had[name]}
        assert set(re.findall(r"\bcustomDimensions\.(\w+)", query)) <= attributes, title


def test_queries_compare_with_codes_outcomes_and_actions_that_there_are(events: Mapping[str, Json]) -> None:
    known = {
        "action": {event["action"] for event in events.values()},
        "outcome": set(get_args(Outcome)),
        "code": codes(),
        "operationState": {"accepted", "running", "finished"},
    }
    compared = [found for query in QUERIES.values() for found in COMPARED.findall(query) if found[0] in known]
    assert {field for field, _ in compared} == known.keys()
    for field, values in compared:
        assert set(re.findall(r'"([^"]+)"', values)) <= known[field]


@pytest.fixture(scope="module")
def busy_logs(events: Mapping[str, Json]) -> Logs:
    logs = Logs()
    logs.hear(*events.values())
    for name, attributes in recorded().items():
        logs.measure(name, dict.fromkeys(attributes, "x"))
    return logs


def test_queries_run_and_no_picture_of_a_busy_gateway_is_empty(busy_logs: Logs) -> None:
    found = {title: len(busy_logs.rows(query)) for title, query in QUERIES.items()}
    assert [title for title, rows in found.items() if title.startswith("workbook") and not rows] == []


@pytest.mark.parametrize(("alert", "kind"), FIRED_BY.items())
def test_an_alert_fires_on_more_than_its_threshold_of_its_own_kind_of_event(
    events: Mapping[str, Json], logs: Logs, alert: str, kind: str
) -> None:
    logs.hear(*[events[kind]] * ALERTS[alert]["threshold"])
    assert not logs.fires(alert)
    logs.hear(events[kind])
    assert logs.fires(alert)


def test_an_alert_fires_on_a_bug(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear({**events["unavailable"], "code": "internal-error"})  # nobody can ask for a bug
    assert logs.fires("bug")


def test_an_alert_fires_where_more_than_one_in_twenty_fails(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear(*[events["unavailable"]] * 2, events["created"])
    assert not logs.fires("failures"), "two are too few to judge by"
    logs.hear(events["unavailable"])
    assert logs.fires("failures")
    logs.hear(*[events["unchanged"]] * 56)
    assert not logs.fires("failures"), "three of sixty are not more than one in twenty"


def test_an_alert_fires_on_more_refusals_of_one_caller_than_usual(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear(*[events["refused"]] * 20, *[events["forged"]] * 20)
    assert not logs.fires("refusals"), "forty of two callers are twenty of each"
    logs.hear(events["forged"])
    assert logs.fires("refusals"), "whoever forges has no name, and is counted"


def test_refusals_are_nothing_unusual_where_there_were_as_many_before(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear(*[events["refused"]] * 21)
    assert logs.fires("refusals")
    logs.hear(*[events["refused"]] * 330, ago=timedelta(hours=20))  # seven an hour, over 47
    assert not logs.fires("refusals")


def test_an_alert_fires_on_silence_and_only_then(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear()
    assert logs.fires("silence")
    logs.hear(events["listed"])
    assert not logs.fires("silence")


def test_no_alert_fires_on_an_ordinary_day(events: Mapping[str, Json], logs: Logs) -> None:
    logs.hear(*(events[kind] for kind in QUIET for _ in range(3)), events["put off"])
    assert [alert for alert in ALERTS if logs.fires(alert)] == []


def test_every_alert_is_tried() -> None:
    assert {*FIRED_BY, "bug", "failures", "refusals", "silence"} == ALERTS.keys()


def shapes(items: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(item["type"], item["content"].get("version", "")) for item in items]


def test_the_workbook_has_the_form_that_azure_reads() -> None:
    items = WORKBOOK["items"]
    assert WORKBOOK["version"] == "Notebook/1.0"
    assert {*shapes(items)} == {(1, ""), (9, "KqlParameterItem/1.0"), (3, "KqlItem/1.0")}
    assert len({item["name"] for item in items}) == len(items)
    [parameters] = [item["content"]["parameters"] for item in items if item["type"] == 9]
    assert [(each["name"], each["type"]) for each in parameters] == [("TimeRange", 4), ("Caller", 2)]
    for item in items:
        if item["type"] == 3:
            content = item["content"]
            assert (content["timeContext"], content["timeContextFromParameter"]) == ({"durationMs": 0}, "TimeRange")
            assert (content["queryType"], content["resourceType"]) == (0, "microsoft.insights/components")
            assert content["visualization"] in {"timechart", "table"}
            assert set(re.findall(r"\{(\w+)", content["query"].replace('{"event"', ""))) <= {"TimeRange", "Caller"}


@pytest.mark.skipif(not (KQL / "node_modules").exists(), reason="Azure's own parser is not installed: make kql")
def test_azures_own_parser_finds_nothing_wrong() -> None:
    node = shutil.which("node")
    assert node
    kinds = {"TIMESTAMP": "datetime", "VARCHAR": "string", "JSON": "dynamic", "DOUBLE": "real", "INTEGER": "int"}
    tables = {
        table: "(" + re.sub(r"(\w+) (\w+)", lambda column: f"{column[1]}:{kinds[column[2]]}", columns) + ")"
        for table, columns in COLUMNS.items()
    }
    asked = {"tables": tables, "queries": {**QUERIES, "wrong": "traces | where messag == 1"}}
    run = subprocess.run(
        [node, "check.js"], cwd=KQL, input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    assert found.pop("wrong"), "it would have seen a column that is not there"
    assert {title: said for title, said in found.items() if said} == {}
