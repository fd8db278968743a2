"""The guides for callers: ten steps each, and every request on them is answered as they say.

A JSON block before "Answered `status` `word`" is a request; one after it, where that ends in a colon, is a part of the
answer. The word is the outcome, or the code of a problem. A table with the heading "For example" says what the caller
puts in place of what. A block with `rules` in it is the GUARDRAILS of the guide's gateway.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

import pytest

from sandbox.programs import ROOT
from shared.errors import GatewayError
from shared.telemetry import Outcome
from tests.e2e.stack import Gateway, Json, Stack
from tests.e2e.test_logic_app import answer_of

GUIDES = [ROOT / "docs" / f"{name}.md" for name in ("power-automate", "logic-apps", "servicenow", "jira", "curl")]
PAGES = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
CONNECTOR = ROOT / "connectors/power-platform"
NOBODY = "00000000-0000-0000-0000-000000000000"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERED = re.compile(r"\n+Answered `(\d{3})` `([\w-]+)`(:?)")

Send = Callable[[Json], tuple[int, str, Json]]


def blocks(text: str, language: str) -> list[re.Match[str]]:
    return [block for block in BLOCK.finditer(text) if block[1] == language]


def filled_in(text: str) -> str:
    """Put the examples of the guide's own table in place of what the caller puts in."""
    for table in re.findall(r"^\| [^|]+ \| For example \|\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE):
        for placeholder, value in re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", table, re.MULTILINE):
            text = text.replace(placeholder, value)
    return text


def rules_of(text: str) -> dict[str, str]:
    found = [block[2] for block in blocks(text, "json") if '"rules"' in block[2]]
    return {"GUARDRAILS": found[0].replace(NOBODY, "key")} if found else {}


def to_the_gateway(gateway: Gateway) -> Send:
    def send(request: Json) -> tuple[int, str, Json]:
        response = gateway.create(request)
        body = response.json()
        return response.status_code, body.get("code", response.headers["assignment-outcome"]), body

    return send


def to_the_logic_app(gateway: Gateway) -> Send:
    def send(request: Json) -> tuple[int, str, Json]:
        answer = answer_of(gateway, request)
        return answer["statusCode"], answer["body"]["outcome"], answer["body"]

    return send


def within(part: object, whole: object) -> bool:
    """Tell whether all that an answer shows is in the whole of it."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and within(value, whole[name]) for name, value in part.items())
    return part == whole


def differences(text: str, send: Send) -> list[str]:
    """Send each request; tell of every answer that is another one, and of each block that is neither of the two."""
    text = filled_in(text)
    found, waiting = [], [block for block in blocks(text, "json") if '"rules"' not in block[2]]
    while waiting:
        block = waiting.pop(0)
        if not (promised := ANSWERED.match(text, block.end())):
            found.append(f"neither a request nor an answer: {block[2]}")
            continue
        status, word, body = send(json.loads(block[2]))
        part = json.loads(waiting.pop(0)[2]) if promised[3] else {}
        if (str(status), word) != promised.group(1, 2) or not within(part, body):
            found.append(f"{block[2]} is answered {status} {word} {json.dumps(body, ensure_ascii=False)}")
    return found


@PAGES
def test_every_request_of_a_guide_is_answered_as_the_guide_says(guide: Path, gateway: Gateway, stack: Stack) -> None:
    text = guide.read_text("utf-8")
    rules = rules_of(text)
    with stack.gateway(**rules) if rules else nullcontext(gateway) as its_gateway:
        way = to_the_logic_app if guide.stem == "logic-apps" else to_the_gateway
        assert differences(text, way(its_gateway)) == []
    assert stack.graph.requests("POST") == []  # a guide ends with a dry run


@PAGES
def test_a_guide_has_ten_steps_in_their_order(guide: Path) -> None:
    steps = guide.read_text("utf-8").partition("\n## Ten steps\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\*\*(\d+)\. ", steps, re.MULTILINE) == [str(number) for number in range(1, 11)]


@PAGES
def test_a_guide_says_what_answers_mean_and_what_the_callers_own_retries_do(guide: Path) -> None:
    text = guide.read_text("utf-8")
    assert re.search(r"^## What .+ own retries do$", text, re.MULTILINE)
    section = text.partition("\n## What each answer means\n")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| "))
    real = {(error.status, error.code) for error in GatewayError.__subclasses__()}
    real |= {(201, "created"), (200, "unchanged"), (200, "planned")}
    named = {(int(status), word) for status, word in re.findall(r"`(\d{3})` `([\w-]+)`", table)}
    assert {(201, "created"), (200, "unchanged"), (200, "planned")} <= named <= real
    words = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", table)) - {"errors", "problem", "detail", "code"}
    assert words <= {code for _, code in real} | set(get_args(Outcome)) | {"outcome"}


@PAGES
def test_the_commands_that_only_azure_can_run_are_at_least_commands(guide: Path) -> None:
    shell = str(shutil.which("bash"))
    for block in blocks(guide.read_text("utf-8"), "sh"):
        parsed = subprocess.run([shell, "-n"], input=block[2], capture_output=True, text=True, check=False)
        assert (parsed.returncode, parsed.stderr) == (0, ""), block[2]


def test_the_connector_has_the_files_and_the_action_that_the_guide_names() -> None:
    text = (ROOT / "docs/power-automate.md").read_text("utf-8")
    definition = json.loads((CONNECTOR / "apiDefinition.swagger.json").read_text("utf-8"))
    summaries = {operation["summary"] for path in definition["paths"].values() for operation in path.values()}
    assert "Assign a configuration" in summaries
    assert all((CONNECTOR / name).exists() for name in re.findall(r"[a-zA-Z.]+\.json", text))


def test_the_deployment_gives_the_template_what_it_asks_for() -> None:
    text = (ROOT / "docs/logic-apps.md").read_text("utf-8")
    [template] = re.findall(r"--template-file (\S+)", text)
    [parameters] = re.findall(r"--parameters (.*) \\$", text, re.MULTILINE)
    [output] = re.findall(r"properties\.outputs\.(\w+)\.value", text)
    bicep = (ROOT / template).read_text("utf-8")
    given = {name.partition("=")[0] for name in parameters.split()}
    assert given == set(re.findall(r"^param (\w+) string$", bicep, re.MULTILINE))
    assert f"output {output} string" in bicep
