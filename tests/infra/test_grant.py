"""infra/entra/grant.sh does what the template beside it says, once, however often it runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.az import EMPTY, MICROSOFT_GRAPH
from tests.infra.templates import INFRA, Resource, templates
from tests.infra.test_parity import needed_permissions

IDENTITY = "11111111-2222-3333-4444-555555555555"
ROLES = {name: f"role-{name}" for name in [*sorted(needed_permissions()), "Directory.ReadWrite.All"]}
REDIRECT = "https://global.consent.azure-apim.net/redirect/gateway"
TEMPLATE = templates()["infra/entra/main.bicep"]


class Directory:
    """A tenant, and an administrator who runs the script in it."""

    def __init__(self, folder: Path, blind: int = 0) -> None:
        self.file = folder / "state.json"
        graph = {"id": "microsoft-graph", "appRoles": [{"value": name, "id": role} for name, role in ROLES.items()]}
        self.file.write_text(
            json.dumps({**EMPTY, "servicePrincipals": {MICROSOFT_GRAPH: graph}, "blind": blind}), "utf-8"
        )
        az = folder / "az"
        az.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.infra.az "{self.file}" "$@"\n', "utf-8")
        az.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PAUSE_SECONDS": "0"}

    def grant(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(INFRA / "entra/grant.sh"), *arguments]
        return subprocess.run(
            command, cwd=INFRA.parent, env=self.environment, capture_output=True, text=True, check=False
        )

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return state

    @property
    def granted(self) -> set[str]:
        held = self.state["appRoleAssignments"]
        assert {(each["principalId"], each["resourceId"]) for each in held} == {(IDENTITY, "microsoft-graph")}
        return {name for name, role in ROLES.items() if role in {each["appRoleId"] for each in held}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    """Give the tenant after a first run, with all that there is to ask for."""
    directory = Directory(tmp_path_factory.mktemp("tenant"))
    assert directory.grant(IDENTITY, "--connector", REDIRECT).returncode == 0
    return directory


def of_the_template(name: str, *properties: str) -> dict[str, object]:
    """Give properties of a resource as they are sent: no variable, and no backslash before a quote."""
    resource: Resource = next(each for each in TEMPLATE.resources if each.name == name)
    said = json.dumps({each: resource.at(each) for each in properties})
    said = said.replace('"scopeId"', json.dumps(TEMPLATE.part("variables")["scopeId"]["value"]))
    plain: dict[str, object] = json.loads(said.replace("\\\\'", "'"))
    return plain


def test_the_registration_is_that_of_the_template(directory: Directory) -> None:
    application = directory.state["applications"]["intune-assignment-gateway"]
    assert TEMPLATE.part("parameters")["uniqueName"]["default"] == "intune-assignment-gateway"
    wanted = of_the_template("gateway", "displayName", "signInAudience", "api", "appRoles")
    assert {name: application[name] for name in wanted} == wanted
    assert application["identifierUris"] == [f"api://{application['appId']}"]
    assert directory.state["servicePrincipals"][application["appId"]]["appRoleAssignmentRequired"] is True


def test_the_identity_gets_the_permissions_that_the_code_needs_and_no_other(directory: Directory) -> None:
    assert directory.granted == needed_permissions()


def test_the_connectors_registration_is_that_of_the_template(directory: Directory) -> None:
    state = directory.state
    gateway, connector = (state["applications"][f"intune-assignment-gateway{end}"] for end in ("", "-connector"))
    wanted = of_the_template("connectorApplication", "displayName", "signInAudience")
    assert {name: connector[name] for name in wanted} == wanted
    assert connector["web"] == {"redirectUris": [REDIRECT]}
    scope = gateway["api"]["oauth2PermissionScopes"][0]["id"]
    access = [{"resourceAppId": gateway["appId"], "resourceAccess": [{"id": scope, "type": "Scope"}]}]
    assert connector["requiredResourceAccess"] == access
    principals = state["servicePrincipals"]
    consent = of_the_template("connectorConsent", "consentType", "scope")
    user, service = (principals[each["appId"]]["id"] for each in (connector, gateway))
    assert state["oauth2PermissionGrants"] == [{"clientId": user, "resourceId": service, **consent}]


def test_running_it_again_changes_nothing(directory: Directory) -> None:
    before = directory.state
    told = directory.grant(IDENTITY, "--connector")
    assert (told.returncode, directory.state) == (0, before)
    assert set(re.findall("Held already: (.*)", told.stdout)) == needed_permissions()
    client = before["applications"]["intune-assignment-gateway"]["appId"]
    assert re.findall(r"azd env set ENTRA_CLIENT_ID (\S+)\n  azd provision\n", told.stdout) == [client]


def test_without_groups_one_permission_is_enough_and_there_is_no_connector_unasked(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    assert directory.grant(IDENTITY, "--without-groups").returncode == 0
    assert directory.granted == needed_permissions() - {"GroupMember.Read.All"}
    assert list(directory.state["applications"]) == ["intune-assignment-gateway"]


def test_it_waits_for_an_identity_that_was_made_just_now(tmp_path: Path) -> None:
    directory = Directory(tmp_path, blind=3)
    assert directory.grant(IDENTITY, "--without-groups").returncode == 0
    assert directory.granted == needed_permissions() - {"GroupMember.Read.All"}


def test_it_gives_up_when_the_identity_does_not_appear(tmp_path: Path) -> None:
    directory = Directory(tmp_path, blind=99)
    told = directory.grant(IDENTITY)
    assert told.returncode != 0
    assert directory.state["appRoleAssignments"] == []
    assert "azd env set" not in told.stdout


@pytest.mark.parametrize("arguments", [(), ("nobody",), (IDENTITY, "--all")])
def test_whoever_asks_for_something_else_is_told_how_to_ask(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    directory = Directory(tmp_path)
    told = directory.grant(*arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("Usage: grant.sh IDENTITY_PRINCIPAL_ID")
    assert directory.state["applications"] == {}
