"""Our rules for each template by itself. Each gives what is wrong, in words."""

import re
from collections.abc import Callable, Iterator

from tests.infra.guarded import (
    ACCOUNT,
    APPLICATION,
    COMPONENT,
    CONFIG,
    CONTAINER,
    DIAGNOSTICS,
    IDENTITY,
    LOCK,
    NETWORK,
    PRINCIPAL,
    PUBLISHING,
    ROLE,
    SITE,
    VAULT,
    WORKFLOW,
    WORKSPACE,
)
from tests.infra.templates import MISSING, Resource, Template, functions, said

FileRule = Callable[[Template], Iterator[str]]

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": {CONTAINER},  # Storage Blob Data Owner
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": {CONTAINER},  # Storage Blob Data Contributor
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": {f"{ACCOUNT}/queueServices/queues"},  # Storage Queue Data Contributor
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": {f"{ACCOUNT}/tableServices/tables"},  # Storage Table Data Contributor
    "3913510d-42f4-4e42-8a64-420c390055eb": {COMPONENT},  # Monitoring Metrics Publisher
    "4633458b-17de-408a-b874-0445c86b69e6": {VAULT},  # Key Vault Secrets User
}
"""The roles that may be given, and on what: the narrowest that the platform has for it."""

WATCHED = {
    ACCOUNT,
    f"{ACCOUNT}/blobServices",
    f"{ACCOUNT}/queueServices",
    f"{ACCOUNT}/tableServices",
    VAULT,
    WORKSPACE,
    SITE,
    NETWORK,
}
"""What has to have diagnostic settings."""

UNWATCHED = {
    COMPONENT: "what it would tell lies in the workspace already",
    f"{SITE.rpartition('/')[0]}/serverfarms": "a plan that is not dedicated has nothing to tell",
    WORKFLOW: "a sample, which logs where its owner logs",
    IDENTITY: "its tokens are in Entra's own log",
    CONTAINER: "logged by its service",
    f"{ACCOUNT}/queueServices/queues": "logged by its service",
    f"{ACCOUNT}/tableServices/tables": "logged by its service",
    CONFIG: "part of the app",
    PUBLISHING: "part of the app",
    f"{NETWORK.rpartition('/')[0]}/privateEndpoints": "its flows are metrics of what it leads to",
    f"{NETWORK.rpartition('/')[0]}/privateEndpoints/privateDnsZoneGroups": "has none",
    f"{NETWORK.rpartition('/')[0]}/privateDnsZones": "has none",
    f"{NETWORK.rpartition('/')[0]}/privateDnsZones/virtualNetworkLinks": "has none",
    "Microsoft.Resources/resourceGroups": "changes to it are in the activity log",
    ROLE: "changes to it are in the activity log",
    LOCK: "changes to it are in the activity log",
    DIAGNOSTICS: "is the thing itself",
    "Microsoft.Insights/actionGroups": "what it sends is in the activity log",
    "Microsoft.Insights/activityLogAlerts": "what it raises is in the activity log",
    "Microsoft.Insights/metricAlerts": "what it raises is in the activity log",
    "Microsoft.Insights/scheduledQueryRules": "what it raises is in the activity log",
    "Microsoft.Insights/workbooks": "has none",
    APPLICATION: "of Entra, which has a log of its own",
    PRINCIPAL: "of Entra, which has a log of its own",
    "Microsoft.Graph/appRoleAssignedTo": "of Entra, which has a log of its own",
    "Microsoft.Graph/oauth2PermissionGrants": "of Entra, which has a log of its own",
}
"""What need not, and why. Anything that stands in neither table fails."""

_SECRET_WORDS = re.compile(r"password|access_?key|primary_?key|instrumentation_?key|connection_?string", re.IGNORECASE)


def described(template: Template) -> Iterator[str]:
    """Every template, parameter and output is described, and every parameter is used."""
    if "description" not in template.part("metadata"):
        yield f"{template.file} is not described"
    for kind in ("parameters", "outputs"):
        for name, each in template.part(kind).items():
            if not any(decorator["type"] == "description" for decorator in each["decorators"]):
                yield f"{template.file}: {name} is not described"
    rest = said({kind: part for kind, part in template.tree.items() if kind != "parameters"})
    for name in template.part("parameters"):
        if not re.search(rf"\b{name}\b", rest):
            yield f"{template.file}: {name} is not used"


def plain(template: Template) -> Iterator[str]:
    """Modules are files of this repository, which can be checked without a network."""
    for name, each in template.tree.get("modules", {}).items():
        if each["type"] != "local":
            yield f"{template.file}: {name} comes from a registry"


def watched(template: Template) -> Iterator[str]:
    """Everything that has a log sends all of it to the workspace."""
    settings = [each for each in template.resources if each.type == DIAGNOSTICS]
    for each in template.resources:
        if each.type not in WATCHED and each.type not in UNWATCHED:
            yield f"{each.file}: nobody has decided whether {each.type} has diagnostic settings"
        mine = [setting for setting in settings if setting.scope == each.name]
        if each.type in WATCHED and not each.existing and not any(map(_sends_all, mine)):
            yield f"{each.file}: {each.name} has no diagnostic settings"


def narrow(template: Template) -> Iterator[str]:
    """Roles are known ones, each on the kind of thing that it is meant for, and nobody makes new ones."""
    by_name = {each.name: each.type for each in template.resources}
    for each in template.resources:
        if each.type == "Microsoft.Authorization/roleDefinitions":
            yield f"{each.file}: {each.name} makes a role"
        if each.type == ROLE:
            role = _role(template, each)
            if by_name.get(str(each.scope)) not in ROLES.get(role, set()):
                yield f"{each.file}: {each.name} gives {role} on {each.scope}"


def without_secrets(template: Template) -> Iterator[str]:
    """No template takes, asks for or gives a secret."""
    for name, each in template.part("parameters").items():
        if any(decorator["type"] == "secure" for decorator in each["decorators"]):
            yield f"{template.file}: {name} is a secret"
    for name in functions(template.tree):
        if name.lower().startswith("list") or name == "getSecret":
            yield f"{template.file}: {name} is called"
    for name, each in template.part("outputs").items():
        if _SECRET_WORDS.search(said(each["value"])):
            yield f"{template.file}: {name} gives a secret"
    for resource in template.resources:
        if {"passwordCredentials", "keyCredentials"} & resource.config.keys():
            yield f"{template.file}: {resource.name} has a credential"


def in_order(template: Template) -> Iterator[str]:
    """The app is told of App Service Authentication once that is in front of it, and no other origin may call it."""
    for each in template.resources:
        if each.type == CONFIG and each.at("name") == "appsettings" and each.at("dependsOn") != ["authentication"]:
            yield f"{each.file}: {each.name} does not wait for authentication"
        if each.type == SITE and each.at("properties.siteConfig.cors") is not MISSING:
            yield f"{each.file}: {each.name} lets other origins call it"


FILE_RULES: list[FileRule] = [described, plain, watched, narrow, without_secrets, in_order]


def _sends_all(setting: Resource) -> bool:
    sent = said([setting.at("properties.logs"), setting.at("properties.metrics")])
    goes = setting.at("properties.workspaceId") is not MISSING
    return goes and bool(re.search("allLogs|AllMetrics|Transaction", sent)) and "false" not in sent


def _role(template: Template, resource: Resource) -> str:
    """Give the GUID of the role that is given: the one variable of the template that the assignment names."""
    said_of_it = said(resource.at("properties.roleDefinitionId"))
    guids = {name: each["value"] for name, each in template.part("variables").items()}
    named = [str(value) for name, value in guids.items() if re.search(rf'"{name}"', said_of_it)]
    return named[0] if len(named) == 1 else said_of_it
