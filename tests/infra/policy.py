"""Our rules for the templates. Each gives what is wrong, in words."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from tests.infra.file_rules import FILE_RULES, FileRule
from tests.infra.guarded import GUARDED, PUBLISHING
from tests.infra.templates import Resource, Template, expression, said, walk

Templates = Mapping[str, Template]
Rule = Callable[[Templates], Iterator[str]]

APP = "infra/modules/app.bicep"
MAIN = "infra/main.bicep"

_LITERAL_PATH = re.compile(r"/api/[A-Za-z0-9._/-]*[A-Za-z0-9]")
_SECRET_SETTING = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|SAS)S?$")
_REFERENCES = (
    "toObject(secretSettings, setting => setting, setting => "
    "'@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${replace(setting, '_', '-')})')"
)


def guarded(templates: Templates) -> Iterator[str]:
    """Every property of GUARDED is what it has to be, and every row is about something."""
    for row in GUARDED:
        concerned = [each for each in _resources(templates) if row.concerns(each)]
        if not concerned:
            yield f"there is no {row.name or row.type}"
        for resource in concerned:
            if resource.at(row.path) != expression(row.value):
                yield f"{resource.file}: {resource.name}.{row.path} has to be {row.value}"


def without_passwords(templates: Templates) -> Iterator[str]:
    """Publishing takes no password: the app has both policies."""
    names = {str(each.at("name")) for each in _resources(templates) if each.type == PUBLISHING}
    if names != {"ftp", "scm"}:
        yield f"{APP}: basic publishing is ruled for {sorted(names)} only"


def settings_without_secrets(templates: Templates) -> Iterator[str]:
    """What is secret in the app's settings is a reference to the vault; storage is reached by identity."""
    settings = settings_of(templates)
    for name, value in settings.items():
        if _SECRET_SETTING.search(name) or "AccountKey=" in said(value):
            yield f"{APP}: {name} is a secret"
    if "AzureWebJobsStorage" in settings:
        yield f"{APP}: storage is reached by a connection string"
    if settings.get("AzureWebJobsStorage__credential") != "managedidentity":
        yield f"{APP}: storage is not reached by the identity"
    references = templates[APP].part("variables").get("secretReferences", {}).get("value")
    if references != expression(_REFERENCES):
        yield f"{APP}: secretReferences do not refer to the vault"
    authenticated = settings.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")
    if authenticated != expression("'ClientId=${identity.properties.clientId};Authorization=AAD'"):
        yield f"{APP}: telemetry is not sent by the identity"


def closed(templates: Templates) -> Iterator[str]:
    """Without a registration nobody is let in; paths without a token are named one by one (facts.md §8)."""
    variables = {name: each["value"] for name, each in templates[APP].part("variables").items()}
    if variables.get("nobody") != "00000000-0000-0000-0000-000000000000":
        yield f"{APP}: nobody is somebody"
    if variables.get("clientId") != expression("empty(entraClientId) ? nobody : entraClientId"):
        yield f"{APP}: clientId may be empty"
    for path in variables.get("openPaths", []):
        if not _LITERAL_PATH.fullmatch(str(path)):
            yield f"{APP}: {path} is not one path"
    if variables.get("webhookPaths") != expression("map(selfProvingSources, source => '/api/webhooks/${source}')"):
        yield f"{APP}: webhookPaths are not the addresses of sources"
    main = templates[MAIN]
    sources = main.part("variables").get("selfProvingSources", {}).get("value")
    if sources != expression("filter(sources, source => source.value.verify.scheme != 'entra')"):
        yield f"{MAIN}: selfProvingSources are not those without a token"
    if main.part("parameters")["authMode"]["default"] != "entra":
        yield f"{MAIN}: authMode is not entra where nobody says otherwise"
    if main.part("parameters")["entraClientId"]["default"] != "":
        yield f"{MAIN}: entraClientId is somebody's"


RULES: list[Rule] = [guarded, without_passwords, settings_without_secrets, closed]


def findings(templates: Templates) -> list[str]:
    """Give all that is wrong."""
    return [finding for found in by_rule(templates).values() for finding in found]


def by_rule(templates: Templates) -> dict[str, list[str]]:
    """Give what is wrong by the name of the rule that says so."""
    whole = {rule.__name__: [*rule(templates)] for rule in RULES}
    files = {rule.__name__: [each for one in templates.values() for each in _found(rule, one)] for rule in FILE_RULES}
    return {**whole, **files}


def settings_of(templates: Templates) -> dict[str, object]:
    """Give the app's settings by name: those that app.bicep sets, and those that main.bicep hands to it."""
    given = templates[MAIN].modules["app"]["params"]["gatewaySettings"]
    own = next(each for each in templates[APP].resources if each.name == "settings").at("properties")
    objects = [each for each in walk(own) if isinstance(each, Mapping) and "AzureWebJobsStorage__credential" in each]
    return {**given, **(objects[0] if objects else {})}


@cache
def _found(rule: FileRule, template: Template) -> list[str]:
    return [*rule(template)]


def _resources(templates: Templates) -> Iterator[Resource]:
    for template in templates.values():
        yield from template.resources
