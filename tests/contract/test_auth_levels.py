"""Which functions the Functions host asks for a key: it follows AUTH_MODE, and nobody has to remember it."""

import json
import subprocess
import sys

import pytest

from sandbox.programs import ROOT
from tests.contract.worker_library import WorkerLibrary

MODES = {
    "key": "function",
    "entra": "anonymous",
    " entra ": "anonymous",  # the settings are read without the blanks around them as well
    "": "function",
    "Entra": "function",
    "none": "function",
}
ANONYMOUS = {"get_docs", "get_docs_asset", "get_health", "get_openapi", "get_swagger", "receive_webhook"}
IN_THE_SANDBOX = """
import json, os, pathlib, sys
from sandbox.functions_index import index
found = {}
for mode in json.loads(sys.argv[1]):
    os.environ["AUTH_MODE"] = mode
    served = [each for each in index(pathlib.Path.cwd()) if each.trigger["type"] == "httpTrigger"]
    found[mode] = {each.name: each.auth_level for each in served}
print(json.dumps(found))
"""


def wrong(levels: dict[str, str], expected: str) -> dict[str, str]:
    """Give the functions that are asked for another key than they should be; they are all there."""
    assert levels.keys() > ANONYMOUS
    return {name: level for name, level in levels.items() if level != ("anonymous" if name in ANONYMOUS else expected)}


def test_only_where_the_platform_asks_for_a_token_the_host_asks_for_no_key() -> None:
    command = [sys.executable, "-c", IN_THE_SANDBOX, json.dumps(list(MODES))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    found = json.loads(done.stdout)
    broken = {mode: wrong(found[mode], expected) for mode, expected in MODES.items()}
    assert not any(broken.values()), broken


@pytest.mark.skipif(sys.version_info < (3, 13), reason="azure-functions-runtime needs Python 3.13 or newer")
@pytest.mark.parametrize("mode", ["key", "entra", "none"])
def test_the_worker_tells_the_host_the_same(mode: str) -> None:
    with WorkerLibrary(ROOT, {"AUTH_MODE": mode}) as worker:
        functions = worker.metadata()["functions"]
    served = [each for each in functions if each["bindings"][0]["type"] == "httpTrigger"]
    levels = {each["name"]: str(each["bindings"][0]["authLevel"]).lower() for each in served}
    assert wrong(levels, MODES[mode]) == {}
