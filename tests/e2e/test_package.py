"""The gateway as it is deployed runs on what the package holds; `make package-test` runs all tests beside on it too."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sandbox.programs import ROOT
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Stack

APP = Path(os.environ["GATEWAY_APP"])
SITE, HOST = map(Path, os.environ["GATEWAY_PACKAGES"].split(os.pathsep))
PYTHONS_OWN = Path(sysconfig.get_path("stdlib"))

LOADED = re.compile(r"(?:code object|extension module '\S+' loaded) from '([^']+)'")


def test_the_gateway_loads_the_package_and_nothing_that_is_installed_here(stack: Stack) -> None:
    with stack.gateway(PYTHONVERBOSE="1") as gateway:
        assert gateway.create(MAIN_JOB).status_code == 201
        assert gateway.delete(WIFI_HQ, f"{WIFI_HQ}_{PILOT}").status_code == 204
        lines = gateway.output.lines_so_far(" from '")
    loaded = [Path(match[1]) for match in map(LOADED.search, lines) if match]
    assert [
        file for file in loaded if not any(map(file.is_relative_to, (APP, HOST, PYTHONS_OWN, ROOT / "sandbox")))
    ] == []
    of_the_app = [file for file in loaded if file.is_relative_to(APP)]
    assert SITE / "msgraph" in {file.parent.parent for file in of_the_app}
    assert APP / "shared" in {file.parent.parent for file in of_the_app}
    assert {file.suffix for file in of_the_app} == {".pyc", ".so"}  # the byte code in it is taken as it is


def imported(module: str) -> subprocess.CompletedProcess[str]:
    """Import a module where only the package and Python's own library are."""
    return subprocess.run(
        [sys.executable, "-S", "-c", f"import {module}"],
        env={"PYTHONPATH": os.pathsep.join([str(APP), os.environ["GATEWAY_PACKAGES"]])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["shared.ledger_tables", "shared.queue_storage"])
def test_what_is_loaded_only_where_it_is_used_can_be_loaded_from_the_package(module: str) -> None:
    assert imported(module).stderr == ""


@pytest.mark.parametrize("module", ["msgraph.generated.models.user", "msgraph.generated.users", "aiohttp"])
def test_what_was_left_out_cannot_be_imported_from_elsewhere(module: str) -> None:
    assert "ModuleNotFoundError" in imported(module).stderr
