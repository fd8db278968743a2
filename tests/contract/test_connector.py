"""The custom connector is what the code says, keeps every rule and fits Microsoft's schemas; and each rule bites.

Where the rules come from: docs/facts.md §5.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from connectors.__main__ import main
from connectors.folder import POWER_PLATFORM
from connectors.icon import BRAND, icon
from connectors.lint import RULES, findings
from connectors.schemas import AMENDMENTS, FILES, at_hand, differences
from sandbox.programs import ROOT

Json = dict[str, Any]
Change = Callable[[Path], object]

DEFINITION, PROPERTIES, SETTINGS = FILES
REQUEST = "AssignmentRequest"


def loaded(name: str) -> Json:
    found: Json = json.loads((POWER_PLATFORM / name).read_text("utf-8"))
    return found


def changed(name: str, change: Callable[[Json], object]) -> Change:
    def write(folder: Path) -> None:
        document = json.loads((folder / name).read_text("utf-8"))
        change(document)
        (folder / name).write_text(json.dumps(document), "utf-8")

    return write


def info(**values: str) -> Change:
    return changed(DEFINITION, lambda document: document["info"].update(values))


def created(**values: object) -> Change:
    """Change the operation that assigns."""
    return changed(DEFINITION, lambda document: document["paths"]["/assignments"]["post"].update(values))


def parameter(**values: object) -> Change:
    """Change a parameter of the operation that assigns: Group Search."""
    return changed(
        DEFINITION, lambda document: document["paths"]["/assignments"]["post"]["parameters"][1].update(values)
    )


def answered(status: str, answer: Json) -> Change:
    return changed(
        DEFINITION, lambda document: document["paths"]["/groups"]["get"]["responses"].update({status: answer})
    )


def field(name: str, **values: object) -> Change:
    """Change a field of the request."""
    return changed(DEFINITION, lambda document: document["definitions"][REQUEST]["properties"][name].update(values))


def hidden_field(document: Json) -> None:
    request = document["definitions"][REQUEST]
    request["properties"]["ticket"]["x-ms-visibility"] = "internal"
    request["required"] = ["ticket"]


def one_drop_down(document: Json) -> None:
    del document["definitions"][REQUEST]["properties"]["groupId"]["x-ms-dynamic-list"]


def properties(**values: object) -> Change:
    return changed(PROPERTIES, lambda document: document["properties"].update(values))


def signing_in(way: int, change: Callable[[Json], object]) -> Change:
    """Change the parameters of one way of signing in."""
    return changed(
        PROPERTIES,
        lambda document: change(document["properties"]["connectionParameterSets"]["values"][way]["parameters"]),
    )


def policy(number: int, **values: str) -> Change:
    def change(document: Json) -> None:
        parameters = document["properties"]["policyTemplateInstances"][number]["parameters"]
        parameters.update({f"x-ms-apimTemplateParameter.{name}": value for name, value in values.items()})

    return changed(PROPERTIES, change)


def append(file: Path, more: bytes) -> None:
    file.write_bytes(file.read_bytes() + more)


def picture(change: Callable[[Image.Image], Image.Image]) -> Change:
    return lambda folder: change(icon()).save(folder / "icon.png")


def transparent(image: Image.Image) -> Image.Image:
    image.putalpha(254)
    return image


def replaced(name: str, old: str, new: str) -> Change:
    def write(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return write


def readme(old: str, new: str) -> Change:
    return replaced("README.md", old, new)


BROKEN: list[tuple[str, Change]] = [
    ("swagger-2", changed(DEFINITION, lambda document: document.update(swagger="3.0"))),
    ("size", lambda folder: append(folder / DEFINITION, b" " * 1_000_000)),
    ("host", changed(DEFINITION, lambda document: document.pop("host"))),
    ("host", changed(DEFINITION, lambda document: document.update(schemes=["https", "http"]))),
    ("sign-in-elsewhere", created(security=[])),
    ("sign-in-elsewhere", changed(DEFINITION, lambda document: document.update(securityDefinitions={"key": {}}))),
    ("title", info(title="")),
    ("title", info(title="Assigns what Intune configures.")),
    ("title", info(title="Device Assignment API")),
    ("title", info(title="Device Assignment Connector")),
    ("title", info(title="Assignments for Power Apps")),
    ("description", info(description="Assigns.")),
    ("description", info(description="Assigns. " * 60)),
    ("operation-id", created(operationId="createAssignment")),
    ("operation-id", created(operationId="Create_Assignment")),
    ("operation-id", created(operationId="ListGroups")),
    ("summary", created(summary="")),
    ("summary", created(summary="Assign (a configuration)!")),
    ("summary", created(summary="A" * 81)),
    ("summary", parameter(**{"x-ms-summary": "Group: Search"})),
    ("summary", field("ticket", **{"x-ms-summary": ""})),
    ("sentence", created(description="Assigns a configuration")),
    ("sentence", created(description="Assign a configuration.")),
    ("sentence", parameter(description="")),
    ("sentence", field("ticket", description="the ticket.")),
    ("title-case", parameter(**{"x-ms-summary": "Group search"})),
    ("title-case", field("ticket", **{"x-ms-summary": "ticket"})),
    ("success-schema", answered("200", {"description": "It is done."})),
    ("success-schema", created(responses={"204": {"description": "It is done."}})),
    ("default-schema", answered("default", {"description": "All else.", "schema": {"type": "object"}})),
    ("one-success-schema", answered("201", {"description": "Another.", "schema": {"type": "object"}})),
    ("format", field("groupId", format="guid")),
    ("internal-default", parameter(**{"required": True, "x-ms-visibility": "internal"})),
    ("internal-default", changed(DEFINITION, hidden_field)),
    ("drop-down", changed(DEFINITION, one_drop_down)),
    ("drop-down", field("groupId", **{"x-ms-dynamic-list": {"operationId": "ListNothing"}})),
    ("drop-down", field("groupId", **{"x-ms-dynamic-values": {"operationId": "ListGroups", "parameters": {}}})),
    ("path-clash", changed(DEFINITION, lambda document: document["paths"].update({"/{what}": {}}))),
    ("connection-id", parameter(name="connectionId")),
    ("ascii", replaced(SETTINGS, "icon.png", "ic\N{LATIN SMALL LETTER O WITH ACUTE}n.png")),
    ("brand-colour", properties(iconBrandColor="#ffffff")),
    ("brand-colour", properties(iconBrandColor="#007ee5")),
    ("brand-colour", properties(iconBrandColor="blue")),
    ("publisher", properties(publisher="")),
    ("publisher", properties(publisher="Somebody else")),
    ("no-script", properties(scriptOperations=[])),
    ("no-script", lambda folder: (folder / "script.csx").touch()),
    ("no-script", changed(SETTINGS, lambda document: document.update(script="script.csx"))),
    ("sign-in", changed(PROPERTIES, lambda document: document["properties"].pop("connectionParameterSets"))),
    ("sign-in", signing_in(0, lambda entra: entra["token"]["oAuthSettings"].update(identityProvider="oauth2"))),
    ("sign-in", signing_in(0, lambda entra: entra["token"]["oAuthSettings"].update(redirectMode="Global"))),
    ("sign-in", signing_in(1, lambda key: key["api_key"].update(type="string"))),
    ("required-parameters", signing_in(1, lambda key: key["api_key"]["uiDefinition"].pop("displayName"))),
    ("required-parameters", signing_in(0, lambda entra: entra["host"]["uiDefinition"].pop("constraints"))),
    ("host-of-the-connection", policy(0, urlTemplate="https://@connectionParameters('host')")),
    ("host-of-the-connection", policy(0, urlTemplate="http://@connectionParameters('host')/api")),
    ("host-of-the-connection", signing_in(0, lambda entra: entra.pop("host"))),
    ("key-in-its-header", policy(1, name="x-api-key")),
    ("key-in-its-header", policy(1, value="@connectionParameters('api_key')")),
    ("no-secret", signing_in(0, lambda entra: entra["token"]["oAuthSettings"].update(clientSecret="made-up"))),
    ("no-secret", changed(SETTINGS, lambda document: document.update(code="made-up"))),
    ("icon-size", picture(lambda image: image.resize((231, 231)))),
    ("icon-size", picture(lambda image: image.resize((230, 200)))),
    ("icon-size", lambda folder: append(folder / "icon.png", bytes(1_000_000))),
    ("icon-background", picture(lambda image: ImageChops.offset(image, 60))),
    ("icon-background", picture(lambda image: Image.new("RGB", image.size, "white"))),
    ("icon-background", picture(transparent)),
    ("icon-background", properties(iconBrandColor="#1f3c89")),
    ("settings-files", changed(SETTINGS, lambda document: document.update(icon="logo.png"))),
    ("settings-files", changed(SETTINGS, lambda document: document.pop("apiProperties"))),
    ("settings-of-nobody", changed(SETTINGS, lambda document: document.update(environment=""))),
    ("readme-headings", readme("## Prerequisites", "## Before you begin")),
    ("readme-headings", readme("## Getting Started", "### Getting Started")),
    ("readme-headings", readme("# Device", "## Device")),
    ("readme-operations", readme("### List groups", "### List some groups")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POWER_PLATFORM, tmp_path / "connector"))


def test_the_connector_keeps_every_rule() -> None:
    assert findings(POWER_PLATFORM) == []


@pytest.mark.parametrize(("rule", "change"), BROKEN, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(BROKEN)])
def test_a_rule_tells_when_it_is_broken(rule: str, change: Change, folder: Path) -> None:
    change(folder)
    assert rule in {finding.rule for finding in findings(folder)}


def test_every_rule_has_been_seen_to_bite() -> None:
    assert {rule for rule, _ in BROKEN} == RULES.keys()


def test_the_connector_is_the_older_document_without_what_a_connection_says() -> None:
    document = json.loads((ROOT / "docs/openapi/swagger.json").read_text("utf-8"))
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation.pop("security") is not None
    connector = loaded(DEFINITION)
    differing = {name for name in document | connector if document.get(name) != connector.get(name)}
    assert differing == {"host", "securityDefinitions"}
    assert connector["host"].endswith(".invalid")


def test_the_icon_is_the_one_that_is_drawn() -> None:
    with Image.open(POWER_PLATFORM / "icon.png") as kept:
        assert ImageChops.difference(kept.convert("RGB"), icon()).getbbox() is None
    assert loaded(PROPERTIES)["properties"]["iconBrandColor"] == BRAND


def test_the_command_prints_each_finding_with_its_rule_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder)]) == 0
    field("groupId", format="guid")(folder)
    assert main([str(folder)]) == 1
    assert "format: guid\n" in capsys.readouterr().out


needs_schemas = pytest.mark.skipif(not at_hand(), reason="Microsoft's schemas are not at hand")


@needs_schemas
@pytest.mark.parametrize("name", FILES)
def test_microsofts_schemas_find_nothing(name: str) -> None:
    assert list(differences(name, loaded(name))) == []


@needs_schemas
@pytest.mark.parametrize("missing", AMENDMENTS)
def test_the_schemas_are_amended_only_where_they_are_out_of_date(missing: str) -> None:
    others = [amendment for name, amendment in AMENDMENTS.items() if name != missing]
    assert list(differences(PROPERTIES, loaded(PROPERTIES), others)) != []


@needs_schemas
def test_the_amended_schemas_still_find_what_is_wrong() -> None:
    way = {"name": "key", "uiDefinition": {"displayName": "Key"}, "parameters": {"api_key": {"type": "text"}}}
    document = loaded(PROPERTIES)
    document["properties"]["connectionParameterSets"]["values"].append(way)
    document["properties"]["policyTemplateInstances"][0]["parameters"].clear()
    assert len(list(differences(PROPERTIES, document))) == 2
    definition = loaded(DEFINITION)
    definition["paths"]["/groups"]["get"]["x-ms-visibility"] = "hidden"
    assert len(list(differences(DEFINITION, definition))) == 1
