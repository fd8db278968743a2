"""The sums of docs/costs.md, from its own tables, and what of its quantities can be counted."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from shared import operations
from shared.ledger import Ledger, Row
from shared.ledger_sqlite import SqliteQueue, SqliteRows
from shared.settings import OPERATIONS
from shared.stores import Stores
from shared.worker import Worker
from tests.infra.queries import INFRA, ROOT

GUIDE = (ROOT / "docs" / "costs.md").read_text("utf-8")
PROSE = " ".join(GUIDE.split())
MINUTES_A_MONTH = 43_830
SWEEPS_AND_CLEANINGS = MINUTES_A_MONTH + 30

Table = dict[str, list[float]]


def table(title: str) -> Table:
    """Read the table below a heading: its rows of numbers by what stands first in them."""
    rows = re.findall(r"^\| (?:`([a-z ]+)`.*?|(together)) ((?:\| [\d .]+ )+)\|$", section(title), re.MULTILINE)
    return {name or last: [float(cell.replace(" ", "")) for cell in cells.split("|")[1:]] for name, last, cells in rows}


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def sums(months: list[tuple[float, float]]) -> Table:
    """Give what months cost by price, each with so many creates and webhooks, and together."""
    quantities, found = table("Quantities"), {}
    for name, (usd, per, free) in table("Prices").items():
        standing, create, webhook = quantities[name]
        used = [standing + creates * create + webhooks * webhook for creates, webhooks in months]
        found[name] = [round(max(amount - free, 0) / per * usd, 2) for amount in used]
    return {**found, "together": [round(sum(column), 2) for column in zip(*found.values(), strict=True)]}


def test_the_sums_are_those_of_the_prices_and_quantities() -> None:
    assert table("Sums") == sums([(0, 0), (1_000, 0), (1_000_000, 0), (0, 1_000_000)])


def test_what_more_requests_cost_without_the_free_amounts_is_what_is_said() -> None:
    prices, quantities = table("Prices"), table("Quantities")
    more = [sum(quantities[name][kind] / per * usd for name, (usd, per, _) in prices.items()) for kind in (1, 2)]
    [said] = re.findall(r"1 000 creates come to ([\d.]+) and 1 000 webhooks to ([\d.]+)\. ", PROSE)
    assert said == tuple(f"{1000 * each:.2f}" for each in more)


def test_an_instance_that_is_always_ready_costs_what_is_said() -> None:
    [(costs, memory, usd)] = re.findall(r"costs ([\d.]+) a month with (\d) GB, used or not: GB-s at ([\d.]+),", PROSE)
    assert float(costs) == round(int(memory) * MINUTES_A_MONTH * 60 * float(usd), 2)


def test_every_price_has_its_quantities_and_sums() -> None:
    assert len(table("Prices")) == 8
    assert list(table("Prices")) == list(table("Quantities")) == list(table("Sums"))[:-1]


def test_the_alerts_are_counted() -> None:
    rules = yaml.safe_load((INFRA / "alerts.yaml").read_text("utf-8"))
    assert table("Quantities")["log alerts"][0] == len([rule for rule in rules if rule["every"] == "PT15M"]) + 1
    assert [rule["name"] for rule in rules if rule["every"] != "PT15M"] == ["silence"], (
        "it costs no more than the others"
    )
    metrics = (INFRA / "modules" / "alerts.bicep").read_text("utf-8").count("metricName:")
    assert table("Quantities")["metric alerts"][0] == metrics


def test_the_timers_are_counted() -> None:
    app = (ROOT / "function_app.py").read_text("utf-8")
    assert re.findall(r'timer_trigger\("timer", "(.+?)"\)', app) == ["0 * * * * *", "0 30 3 * * *"]
    quantities = table("Quantities")
    assert quantities["executions"] == [SWEEPS_AND_CLEANINGS, 1, 2]
    assert quantities["work"] == [2 * executions for executions in quantities["executions"]], "2 GB, a second each"
    assert quantities["blobs"][0] == 3 * SWEEPS_AND_CLEANINGS


class Counted(SqliteRows):
    """Rows that count the calls; each would be one to Azure Table Storage."""

    calls = 0

    async def create(self, row: Row) -> Row | None:
        self.calls += 1
        return await super().create(row)

    async def read(self, place: str, key: str) -> Row | None:
        self.calls += 1
        return await super().read(place, key)

    async def replace(self, row: Row) -> Row | None:
        self.calls += 1
        return await super().replace(row)

    async def remove(self, place: str, key: str, etag: str | None = None) -> None:
        self.calls += 1
        await super().remove(place, key, etag)


def test_the_calls_to_tables_that_a_webhook_makes_are_counted(tmp_path: Path) -> None:
    rows = Counted(tmp_path / "ledger")
    ledger = Ledger(rows)
    never_asked: Any = None  # the work ends in a bug, as soon as it is begun: the ledger is written all the same
    worker = Worker(Stores(ledger, SqliteQueue(tmp_path / "ledger", OPERATIONS)), never_asked, 100, timedelta(days=1))
    operation = operations.accept("jira", "1", None, {"groupId": "nobody"}, datetime.now(UTC))

    async def accept_and_carry_out() -> None:
        await ledger.create(operation)
        await worker.process(operation.id)

    asyncio.run(accept_and_carry_out())
    assert rows.calls == table("Quantities")["tables"][2]
