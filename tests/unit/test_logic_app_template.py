"""The Bicep template of connectors/logic-apps, type-checked and held against the workflow that it loads."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "connectors/logic-apps"
CHECKER = ROOT.parent / "shared/tools/bicep_check/bicep_check.py"
TEMPLATE = (FOLDER / "main.bicep").read_text("utf-8")
WORKFLOW = json.loads((FOLDER / "workflow.json").read_text("utf-8"))


@pytest.mark.skipif(not CHECKER.exists(), reason="the offline checker of Bicep templates is not at hand")
def test_the_template_has_no_mistake_that_the_compiler_would_tell() -> None:
    checked = subprocess.run([sys.executable, CHECKER, FOLDER], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr


def test_the_template_gives_the_workflow_each_of_its_parameters() -> None:
    given = re.findall(r"^      (\w+): \{$", TEMPLATE.partition("parameters: {")[2], re.MULTILINE)
    assert set(given) == WORKFLOW["definition"]["parameters"].keys()


def test_the_template_and_those_who_paste_take_the_same_definition() -> None:
    assert "loadJsonContent('workflow.json')" in TEMPLATE
    assert "definition: sample.definition" in TEMPLATE
    assert WORKFLOW.keys() == {"definition", "parameters"}
