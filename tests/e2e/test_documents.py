"""What the documents show is what happens."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox.__main__ import WELCOME
from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import ROOT, sample_settings
from sandbox.tenant import PILOT, WIFI_HQ
from shared import errors
from shared.errors import GatewayError, Misconfigured
from shared.guardrails import Guardrails
from shared.rules import Rule
from shared.schemas import AssignmentRequest
from shared.settings import read_settings
from tests.e2e.documents import DOCUMENTS, SCHEMAS, played, schema_of
from tests.e2e.stack import Stack

README = (ROOT / "README.md").read_text("utf-8")
PLATFORM = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "WEBSITE_AUTH_ENABLED", "WEBSITE_HOSTNAME"}


class Recorded(Mapping[str, str]):
    """An environment that asks for tokens, has nothing else in it, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return {"AUTH_MODE": "entra"}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def first_column(heading: str) -> list[str]:
    """Give what stands in backticks in the first column of the table below a heading of the README."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row[1])]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_one_session_after_the_other_prints_what_the_document_says(path: Path, stack: Stack) -> None:
    text = path.read_text("utf-8")
    with stack.gateway() as gateway:  # of its own: what a session's caller does not wait for ends with it
        assert played(text, stack, gateway) == text


def test_the_errors_of_the_code_the_readme_and_the_sessions_are_the_same() -> None:
    in_code = {(error.status, error.code) for error in GatewayError.__subclasses__()}
    in_readme = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", README, re.MULTILINE)
    in_sessions = re.findall(r"^## (\d{3}) `([a-z-]+)`$", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    assert {(int(status), code) for status, code in in_readme} == in_code
    assert in_sessions == in_readme


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"[├└]── (\d{3})  (.*)", str(errors.__doc__))
    assert {(int(status), name) for status, names in drawn for name in names.split(", ")} == {
        (error.status, error.__name__) for error in GatewayError.__subclasses__()
    }


def test_the_guardrails_that_documents_show_can_be_used() -> None:
    [short] = re.findall(r"`(\{\"rules\".*?\})`", README)
    guide = (ROOT / "docs/guardrails.md").read_text("utf-8")
    [whole] = re.findall(r"^```json\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert Guardrails.parse(short).rules
    [pilots, _] = Guardrails.parse(whole).rules
    assert pilots.model_fields_set == Rule.model_fields.keys()
    fields = [str(field.alias) for field in Rule.model_fields.values()]
    assert re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE) == fields


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_published_schema_is_that_of_the_model(path: Path) -> None:
    assert path.read_text("utf-8") == schema_of(SCHEMAS[path])


def test_the_readme_says_of_each_error_whether_to_send_again() -> None:
    for error in GatewayError.__subclasses__():
        retryable = error("detail").retryable
        assert re.search(rf"`{error.code}` .* \| {'after `Retry-After`' if retryable else 'no'} \|", README)


def test_the_settings_of_the_code_the_readme_and_the_sample_are_the_same() -> None:
    environment = Recorded()
    with pytest.raises(Misconfigured):
        read_settings(environment)
    documented = set(first_column("Settings"))
    assert documented == environment.asked - PLATFORM
    assert documented == sample_settings().keys() - PLATFORM - {"FUNCTIONS_WORKER_RUNTIME"}


def test_the_fields_of_the_code_and_the_readme_are_the_same() -> None:
    in_code = [field.alias for field in AssignmentRequest.model_fields.values()]
    assert sorted(first_column("The request")) == sorted(map(str, in_code))


def test_the_commands_of_the_documents_can_be_made() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    texts = [path.read_text("utf-8") for path in ROOT.glob("*.md")]
    named = {target for text in texts for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)}
    assert named <= targets
    assert {"run", "test", "check"} <= named


def test_the_links_between_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "connectors").rglob("*.md")]:
        for link in re.findall(r"\]\((?!http|#)([^)#]+)[^)]*\)", path.read_text("utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_request_that_the_sandbox_prints_is_the_readmes() -> None:
    printed = WELCOME.format(
        graph="", identity="", host="http://127.0.0.1:7071", key=FUNCTION_KEY, configuration=WIFI_HQ, group=PILOT
    )
    assert printed[printed.index("curl") :].strip() in README.replace("$ curl", "curl")


def test_the_facts_that_the_code_refers_to_are_there() -> None:
    sections = set(re.findall(r"^## (\d)", (ROOT / "docs/facts.md").read_text("utf-8"), re.MULTILINE))
    sources = [path for folder in ("shared", "sandbox", "tests") for path in (ROOT / folder).rglob("*.py")]
    named = {number for path in sources for number in re.findall(r"facts\.md §(\d)", path.read_text("utf-8"))}
    assert named == sections


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda path: path.name[:4])
def test_a_decision_record_has_five_headings_and_is_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert headings == ["Status", "Context", "Decision", "Consequences", "Alternatives"]
    assert len(lines) < 60


def test_every_module_has_its_place_in_contributing_and_at_most_250_lines() -> None:
    places = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Where things go")[2].partition("\n## ")[0]
    for path in (ROOT / "shared").glob("[a-z]*.py"):
        assert f"{path.name}`" in places
    for path in [*(ROOT / "shared").glob("*.py"), *(ROOT / "sandbox").glob("*.py")]:
        assert len(path.read_text("utf-8").splitlines()) <= 250, path.name


def test_only_the_app_itself_is_uploaded() -> None:
    ignored = (ROOT / ".funcignore").read_text("utf-8").splitlines()
    shipped = {"function_app.py", "host.json", "requirements.txt", "shared"}
    others = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - shipped
    left_out = {line.removesuffix("/") for line in ignored}
    assert {name for name in others if name not in left_out and not name.startswith("local.settings")} == set()
    assert shipped.isdisjoint(left_out)
    assert {".*", "local.settings*.json"} <= set(ignored)
