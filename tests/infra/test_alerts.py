"""The templates of alerts and workbook, and the runbooks that the alerts send people to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.queries import ALERTS, INFRA, ROOT

CHECK = ROOT.parent / "shared" / "tools" / "bicep_check" / "bicep_check.py"
MODULES = [INFRA / "modules" / "alerts.bicep", INFRA / "modules" / "workbook.bicep"]
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
SENT_TO = re.compile(r'What to do: "([^"$]+)" in')
MINUTES = {"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360, "P1D": 1440, "P2D": 2880}
"""Of the times that Azure takes for a log alert those that are in use or near it."""


def platform_alerts() -> list[str]:
    """Give the runbooks of the alerts that do not ask the gateway's log."""
    return SENT_TO.findall(MODULES[0].read_text("utf-8"))


def runbooks() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", RUNBOOKS.partition("<!-- alerts -->")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert len(platform_alerts()) == 2
    assert list(runbooks()) == [*(alert["title"] for alert in ALERTS.values()), *platform_alerts()]


@pytest.mark.parametrize("title", runbooks())
def test_a_runbook_says_what_it_means_where_to_look_and_what_to_do(title: str) -> None:
    assert re.findall(r"^\*\*(\w+)\.\*\*", runbooks()[title], re.MULTILINE) == ["Means", "Look", "Do"]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_what_the_template_reads_and_values_that_azure_takes(name: str) -> None:
    alert = ALERTS[name]
    required = {"name", "title", "severity", "every", "window", "threshold", "reason", "query"}
    assert required <= alert.keys() <= {*required, "lookBack", "onlyWithTraffic"}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert alert["severity"] in range(4)
    assert MINUTES[alert["every"]] >= 15, "more often costs more, and nothing here is lost by waiting"
    assert MINUTES[alert["every"]] <= MINUTES[alert["window"]] <= MINUTES["P1D"], "what comes between would be missed"
    assert MINUTES[alert.get("lookBack", alert["window"])] >= MINUTES[alert["window"]]
    assert len(f"{alert['reason']} What to do: {alert['title']}") < 500


def test_the_template_reads_every_field_of_an_alert() -> None:
    read = set(re.findall(r"\brule\.\??(\w+)", MODULES[0].read_text("utf-8")))
    assert read == {field for alert in ALERTS.values() for field in alert}


def test_nobody_is_told_of_silence_where_no_traffic_is_expected() -> None:
    assert [name for name, alert in ALERTS.items() if alert.get("onlyWithTraffic")] == ["silence"]


@pytest.mark.skipif(not CHECK.exists(), reason="the offline checker of Bicep templates is not at hand")
def test_bicep_check_finds_nothing_wrong_with_the_modules(tmp_path: Path) -> None:
    folder = tmp_path / "infra"
    (folder / "modules").mkdir(parents=True)
    for path in (*MODULES, INFRA / "alerts.yaml", INFRA / "workbook.json"):
        (folder / path.relative_to(INFRA)).write_bytes(path.read_bytes())
    run = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout) == (0, "")
