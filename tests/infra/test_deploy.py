"""docs/deploy.md, azure.yaml and the pipeline name what is there: parameters, settings, outputs, files and options."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from package.__main__ import GOAL_BYTES
from package.app import app_files
from tests.infra.file_rules import ROLES
from tests.infra.policy import MAIN
from tests.infra.templates import INFRA, ROOT, templates

GUIDE = (ROOT / "docs/deploy.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = "\n".join(re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
PARAMETERS = (INFRA / "main.bicepparam").read_text("utf-8")
READ = re.compile(r"readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)")
ENTRA = templates()["infra/entra/main.bicep"]
AZD: dict[str, Any] = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))
PIPELINE_TEXT = (ROOT / ".github/workflows/deploy.yml").read_text("utf-8")
PIPELINE: dict[str, Any] = yaml.safe_load(PIPELINE_TEXT)
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def rows(heading: str) -> list[list[str]]:
    """Give the cells of the table under a heading."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([A-Z_0-9]+)`", cell)


def test_every_parameter_has_its_name_for_azd_or_is_a_document_beside_the_templates() -> None:
    given = dict(re.findall(r"^param (\w+) = (.*)$", PARAMETERS, re.MULTILINE))
    assert given.keys() == templates()[MAIN].part("parameters").keys()
    documents = {name: re.findall(r"loadJsonContent\('([\w.]+)'\)", value) for name, value in given.items()}
    assert {name for name, value in given.items() if not READ.search(value)} == {"guardrails", "webhooks"}
    assert {name: files for name, files in documents.items() if files} == {
        "guardrails": ["guardrails.json"],
        "webhooks": ["webhooks.json"],
    }


def test_what_azd_is_not_told_is_what_the_template_says_by_itself() -> None:
    for name, value in re.findall(r"^param (\w+) = (.*)$", PARAMETERS, re.MULTILINE):
        if (read := READ.search(value)) and read[2] is not None:
            default = templates()[MAIN].part("parameters")[name]["default"]
            assert str(default).lower() in {"": {"", "[]"}}.get(read[2], {read[2].lower()}), name


def test_the_guide_lists_every_setting_with_what_it_is_when_left_out() -> None:
    listed = {name: cells[2] if len(cells) > 2 else "" for cells in rows("Settings") for name in names_in(cells[0])}
    read = dict(READ.findall(PARAMETERS))
    assert listed.keys() == read.keys()
    for name, default in read.items():
        assert not default or listed[name] == f"`{default}`", name


def test_every_output_that_the_guide_asks_for_is_there() -> None:
    asked = set(re.findall(r"azd env get-value (\w+)", COMMANDS))
    outputs = templates()[MAIN].part("outputs").keys()
    assert asked <= outputs | dict(READ.findall(PARAMETERS)).keys()
    assert {"AZURE_RESOURCE_GROUP", "FUNCTION_APP", "GATEWAY_URL", "IDENTITY_PRINCIPAL_ID", "KEY_VAULT"} <= asked
    assert set(re.findall(r"azd env set (\w+)", GUIDE)) - {"NAME"} <= dict(READ.findall(PARAMETERS)).keys()


def test_the_privileged_commands_are_what_template_and_script_take() -> None:
    hook = AZD["hooks"]["postprovision"]["run"]
    for text in (GUIDE, hook):
        assert set(re.findall(r"properties\.outputs\.(\w+)", text)) <= ENTRA.part("outputs").keys()
        assert "identityPrincipalId=" in text
    named = set(re.findall(r"\b(identityPrincipalId|readGroups|connector|connectorRedirectUris)=", GUIDE))
    assert named == ENTRA.part("parameters").keys() - {"uniqueName"}
    usage = (INFRA / "entra/grant.sh").read_text("utf-8").partition("'END'\n")[2].partition("\nEND")[0]
    assert set(re.findall(r"`(--(?:without|connector)\S*?)[ `]", GUIDE)) == set(re.findall(r"\[(--[\w-]+)", usage))


def test_the_guide_gives_the_role_that_the_registration_has() -> None:
    roles = next(each for each in ENTRA.resources if each.name == "gateway").at("appRoles")
    assert isinstance(roles, list)
    known = {role["id"] for role in roles}
    assert set(re.findall(r'"appRoleId\\": \\"([0-9a-f-]+)', COMMANDS)) <= known
    assert GUID.search(COMMANDS)


def test_the_pipeline_may_give_the_roles_of_the_templates_and_no_other() -> None:
    allowed = COMMANDS.partition('ROLES="')[2].partition('"')[0]
    assert set(GUID.findall(allowed)) == ROLES.keys()
    table = rows("What is deployed, and who talks to whom")
    assert len([cells for cells in table if re.match("(Storage|Monitoring|Key Vault) ", cells[0])]) == len(ROLES)


@pytest.mark.parametrize("cells", rows("What it costs"), ids=lambda cells: cells[0])
def test_a_sum_is_right(cells: list[str]) -> None:
    product = 1.0
    for factor in cells[1].split("\N{MULTIPLICATION SIGN}"):
        product *= float(factor.replace(" ", ""))
    assert f"{product:.2f}" == cells[2].strip()


def test_everything_that_the_guide_points_to_is_there() -> None:
    for file in re.findall(r"(?<![\w/])((?:infra|docs|\.github)/[\w./-]*\w)", GUIDE):
        assert (ROOT / file).exists(), file
    for link in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", GUIDE):
        assert (ROOT / "docs" / link).exists(), link


def test_the_guide_calls_everything_by_the_beginning_of_its_name() -> None:
    modules = {file: each for file, each in templates().items() if file.startswith("infra/modules/")}
    names = {file: [str(each.at("name")) for each in template.resources] for file, template in modules.items()}
    names["infra/modules/storage.bicep"].append(str(templates()[MAIN].modules["storage"]["params"]["name"]))
    names["infra/modules/secrets.bicep"].append(str(templates()[MAIN].modules["secrets"]["params"]["name"]))
    table = [cells for cells in rows("What is deployed, and who talks to whom") if cells[-1].startswith("`infra/")]
    for cells in table:
        for beginning in re.findall(r"`([a-z]+-?)…`", cells[0]):
            assert any(name.startswith(f"{beginning}${{") for name in names[cells[-1].strip("`")]), beginning
    assert {file for cells in table for file in re.findall(r"`(infra/\S+)`", cells[-1])} == modules.keys()


def test_the_guide_asks_for_the_azd_that_is_required() -> None:
    version = re.findall(r"`azd` (\d+\.\d+) or newer", GUIDE)[0]
    assert AZD["requiredVersions"] == {"azd": f">= {version}.0"}


def test_azd_deploys_the_tested_zip_as_it_is() -> None:
    service = AZD["services"]["gateway"]
    assert service["dist"] == "dist/gateway.zip"
    assert service["remoteBuild"] is False
    assert service["language"] == "custom"
    assert service["hooks"]["prepackage"]["run"] == "make package"
    assert '"dist" / "gateway.zip"' in (ROOT / "package/__main__.py").read_text("utf-8")
    assert GOAL_BYTES > 0


def test_the_app_that_azd_deploys_to_is_tagged_as_its_service() -> None:
    site = (INFRA / "modules/app.bicep").read_text("utf-8")
    assert re.findall(r"'azd-service-name': '(\w+)'", site) == [*AZD["services"]]


@pytest.mark.parametrize("known", ["", "4b1e0e4c-0000-0000-0000-000000000000"])
def test_azd_tells_the_privileged_command_until_there_is_a_registration(known: str) -> None:
    environment = {"AZURE_RESOURCE_GROUP": "rg-try", "IDENTITY_PRINCIPAL_ID": "1234", "ENTRA_CLIENT_ID": known}
    script = AZD["hooks"]["postprovision"]["run"]
    told = subprocess.run(["/bin/sh", "-c", script], env=environment, check=True, capture_output=True, text=True).stdout
    assert bool(told) is not bool(known)
    assert not told or ("rg-try" in told and "identityPrincipalId=1234" in told and "grant.sh 1234" in told)


def test_nothing_of_the_templates_is_in_the_package() -> None:
    shipped = {str(file.relative_to(ROOT)) for file in app_files(ROOT)}
    assert {"function_app.py", "host.json"} <= shipped
    assert not [file for file in shipped if file.startswith(("infra", "azure", ".", "docs"))]


def test_every_action_is_pinned_by_its_commit() -> None:
    used = re.findall(r"uses: (\S+)(.*)", PIPELINE_TEXT)
    assert used
    for action, tag in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", tag), action
    assert len({action for action, _ in used}) == len({action.partition("@")[0] for action, _ in used})


def test_the_pipeline_may_read_the_code_and_ask_for_a_token_where_it_deploys() -> None:
    assert PIPELINE["permissions"] == {}
    jobs = PIPELINE["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "check": {"contents": "read"},
        "package": {"contents": "read"},
        "what-if": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert jobs["deploy"]["environment"] == "production"
    assert [jobs[name].get("needs") for name in ("check", "package", "what-if", "deploy")] == [
        None,
        "check",
        "package",
        "what-if",
    ]
    checkouts = [step for job in jobs.values() for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert len(checkouts) == len(jobs)
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_the_pipeline_compiles_every_template_of_its_own_and_names_what_is_there() -> None:
    scripts = "\n".join(step.get("run", "") for job in PIPELINE["jobs"].values() for step in job["steps"])
    for file in re.findall(r"(?:infra|connectors)/[\w./-]+", scripts):
        assert (ROOT / file).exists(), file
    assert {"infra/main.bicep", "infra/entra/main.bicep", "connectors/logic-apps/main.bicep"} <= set(
        re.findall(r"[\w/-]+\.bicep\b", scripts)
    )
    outputs = re.findall(r"for output in ([A-Z_ ]+);", scripts)[0].split()
    assert set(outputs) <= templates()[MAIN].part("outputs").keys()
    assert "${{" not in scripts  # what comes from outside is handed over in the environment, never as code
    variables = set(re.findall(r"vars\.(\w+)", PIPELINE_TEXT)) | {"AZURE_ENV_NAME", "AZURE_LOCATION"}
    assert [name for name in variables if f"`{name}`" not in GUIDE] == []


def test_the_readme_leads_to_the_guide_in_ten_lines() -> None:
    section = README.partition("\n## To Azure\n")[2].partition("\n## ")[0].strip()
    assert "docs/deploy.md" in section
    assert len(section.splitlines()) <= 12
    assert "azd up" in section
    assert json.loads((INFRA / "entra/bicepconfig.json").read_text("utf-8"))["extensions"].keys() == {
        "microsoftGraphV1"
    }
