"""What the code needs is what the templates set, make and grant, and what the documents say: no more and no less."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from sandbox.identity import DEFAULT_ROLES
from shared import graph_answers
from shared.callers import READ_ROLE, WRITE_ROLE
from shared.docs_page import ASSETS
from shared.entrance import MOST_REQUESTS_AT_ONCE
from shared.errors import Misconfigured
from shared.guardrails import Guardrails
from shared.proofs import Entra, Hmac, KnownSender, Secret
from shared.settings import OPERATIONS, Settings, read_settings, read_site
from shared.sources import Sources
from tests.infra.policy import APP, MAIN, settings_of
from tests.infra.templates import INFRA, ROOT, said, templates, walk

PLATFORM = {
    "WEBSITE_HOSTNAME": "the app's own name",
    "IDENTITY_ENDPOINT": "where its identity is asked for a token",
    "IDENTITY_HEADER": "what it is asked with",
    "WEBSITE_AUTH_ENABLED": "that App Service Authentication is on",
}
"""What the platform sets by itself."""
SANDBOX = {"GRAPH_BASE_URL": "an emulated Graph, which Azure has no use for"}
HOST = {
    "FUNCTIONS_WORKER_RUNTIME": "Core Tools ask for it; in Azure the plan says it",
}
"""What is the Functions host's, and no setting of the gateway's."""
OF_THE_PLATFORM_ALONE = {"WEBSITE_HOSTNAME", "WEBSITE_AUTH_ENABLED"}
"""What the host of the sandbox sets as well, so that the sample has no need of it."""

IN_THE_SANDBOX = """
import json, pathlib
from sandbox.functions_index import index
print(json.dumps([{**each.trigger, "authLevel": each.auth_level} for each in index(pathlib.Path.cwd())]))
"""

README = (ROOT / "README.md").read_text("utf-8")
SECURITY = (ROOT / "docs/security.md").read_text("utf-8")
GATEWAY_SETTINGS = templates()[MAIN].modules["app"]["params"]["gatewaySettings"]


class Asked(Mapping[str, str]):
    """An environment that remembers what it is asked for."""

    def __init__(self, **values: str) -> None:
        self.values_by_name = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("who looks at all of the environment cannot be held against anything")

    def __len__(self) -> int:
        raise AssertionError("who looks at all of the environment cannot be held against anything")


def read_by_the_code() -> set[str]:
    environment = Asked(AUTH_MODE="entra")
    read_site(environment)
    try:
        read_settings(environment)
    except Misconfigured:
        return environment.names
    raise AssertionError("it read nothing that is required")


def defaults() -> Settings:
    return read_settings({"AUTH_MODE": "key", **dict.fromkeys(PLATFORM, "http://localhost/")})


def parameter(name: str) -> object:
    value: object = templates()[MAIN].part("parameters")[name]["default"]
    return value


def test_the_templates_set_every_setting_of_the_code_and_no_other() -> None:
    assert GATEWAY_SETTINGS.keys() == read_by_the_code() - PLATFORM.keys() - SANDBOX.keys()


def test_the_sample_has_every_setting_of_the_code_and_no_other() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text("utf-8"))["Values"]
    assert sample.keys() - HOST.keys() == read_by_the_code() - OF_THE_PLATFORM_ALONE


def test_the_readme_explains_every_setting_of_the_code_and_no_other() -> None:
    section = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_0-9]+)` \|", section, re.MULTILINE)) == read_by_the_code() - PLATFORM.keys()
    assert PLATFORM.keys() <= set(re.findall(r"`([A-Z_]+)`", section))


def test_nothing_else_of_the_code_reads_the_environment() -> None:
    readers = [*(ROOT / "shared").rglob("*.py"), ROOT / "function_app.py"]
    read = {path.name: set(re.findall(r"getenv|os\.environ\S*", path.read_text("utf-8"))) for path in readers}
    assert {name: found for name, found in read.items() if found} == {
        "bootstrap.py": {"os.environ)", "os.environ))", "os.environ,"},
        "function_app.py": {'os.environ.get("AUTH_MODE",'},
    }


def test_what_is_left_out_of_the_templates_is_what_is_left_out_of_the_settings() -> None:
    settings = defaults()
    assert parameter("requestDeadlineSeconds") == settings.deadline_seconds
    assert parameter("graphWritesPer20Seconds") == settings.writes_per_20s
    assert parameter("callerRequestsPerMinute") == settings.requests_per_minute
    assert parameter("operationsRetentionDays") == settings.retention.days
    assert parameter("writesEnabled") == settings.writes_enabled
    assert parameter("requireGroupCheck") == settings.require_group_check
    assert parameter("assignmentFilters") == ("beta" if settings.filters else "off")
    assert parameter("graphCloud") == "global"
    assert parameter("requestsPerInstance") == MOST_REQUESTS_AT_ONCE


def test_the_documents_beside_the_templates_can_be_read_by_the_gateway() -> None:
    guardrails, webhooks = ((INFRA / f"{name}.json").read_bytes() for name in ("guardrails", "webhooks"))
    assert json.loads(guardrails) == {} or Guardrails.parse(guardrails)
    assert json.loads(webhooks) == {} or Sources.parse(webhooks)


def test_each_source_has_what_the_templates_look_for_in_it() -> None:
    assert Entra.model_json_schema()["properties"]["scheme"]["const"] == "entra"
    for proof in (KnownSender, Hmac, Secret):
        schema = proof.model_json_schema()
        assert {"scheme", "secrets"} <= set(schema["required"])
        named = re.compile(schema["properties"]["secrets"]["items"]["pattern"])
        # Underscores become hyphens in the vault, so that no two settings may become one, and no hyphen comes in.
        assert named.fullmatch("JIRA_WEBHOOK_SECRET")
        assert not named.fullmatch("JIRA-WEBHOOK-SECRET")
        assert "entra" not in json.dumps(schema["properties"]["scheme"])


def test_telemetry_is_set_as_the_operations_guide_says() -> None:
    section = (
        (ROOT / "docs/operations.md")
        .read_text("utf-8")
        .partition("\n## Switching telemetry on\n")[2]
        .partition("\n## ")[0]
    )
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))
    storage = {name for name in settings_of(templates()) if name.startswith("AzureWebJobsStorage__")}
    assert settings_of(templates()).keys() - GATEWAY_SETTINGS.keys() - storage == named


def made(kind: str) -> set[object]:
    """Give the names of what is made in storage."""
    resources = templates()["infra/modules/storage.bicep"].resources
    return {each.at("name") for each in resources if each.type.endswith(f"/{kind}")}


def test_the_queues_and_the_table_that_the_code_uses_are_made() -> None:
    assert made("queues") == {OPERATIONS, f"{OPERATIONS}-poison"}
    assert made("tables") == {OPERATIONS}
    queued = [each for each in triggers() if each["type"] == "queueTrigger"]
    assert [(each["queueName"], each["connection"]) for each in queued] == [(OPERATIONS, "AzureWebJobsStorage")]


def test_the_package_goes_into_a_container_that_is_made() -> None:
    site = next(each for each in templates()[APP].resources if each.name == "site")
    place = str(site.at("properties.functionAppConfig.deployment.storage.value"))
    assert made("containers") == {place.rpartition("}")[2], "azure-webjobs-hosts", "azure-webjobs-secrets"}


@cache
def triggers() -> list[dict[str, str]]:
    """Give what starts each function, as the Functions host finds it."""
    command = [sys.executable, "-c", IN_THE_SANDBOX]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return [dict(each) for each in json.loads(found)]


def open_paths() -> set[str]:
    routes = {each["route"] for each in triggers() if each.get("authLevel") == "anonymous"}
    assert {"docs/{asset}", "webhooks/{source}"} <= routes
    assets = {f"docs/{asset}" for asset in ASSETS}
    return {f"/api/{route}" for route in routes - {"docs/{asset}", "webhooks/{source}"} | assets}


def test_without_a_token_the_anonymous_functions_can_be_reached_and_no_other() -> None:
    assert set(templates()[APP].part("variables")["openPaths"]["value"]) == open_paths()
    assert "/api/webhooks/" in said(templates()[APP].part("variables")["webhookPaths"])


def test_the_security_guide_excludes_the_same_paths() -> None:
    block = next(each for each in re.findall(r"```json\n(.*?)```", SECURITY, re.DOTALL) if "excludedPaths" in each)
    assert set(json.loads(block)["properties"]["globalValidation"]["excludedPaths"]) == open_paths()


def needed_permissions() -> set[str]:
    return {each.permission for each in vars(graph_answers).values() if isinstance(each, graph_answers.Resource)}


def test_the_permissions_that_the_code_asks_for_are_granted_and_no_other() -> None:
    granted = templates()["infra/entra/main.bicep"].part("variables")["permissions"]["value"]
    assert {each for each in walk(granted) if isinstance(each, str) and each.endswith(".All")} == needed_permissions()
    assert set(DEFAULT_ROLES) == needed_permissions()  # and the emulated tenant gives these, and refuses without
    section = SECURITY.partition("\n## The gateway's own identity\n")[2]
    assert set(re.findall(r"^\| `([A-Za-z.]+)` \|", section, re.MULTILINE)) == needed_permissions()


def test_the_roles_that_the_code_looks_for_are_those_of_the_registration() -> None:
    application = next(each for each in templates()["infra/entra/main.bicep"].resources if each.name == "gateway")
    roles = application.at("appRoles")
    assert isinstance(roles, list)
    assert {role["value"] for role in roles} == {READ_ROLE, WRITE_ROLE}
    documented = json.loads(
        next(each for each in re.findall(r"```json\n(.*?)```", SECURITY, re.DOTALL) if "allowedMemberTypes" in each)
    )
    assert {(role["id"], role["value"]) for role in documented} == {(role["id"], role["value"]) for role in roles}
