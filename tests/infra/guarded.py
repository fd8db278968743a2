"""The properties that have to be what they are: one row for each, in Bicep's own words."""

from dataclasses import dataclass

from tests.infra.templates import Resource


@dataclass(frozen=True)
class Guarded:
    """What a property has to be, of every resource of a type; `name`: of the one resource that is called so."""

    type: str
    path: str
    value: str
    name: str | None = None

    def concerns(self, resource: Resource) -> bool:
        """Tell whether it is about this resource."""
        return not resource.existing and resource.type == self.type and self.name in {None, resource.name}


ACCOUNT = "Microsoft.Storage/storageAccounts"
CONTAINER = f"{ACCOUNT}/blobServices/containers"
VAULT = "Microsoft.KeyVault/vaults"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"
COMPONENT = "Microsoft.Insights/components"
SITE = "Microsoft.Web/sites"
CONFIG = f"{SITE}/config"
PUBLISHING = f"{SITE}/basicPublishingCredentialsPolicies"
NETWORK = "Microsoft.Network/virtualNetworks"
ROLE = "Microsoft.Authorization/roleAssignments"
LOCK = "Microsoft.Authorization/locks"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
WORKFLOW = "Microsoft.Logic/workflows"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
APPLICATION = "Microsoft.Graph/applications"
PRINCIPAL = "Microsoft.Graph/servicePrincipals"

_ENTRA = "properties.identityProviders.azureActiveDirectory"
GUARDED = [
    # No shared keys, nothing public, TLS.
    Guarded(ACCOUNT, "properties.allowSharedKeyAccess", "false"),
    Guarded(ACCOUNT, "properties.defaultToOAuthAuthentication", "true"),
    Guarded(ACCOUNT, "properties.allowBlobPublicAccess", "false"),
    Guarded(ACCOUNT, "properties.allowCrossTenantReplication", "false"),
    Guarded(ACCOUNT, "properties.minimumTlsVersion", "'TLS1_2'"),
    Guarded(ACCOUNT, "properties.supportsHttpsTrafficOnly", "true"),
    Guarded(ACCOUNT, "properties.publicNetworkAccess", "private ? 'Disabled' : 'Enabled'"),
    Guarded(ACCOUNT, "properties.networkAcls.bypass", "'None'"),
    Guarded(ACCOUNT, "properties.networkAcls.defaultAction", "private ? 'Deny' : 'Allow'"),
    Guarded(CONTAINER, "properties.publicAccess", "'None'"),
    Guarded(f"{ACCOUNT}/blobServices", "properties.deleteRetentionPolicy.enabled", "true"),
    Guarded(f"{ACCOUNT}/blobServices", "properties.containerDeleteRetentionPolicy.enabled", "true"),
    # A vault that forgets nothing, and that roles alone open.
    Guarded(VAULT, "properties.enableRbacAuthorization", "true"),
    Guarded(VAULT, "properties.enableSoftDelete", "true"),
    Guarded(VAULT, "properties.softDeleteRetentionInDays", "90"),
    Guarded(VAULT, "properties.enablePurgeProtection", "true"),
    Guarded(VAULT, "properties.publicNetworkAccess", "private ? 'Disabled' : 'Enabled'"),
    Guarded(VAULT, "properties.networkAcls.bypass", "'None'"),
    Guarded(VAULT, "properties.networkAcls.defaultAction", "private ? 'Deny' : 'Allow'"),
    Guarded(LOCK, "properties.level", "'CanNotDelete'"),
    # Telemetry is sent and read by identities, and all of it is kept.
    Guarded(WORKSPACE, "properties.features.disableLocalAuth", "true"),
    Guarded(COMPONENT, "properties.DisableLocalAuth", "true"),
    Guarded(COMPONENT, "properties.SamplingPercentage", "100"),
    # The app: HTTPS alone, no FTP, an identity in place of every secret.
    Guarded(SITE, "properties.httpsOnly", "true"),
    Guarded(SITE, "properties.siteConfig.minTlsVersion", "'1.2'"),
    Guarded(SITE, "properties.siteConfig.scmMinTlsVersion", "'1.2'"),
    Guarded(SITE, "properties.siteConfig.ftpsState", "'Disabled'"),
    Guarded(SITE, "properties.siteConfig.remoteDebuggingEnabled", "false"),
    Guarded(SITE, "identity.type", "'UserAssigned'"),
    Guarded(SITE, "properties.keyVaultReferenceIdentity", "identity.id"),
    Guarded(SITE, "properties.virtualNetworkSubnetId", "empty(subnetId) ? null : subnetId"),
    Guarded(SITE, "properties.functionAppConfig.deployment.storage.authentication.type", "'UserAssignedIdentity'"),
    Guarded(PUBLISHING, "properties.allow", "false"),
    Guarded(WORKFLOW, "identity.type", "'SystemAssigned'"),
    # App Service Authentication lets nobody in without a token for this app, from this tenant.
    Guarded(CONFIG, "properties.platform.enabled", "authMode == 'entra'", "authentication"),
    Guarded(CONFIG, "properties.globalValidation.requireAuthentication", "true", "authentication"),
    Guarded(CONFIG, "properties.globalValidation.unauthenticatedClientAction", "'Return401'", "authentication"),
    Guarded(CONFIG, "properties.globalValidation.excludedPaths", "concat(openPaths, webhookPaths)", "authentication"),
    Guarded(CONFIG, "properties.httpSettings.requireHttps", "true", "authentication"),
    Guarded(CONFIG, "properties.login.tokenStore.enabled", "false", "authentication"),
    Guarded(CONFIG, f"{_ENTRA}.enabled", "true", "authentication"),
    Guarded(
        CONFIG,
        f"{_ENTRA}.registration.openIdIssuer",
        "'${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'",
        "authentication",
    ),
    Guarded(CONFIG, f"{_ENTRA}.registration.clientId", "clientId", "authentication"),
    Guarded(
        CONFIG,
        f"{_ENTRA}.validation.allowedAudiences",
        "[\n  clientId\n  'api://${clientId}'\n]",
        "authentication",
    ),
    Guarded(
        CONFIG,
        f"{_ENTRA}.validation.defaultAuthorizationPolicy.allowedApplications",
        "allowedApplications",
        "authentication",
    ),
    Guarded(
        CONFIG,
        f"{_ENTRA}.validation.defaultAuthorizationPolicy.allowedPrincipals.identities",
        "allowedPrincipals",
        "authentication",
    ),
    Guarded(ROLE, "properties.principalId", "principalId"),
    Guarded(ROLE, "properties.principalType", "'ServicePrincipal'"),
    # In Entra: one tenant, tokens of version 2, and none without a role.
    Guarded(APPLICATION, "signInAudience", "'AzureADMyOrg'", "gateway"),
    Guarded(APPLICATION, "signInAudience", "'AzureADMyOrg'", "connectorApplication"),
    Guarded(APPLICATION, "api.requestedAccessTokenVersion", "2", "gateway"),
    Guarded(PRINCIPAL, "appRoleAssignmentRequired", "true", "service"),
    Guarded("Microsoft.Graph/appRoleAssignedTo", "principalId", "identityPrincipalId"),
]
