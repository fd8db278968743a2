"""What a new worker process loads before it answers, and how it goes on afterwards."""

import json
import subprocess
import sys
from pathlib import Path

from bench.creates import configuration_id, group_id
from sandbox.programs import sample_settings, stores
from tests.e2e.stack import Stack

ROOT = Path(__file__).parent.parent.parent


def run(*command: str, **environment: str) -> list[bytes]:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout.split()


def test_a_create_loads_few_of_the_sdks_modules_and_none_for_its_answer(stack: Stack) -> None:
    stack.graph.add(
        configurations=[{"id": configuration_id(0), "name": "C"}], groups=[{"id": group_id(0), "name": "G"}]
    )
    settings = {**sample_settings(), **stack.settings, "WEBSITE_HOSTNAME": "127.0.0.1:7071"}
    loaded = json.loads(b"".join(run("-m", "bench.cold", "function_app", **settings)))["models"]
    assert 0 < loaded < 25


def test_the_garbage_collector_rests_while_the_app_is_loaded_and_no_longer() -> None:
    enabled, kept_out = run("-c", "import function_app, gc; print(gc.isenabled(), gc.get_freeze_count())")
    assert enabled == b"True"
    assert int(kept_out) > 100_000


def test_certificates_wait_until_somebody_uses_them_and_are_whole_then() -> None:
    script = """if True:
        import function_app, sys
        print("cryptography.x509.name" in sys.modules)
        from cryptography import x509
        print(x509.Name([]).rdns, "cryptography.x509.name" in sys.modules)
    """
    assert run("-c", script) == [b"False", b"[]", b"True"]


def test_describing_the_api_costs_a_cold_start_nothing() -> None:
    loaded = {name.decode() for name in run("-c", "import function_app, sys; print(*sys.modules)")}
    assert "shared.documents" in loaded
    describing = ("openapi_pydantic", "shared.openapi", "shared.swagger", "shared.api_")
    assert [name for name in loaded if name.startswith(describing)] == []


def test_taking_webhooks_costs_a_cold_start_nothing() -> None:
    loaded = {name.decode() for name in run("-c", "import function_app, sys; print(*sys.modules)")}
    taking = (
        *("jmespath", "shared.expressions", "shared.proofs", "shared.signatures", "shared.sources"),
        *("shared.tickets", "shared.webhooks", "shared.worker", "shared.stores", "shared.ledger", "shared.operations"),
        *("azure.data", "azure.storage", "sqlite3"),
    )
    assert [name for name in loaded if name.startswith(taking)] == []


def test_a_request_without_a_key_touches_no_store_and_loads_none(stack: Stack, tmp_path: Path) -> None:
    stack.graph.add(
        configurations=[{"id": configuration_id(0), "name": "C"}], groups=[{"id": group_id(0), "name": "G"}]
    )
    script = """if True:
        import asyncio, function_app, sys
        from bench.creates import create_request
        response = asyncio.run(function_app.create_assignment(create_request(0, 1)))
        print(response.status_code, *sys.modules)
    """
    settings = {**sample_settings(), **stack.settings, **stores(tmp_path), "WEBSITE_HOSTNAME": "127.0.0.1:7071"}
    status, *loaded = (word.decode() for word in run("-c", script, **settings))
    assert status == "201"
    assert "shared.gateway" in loaded
    keeping = ("shared.repeats", "shared.idempotency", "shared.ledger", "shared.stores", "shared.queue", "azure.data")
    assert [name for name in loaded if name.startswith(keeping)] == []
    assert list(tmp_path.iterdir()) == []


def test_telemetry_costs_a_cold_start_its_interface_alone() -> None:
    loaded = {name.decode() for name in run("-c", "import function_app, sys; print(*sys.modules)")}
    exporting = ("azure.monitor", "opentelemetry.sdk", "opentelemetry.instrumentation")
    assert "opentelemetry.metrics" in loaded
    assert [name for name in loaded if name.startswith(exporting)] == []
