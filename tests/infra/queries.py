"""Every query that the repository shows or deploys, and Application Insights' tables in memory to run them on."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb_kql
import yaml

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
ALERTS: dict[str, dict[str, Any]] = {
    alert["name"]: alert for alert in yaml.safe_load((INFRA / "alerts.yaml").read_text("utf-8"))
}
WORKBOOK: dict[str, Any] = json.loads((INFRA / "workbook.json").read_text("utf-8"))

COLUMNS = {
    "traces": "timestamp TIMESTAMP, message VARCHAR, operation_Id VARCHAR, itemType VARCHAR, customDimensions JSON",
    "customMetrics": "timestamp TIMESTAMP, name VARCHAR, value DOUBLE, valueSum DOUBLE, valueCount INTEGER,"
    " valueMin DOUBLE, valueMax DOUBLE, customDimensions JSON",
    **dict.fromkeys(
        ("requests", "dependencies", "exceptions"),
        "timestamp TIMESTAMP, itemType VARCHAR, name VARCHAR, target VARCHAR, resultCode VARCHAR, duration DOUBLE,"
        " operation_Id VARCHAR",
    ),
}
"""What our queries read of Application Insights' schema; anything else is an unknown column."""


_SHOWN = re.compile(r"^###? ([^\n]+)$(?:(?!^###? ).)*?```kusto\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _workbook_queries(items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for item in items:
        content = item["content"]
        if "query" in content:
            yield f"workbook: {content['title']}", content["query"]
        for parameter in content.get("parameters", []):
            if "query" in parameter:
                yield f"workbook: {parameter['label']}", parameter["query"]


def _with_parameters(query: str) -> str:
    """Put what the workbook's parameters stand for in their place: all callers, by the hour."""
    return query.replace("{TimeRange:grain}", "1h").replace("{Caller}", "'*'")


def _documented_queries() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text("utf-8")
        for title, query in re.findall(
            r"^###? ([^\n]+)$(?:(?!^###? ).)*?```kusto\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
        ):
            yield f"{path.name}: {title}", query


QUERIES: dict[str, str] = {
    **{f"alert: {name}": alert["query"] for name, alert in ALERTS.items()},
    **{title: _with_parameters(query) for title, query in _workbook_queries(WORKBOOK["items"])},
    **dict(_documented_queries()),
}


class Logs:
    """An Application Insights component: what it has been told, and what queries find in it."""

    def __init__(self) -> None:
        self._tables = duckdb_kql.connect()
        for table, columns in COLUMNS.items():
            self._tables.sql(f"CREATE TABLE {table} ({columns})")

    def hear(self, *events: Mapping[str, Any], ago: timedelta = timedelta(minutes=1)) -> None:
        """Take audit events as the gateway logs them, with what others log in between."""
        began = _before(ago)
        for number, message in enumerate((*map(json.dumps, events), "Executing 'Functions.create_assignment'")):
            at = began + timedelta(milliseconds=number)
            self._insert("traces", timestamp=at, message=message, operation_Id="a1" * 16, itemType="trace")

    def measure(self, name: str, attributes: Mapping[str, object]) -> None:
        """Take one minute of a metric, in which it was recorded twice."""
        figures = {"value": 0.5, "valueSum": 1.0, "valueCount": 2, "valueMin": 0.2, "valueMax": 0.8}
        dimensions = json.dumps(attributes)
        at = _before(timedelta(minutes=1))
        self._insert("customMetrics", timestamp=at, name=name, **figures, customDimensions=dimensions)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        found: list[tuple[Any, ...]] = duckdb_kql.query(self._tables, query).fetchall()
        return found

    def fires(self, alert: str) -> bool:
        """Tell whether an alert fires now."""
        threshold: int = ALERTS[alert]["threshold"]
        return len(self.rows(ALERTS[alert]["query"])) > threshold

    def _insert(self, table: str, **values: object) -> None:
        marks = ", ".join("?" * len(values))
        self._tables.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))  # noqa: S608 - our own names


def _before(ago: timedelta) -> datetime:
    return (datetime.now(UTC) - ago).replace(tzinfo=None)
