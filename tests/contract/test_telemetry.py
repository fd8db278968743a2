"""What reaches Azure Monitor: the app in Microsoft's own worker library, with Microsoft's own exporter behind it.

The library is told by settings alone, as in Azure; the ingestion endpoint is emulated. Not shown here: what the
Functions host adds (its own request record, the parent of all this), and the token that Azure Monitor may want, which
the exporter sends over https only.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import ROOT, sample_settings
from sandbox.tenant import PILOT, SALES, WIFI_HQ
from tests.contract.emulator import running
from tests.contract.ingestion import Ingestion
from tests.contract.worker_library import WorkerLibrary
from tests.e2e.leaks import leaks
from tests.e2e.stack import Stack

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="azure-functions-runtime needs Python 3.13 or newer")

CREATED, REFUSED, LONGEST, LATER = "a1" * 16, "b2" * 16, "c3" * 16, "d4" * 16
ALL = {CREATED, REFUSED, LONGEST, LATER}
CALLERS_SPAN = "cd" * 8
FACE = "\N{GRINNING FACE}"
CLAIMS = {"ticket": FACE * 64, "requestedBy": FACE * 256, "justification": FACE * 1024}
NAMES = {"configurationName": FACE * 256, "groupName": FACE * 256}
MAIN_JOB = {"configurationId": WIFI_HQ, "groupId": PILOT}
COSTS = " ".join((ROOT / "docs" / "costs.md").read_text("utf-8").split())
KIOTA = "send_primitive_async - "

Json = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """What was exported in the end, and what the emulated services were asked in between."""

    ingestion: Ingestion
    graph: list[Json]
    identity: list[Json]

    def spans(self, trace: str) -> list[Json]:
        return [span for span in self.ingestion.of("RemoteDependencyData") if span["trace"] == trace]

    def audit(self, trace: str) -> Json:
        logged = [each for each in self.ingestion.of("MessageData") if each["trace"] == trace]
        [message] = [each["message"] for each in logged if each["properties"].get("logger_name") == "gateway.audit"]
        event: Json = json.loads(message)
        return event

    def metric(self, name: str) -> list[tuple[Json, float, float]]:
        """Give all series of a metric: their attributes, sum and count."""
        return [
            (each["properties"], metric["value"], metric["count"])
            for each in self.ingestion.of("MetricData")
            for metric in each["metrics"]
            if metric["name"] == name
        ]


def as_in_azure(endpoint: httpx.URL, temporary: Path) -> dict[str, str]:
    """Give the settings that docs/operations.md names, and those that keep the exporter on this machine."""
    return {
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
        "OTEL_TRACES_SAMPLER": "always_on",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": (
            f"InstrumentationKey={WIFI_HQ};IngestionEndpoint={endpoint};LiveEndpoint={endpoint}"
        ),
        "OTEL_METRIC_EXPORT_INTERVAL": "600000",  # once, in the end
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "TMPDIR": str(temporary),  # what cannot be sent would wait there
    }


def create(worker: WorkerLibrary, fields: Mapping[str, str], trace: str) -> int:
    headers = {"x-functions-key": FUNCTION_KEY, "traceparent": f"00-{trace}-{CALLERS_SPAN}-01"}
    request = httpx.Request("POST", "http://gateway.test/api/assignments?code=a", json=fields, headers=headers)
    return worker.invoke("create_assignment", request, {}).status


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    ingestion = Ingestion()
    with running(ingestion.application) as endpoint, Stack.running() as stack:
        telemetry = as_in_azure(endpoint.base_url, tmp_path_factory.mktemp("exporter"))
        with WorkerLibrary(
            ROOT, {**sample_settings(), **stack.settings, "WEBSITE_HOSTNAME": "127.0.0.1:7071", **telemetry}
        ) as worker:
            stack.graph.fail(kind="status", method="GET", path="/groups/", status=429, retryAfter="0")
            assert create(worker, MAIN_JOB, CREATED) == 201
            assert create(worker, {"configurationId": WIFI_HQ, "targetType": "allDevices"}, REFUSED) == 403
            assert create(worker, {**NAMES, **CLAIMS}, LONGEST) == 404
            assert create(worker, {**MAIN_JOB, "groupId": SALES}, LATER) == 201
        # The worker has ended, and with it the exporter: nothing is left to wait for.
        assert stack.unplayed_faults() == []
        yield Exported(ingestion, stack.graph.requests(), stack.identity.requests())


def test_every_span_of_the_sdk_is_in_the_callers_trace(exported: Exported) -> None:
    spans = exported.ingestion.of("RemoteDependencyData")
    assert {span["trace"] for span in spans} == ALL
    for trace in ALL:
        ours = {CALLERS_SPAN, *(span["id"] for span in exported.spans(trace))}
        assert {span["parent"] for span in exported.spans(trace)} <= ours


def test_calls_side_by_side_and_the_token_in_its_thread_are_in_the_trace(exported: Exported) -> None:
    names = [span["name"] for span in exported.spans(CREATED)]
    assert len([name for name in names if name.startswith(KIOTA)]) == 4
    assert len([name for name in names if name.startswith(f"GET /v1.0/groups/{PILOT}")]) == 2
    assert any(name.startswith("GET /msi/token") for name in names)
    assert f"POST /v1.0/deviceManagement/deviceConfigurations/{WIFI_HQ}/assignments" in names


def test_the_requests_to_graph_and_to_the_identity_endpoint_carry_the_trace_on(exported: Exported) -> None:
    asked = [entry["headers"]["traceparent"].split("-") for entry in [*exported.graph, *exported.identity]]
    assert {trace for _, trace, _, _ in asked} == ALL
    spans = {span["id"] for span in exported.ingestion.of("RemoteDependencyData")}
    assert {span for _, _, span, _ in asked} <= spans


def test_the_audit_event_arrives_whole_and_in_the_trace(exported: Exported) -> None:
    created, refused, longest = (exported.audit(trace) for trace in (CREATED, REFUSED, LONGEST))
    assert (created["outcome"], created["graphCalls"]) == ("created", 4)
    assert (refused["outcome"], refused["code"]) == ("refused", "guardrail")
    assert {**longest, **NAMES, **CLAIMS} == longest


def test_the_metrics_arrive(exported: Exported) -> None:
    action = {"action": "create_assignment"}
    assert exported.metric("gateway.requests") == [
        ({**action, "outcome": "created", "code": ""}, 2, 1),
        ({**action, "outcome": "refused", "code": "guardrail"}, 1, 1),
        ({**action, "outcome": "refused", "code": "configuration-not-found"}, 1, 1),
    ]
    assert exported.metric("gateway.guardrail.refusals") == [(action, 1, 1)]
    assert exported.metric("gateway.graph.throttles") == [({"method": "GET"}, 1, 1)]
    assert exported.metric("gateway.retries") == [({"code": "throttled"}, 1, 1)]
    timed = exported.metric("gateway.graph.duration")
    calls = {(each["method"], each["status"]): count for each, _, count in timed}
    assert calls == {("GET", "200"): 9, ("GET", "429"): 1, ("POST", "201"): 2}
    assert all(0 < seconds < 30 for _, seconds, _ in timed)


def test_no_id_and_no_name_makes_a_series_of_its_own(exported: Exported) -> None:
    described = [json.dumps(each["properties"]) for each in exported.ingestion.of("MetricData") if "metrics" in each]
    own = [text for text in described if re.search(r'"(action|method|code)"', text)]
    assert own
    assert [text for text in own if WIFI_HQ in text or PILOT in text] == []


def test_a_create_sends_no_more_than_the_costs_reckon_with(exported: Exported) -> None:
    sizes = {"MessageData": 0, "RemoteDependencyData": 0}
    for envelope in exported.ingestion.envelopes:
        if envelope["tags"].get("ai.operation.id") == LATER:
            sizes[envelope["data"]["baseType"]] += len(json.dumps(envelope))
    [(lines, spans)] = re.findall(r"the lines of a create are (\d+) kB,.*?spans (\d+) kB", COSTS)
    assert 0.8 * int(lines) < sizes["MessageData"] / 1000 <= int(lines)
    assert 0.8 * int(spans) < sizes["RemoteDependencyData"] / 1000 <= int(spans)


def test_no_secret_is_exported(exported: Exported) -> None:
    lines = [json.dumps(envelope) for envelope in exported.ingestion.envelopes]
    assert len(lines) > 20
    assert leaks(lines) == []
