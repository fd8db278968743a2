"""Single changes to a template's text, each of which takes one of our rules away."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.infra.guarded import DIAGNOSTICS, GUARDED, PUBLISHING, ROLE, SITE, Guarded
from tests.infra.policy import APP, MAIN
from tests.infra.templates import MISSING, Resource, templates, texts

STORAGE, SECRETS = "infra/modules/storage.bicep", "infra/modules/secrets.bicep"
MONITORING, NETWORK = "infra/modules/monitoring.bicep", "infra/modules/network.bicep"
ENTRA = "infra/entra/main.bicep"


@dataclass(frozen=True)
class Mutation:
    """One change: what it does, to which file, and the text that the file has then."""

    what: str
    file: str
    text: str


def lines_of(resource: Resource, path: str) -> slice:
    """Give the lines in which a property of a resource stands, found by how far they are indented."""
    lines = texts()[resource.file].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"resource {resource.name} "))
    for depth, key in enumerate(path.split("."), 1):
        indent = "  " * depth
        start = next(at for at in range(start + 1, len(lines)) if lines[at].startswith(f"{indent}{key}:"))
        end = next(at for at in range(start + 1, len(lines)) if not lines[at].startswith(f"{indent} "))
    # What opens on one line closes on one that is indented as far.
    return slice(start, end + lines[start].endswith(("{", "[")))


def guarded_mutations() -> Iterator[Mutation]:
    """Give two changes for each property of GUARDED, wherever it stands: it is gone, and it is something else."""
    for row in GUARDED:
        for resource in (each for template in templates().values() for each in template.resources):
            if row.concerns(resource) and resource.at(row.path) is not MISSING:
                yield from _taken_away_and_turned(row, resource)


def _taken_away_and_turned(row: Guarded, resource: Resource) -> Iterator[Mutation]:
    yield _without(resource, row.path)
    lines = texts()[resource.file].splitlines(keepends=True)
    where = lines_of(resource, row.path)
    what = f"{resource.file}: {resource.name}.{row.path}"
    key = lines[where.start].partition(":")[0]
    turned = [*lines[: where.start], f"{key}: {_otherwise(row.value)}\n", *lines[where.stop :]]
    yield Mutation(f"{what} is {_otherwise(row.value)}", resource.file, "".join(turned))


def _otherwise(value: str) -> str:
    match value:
        case "true":
            return "false"
        case "false":
            return "true"
        case _ if value.isdigit():
            return str(int(value) - 1)
        case _:
            return "'Other'"


def other_mutations() -> Iterator[Mutation]:
    """Give the changes for the rules that look at more than one property."""
    for file, old, new in CHANGES:
        text = texts()[file]
        if text.count(old) != 1:
            raise ValueError(f"{file} has this {text.count(old)} times, and not once: {old}")
        yield Mutation(f"{file}: {old!r} is {new!r}", file, text.replace(old, new))
    for template in templates().values():
        for resource in template.resources:
            for path in WITHOUT.get(resource.type, []):
                yield _without(resource, path)
            if resource.type in {DIAGNOSTICS, PUBLISHING}:
                yield _gone(resource)


def _without(resource: Resource, path: str) -> Mutation:
    lines = texts()[resource.file].splitlines(keepends=True)
    where = lines_of(resource, path)
    what = f"{resource.file}: {resource.name}.{path} is gone"
    return Mutation(what, resource.file, "".join([*lines[: where.start], *lines[where.stop :]]))


def _gone(resource: Resource) -> Mutation:
    statement = re.compile(rf"^resource {resource.name} .*?^}}\n", re.MULTILINE | re.DOTALL)
    text = statement.sub("", texts()[resource.file])
    return Mutation(f"{resource.file}: {resource.name} is gone", resource.file, text)


WITHOUT = {
    ROLE: ["scope", "properties.roleDefinitionId"],
    DIAGNOSTICS: ["scope", "properties.workspaceId"],
    SITE: ["identity", "properties.siteConfig"],
}
"""What has to be there of every resource of a type, whatever it says."""

CHANGES = [
    # described, plain
    (APP, "@description('entra or key.')\n", ""),
    (APP, "@description('The function app.')\noutput", "output"),
    (MAIN, "metadata description", "metadata about"),
    (APP, "maximumInstanceCount: maximumInstances", "maximumInstanceCount: 40"),
    (MAIN, "'modules/identity.bicep'", "'br/public:avm/res/managed-identity/user-assigned-identity:0.4.0'"),
    # watched
    (
        MONITORING,
        "        categoryGroup: 'allLogs'\n        enabled: true",
        "        categoryGroup: 'allLogs'\n        enabled: false",
    ),
    (NETWORK, "    workspaceId: workspaceId\n", ""),
    (APP, "resource plan 'Microsoft.Web/serverfarms@", "resource plan 'Microsoft.Web/hostingEnvironments@"),
    # narrow
    (STORAGE, "  scope: operations\n", "  scope: account\n"),
    (STORAGE, "  scope: ledger\n", "  scope: account\n"),
    (STORAGE, "  scope: packages\n", "  scope: account\n"),
    (STORAGE, "  scope: hosts\n", ""),
    (STORAGE, "  scope: keys\n", "  scope: blobs\n"),
    (STORAGE, "  scope: poison\n", "  scope: queues\n"),
    (
        SECRETS,
        "var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'",
        "var secretsUser = '00482a5a-887f-4fb3-b363-3b7fe8e74483'",
    ),
    (MONITORING, "'3913510d-42f4-4e42-8a64-420c390055eb'", "'b24988ac-6180-42a0-ab88-20f7382dd24c'"),
    (
        STORAGE,
        "resource tables '",
        "resource own 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {\n  name: 'own'\n}\n\nresource tables '",
    ),
    # without_passwords
    (APP, "  name: 'ftp'\n", "  name: 'other'\n"),
    (APP, "  name: 'scm'\n", "  name: 'other'\n"),
    # without_secrets
    (APP, "param secretSettings array", "@secure()\nparam secretSettings array"),
    (
        STORAGE,
        "output accountName string = account.name",
        "output accountName string = account.listKeys().keys[0].value",
    ),
    (
        STORAGE,
        "output accountName string = account.name",
        "output accountName string = listKeys(account.id, '2024-01-01').keys[0].value",
    ),
    (MONITORING, "= applicationInsights.name", "= applicationInsights.properties.ConnectionString"),
    (MONITORING, "= applicationInsights.name", "= applicationInsights.properties.InstrumentationKey"),
    (ENTRA, "  displayName: 'Intune assignment gateway'\n", "  displayName: 'Other'\n  passwordCredentials: []\n"),
    # settings_without_secrets
    (APP, "AzureWebJobsStorage__credential: 'managedidentity'", "AzureWebJobsStorage__credential: 'key'"),
    (APP, "    AzureWebJobsStorage__credential: 'managedidentity'\n", ""),
    (
        APP,
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage__credential: 'managedidentity'\n    AzureWebJobsStorage: name",
    ),
    (
        APP,
        "    OTEL_TRACES_SAMPLER: 'always_on'",
        "    OTEL_TRACES_SAMPLER: 'always_on'\n    JIRA_WEBHOOK_SECRET: name",
    ),
    (MAIN, "      AUTH_MODE: authMode\n", "      AUTH_MODE: authMode\n      GRAPH_CLIENT_SECRET: name\n"),
    (APP, "'@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${replace(setting, '_', '-')})'", "setting"),
    (APP, "'ClientId=${identity.properties.clientId};Authorization=AAD'", "''"),
    # closed
    (APP, "'00000000-0000-0000-0000-000000000000'", "'00000003-0000-0000-c000-000000000000'"),
    (APP, "var clientId = empty(entraClientId) ? nobody : entraClientId", "var clientId = entraClientId"),
    (APP, "  '/api/health'\n", "  '/api/*'\n"),
    (APP, "  '/api/health'\n", "  '/'\n"),
    (APP, "=> '/api/webhooks/${source}'", "=> '/api/webhooks/*'"),
    (MAIN, "source.value.verify.scheme != 'entra'", "source.value.verify.scheme == 'entra'"),
    (MAIN, "filter(sources, source => source.value.verify.scheme != 'entra')", "sources"),
    (MAIN, "param authMode string = 'entra'", "param authMode string = 'key'"),
    (MAIN, "param entraClientId string = ''", "param entraClientId string = 'somebody'"),
    # in_order
    (APP, "  dependsOn: [\n    authentication\n  ]\n", ""),
    (
        APP,
        "      http20Enabled: true\n",
        "      http20Enabled: true\n      cors: {\n        allowedOrigins: [\n          '*'\n        ]\n      }\n",
    ),
    # guarded: the resource itself is not there
    (
        APP,
        "'Microsoft.Web/sites/config@2024-04-01' = {\n  parent: site\n  name: 'authsettingsV2'",
        "'Microsoft.Web/sites/slots@2024-04-01' = {\n  parent: site\n  name: 'authsettingsV2'",
    ),
]
