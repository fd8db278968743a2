import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ["requirements.txt", "requirements-dev.txt", "infra/requirements.txt"]


def requirements(name: str) -> list[str]:
    """Give the file's requirements, each with its hashes, on one line."""
    text = (ROOT / name).read_text("utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_one_version_with_hashes(name: str) -> None:
    pinned = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in requirements(name) if not pinned.fullmatch(line.strip())] == []
    assert len(requirements(name)) > 40


@pytest.mark.parametrize("name", [*FILES, "tests/contract/azurite/package-lock.json"])
def test_no_address_stands_among_the_requirements(name: str) -> None:
    assert "://" not in (ROOT / name).read_text("utf-8")


def test_azurite_and_all_that_it_needs_is_one_version_with_a_hash() -> None:
    lock = json.loads((ROOT / "tests/contract/azurite/package-lock.json").read_text("utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages["node_modules/azurite"]["version"] == "3.35.0"
    assert [name for name, each in packages.items() if not each["integrity"].startswith("sha512-")] == []


def test_what_runs_in_azure_brings_nothing_along_that_only_tests_need() -> None:
    names = {re.split(r"==", line)[0].strip() for line in requirements("requirements.txt")}
    assert {"azure-functions", "azure-identity", "msgraph-sdk", "pydantic"} <= names
    assert names.isdisjoint({"pytest", "starlette", "uvicorn", "ruff", "mypy", "uv", "azure-functions-runtime"})


def test_azure_functions_has_one_line_of_releases_for_each_python() -> None:
    lines = [line for line in requirements("requirements.txt") if line.startswith("azure-functions==")]
    assert [re.findall(r"==(\d)\S* ; (.*?)\s+--hash", line)[0] for line in lines] == [
        ("1", "python_full_version < '3.13'"),
        ("2", "python_full_version >= '3.13'"),
    ]
