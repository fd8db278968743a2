targetScope = 'subscription'

metadata description = 'The gateway in Azure: a resource group, and in it all that docs/deploy.md shows. What it may do in Microsoft Graph is infra/entra.'

@description('Name of the azd environment: letters, digits and hyphens. It is part of every name.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Azure region. It has to offer Flex Consumption: az functionapp list-flexconsumption-locations')
param location string

@description('Tags of every resource.')
param tags object = {}

@description('Whether storage and the vault are locked against being deleted. az lock delete takes the locks away; provisioning without them does not.')
param lock bool = false

@description('How callers are told apart. entra: by a token, which App Service Authentication checks. key: by a function key.')
@allowed(['entra', 'key'])
param authMode string = 'entra'

@description('Client id of the gateway\'s registration in Entra, which infra/entra makes. Until it is here nobody gets a token that fits, and every call is answered 401.')
param entraClientId string = ''

@description('Client ids of the applications whose tokens are let in, besides the app role that they need. Empty: any application.')
param allowedApplications array = []

@description('Object ids of the users and service principals that are let in, besides the app role that they need. Empty: anybody.')
param allowedPrincipals array = []

@description('Which of Microsoft\'s clouds Graph is asked in.')
@allowed(['global', 'usgov', 'usgov-dod', 'china'])
param graphCloud string = 'global'

@description('The GUARDRAILS document: docs/guardrails.md. Empty: group, exclusionGroup and scopeTagGroup only.')
param guardrails object = {}

@description('The WEBHOOKS document: docs/webhooks/README.md. Its sources get an address without a token, its secrets a vault, and the app an instance that never sleeps. Empty: no webhook is taken.')
param webhooks object = {}

@description('Whether anything is written. false is the emergency stop.')
param writesEnabled bool = true

@description('Whether a group that cannot be read is refused.')
param requireGroupCheck bool = false

@description('Whether assignment filters are used, which Graph has in beta only.')
@allowed(['off', 'beta'])
param assignmentFilters string = 'off'

@description('How long one request may take, in seconds. Flows give up after 120.')
@minValue(1)
@maxValue(220)
param requestDeadlineSeconds int = 100

@description('How many changes one instance may send to Graph in 20 seconds. Graph takes 100 from an app: divide that by the instances that are busy at once.')
@minValue(1)
param graphWritesPer20Seconds int = 100

@description('How many requests one instance takes from one caller in a minute.')
@minValue(1)
param callerRequestsPerMinute int = 120

@description('How many days accepted work can be looked at.')
@minValue(1)
@maxValue(3650)
param operationsRetentionDays int = 90

@description('How many days logs, and the audit events in them, are kept. The first 90 cost nothing.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Memory of an instance in MB. A busy second costs 0.000026 USD for each GB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('How many instances there may be at most.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('How many requests one instance works on at once. The gateway itself begins a hundred.')
@minValue(1)
@maxValue(1000)
param requestsPerInstance int = 100

@description('How storage is kept. Standard_LRS where the region has no zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Whether storage and the vault can be reached from the app\'s own network only.')
param privateNetworking bool = false

@description('Addresses of that network, 256 at least: 128 for the app, 128 for the private endpoints.')
param networkAddresses string = '10.64.0.0/24'

@description('Where alerts are sent. Empty: they are raised, and nobody is told.')
param alertEmail string = ''

@description('Whether a day without any request is an alert.')
param expectTraffic bool = false

var name = '${environmentName}-${token}'
var token = uniqueString(subscription().id, environmentName, location)
var allTags = union(tags, {
  'azd-env-name': environmentName
})
var sources = items(webhooks.?sources ?? {})
// Those with a token stay behind App Service Authentication; all others prove themselves to the gateway.
var selfProvingSources = filter(sources, source => source.value.verify.scheme != 'entra')
var secretSettings = union(flatten(map(selfProvingSources, source => source.value.verify.secrets)), [])

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
    retentionDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: allTags
    name: 'st${token}'
    redundancy: storageRedundancy
    private: privateNetworking
    lock: lock
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module secrets 'modules/secrets.bicep' = if (!empty(secretSettings)) {
  name: 'secrets'
  scope: group
  params: {
    location: location
    tags: allTags
    name: 'kv-${token}'
    private: privateNetworking
    lock: lock
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
    addresses: networkAddresses
    storageAccountId: storage.outputs.accountId
    vaultId: empty(secretSettings) ? '' : secrets!.outputs.vaultId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
    identityName: identity.outputs.name
    storageAccountName: storage.outputs.accountName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    workspaceId: monitoring.outputs.workspaceId
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    requestsPerInstance: requestsPerInstance
    // A cold start outlasts the patience of those who send webhooks.
    alwaysReadyInstances: empty(sources) ? 0 : 1
    authMode: authMode
    entraClientId: entraClientId
    allowedApplications: allowedApplications
    allowedPrincipals: allowedPrincipals
    selfProvingSources: map(selfProvingSources, source => source.key)
    vaultUri: empty(secretSettings) ? '' : secrets!.outputs.vaultUri
    secretSettings: secretSettings
    gatewaySettings: {
      AUTH_MODE: authMode
      ENTRA_TENANT_ID: tenant().tenantId
      GRAPH_CLOUD: graphCloud
      AZURE_CLIENT_ID: identity.outputs.clientId
      GUARDRAILS: empty(guardrails) ? '' : string(guardrails)
      CALLER_REQUESTS_PER_MINUTE: string(callerRequestsPerMinute)
      REQUIRE_GROUP_CHECK: requireGroupCheck ? 'true' : 'false'
      ASSIGNMENT_FILTERS: assignmentFilters
      WRITES_ENABLED: writesEnabled ? 'true' : 'false'
      REQUEST_DEADLINE_SECONDS: string(requestDeadlineSeconds)
      GRAPH_WRITES_PER_20S: string(graphWritesPer20Seconds)
      WEBHOOKS: empty(sources) ? '' : string(webhooks)
      OPERATIONS_STORE: storage.outputs.tableEndpoint
      OPERATIONS_QUEUE: storage.outputs.queueEndpoint
      OPERATIONS_RETENTION_DAYS: string(operationsRetentionDays)
    }
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    storageAccountId: storage.outputs.accountId
    functionAppId: app.outputs.functionAppId
    alertEmail: alertEmail
    expectTraffic: expectTraffic
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: allTags
    name: name
    applicationInsightsId: monitoring.outputs.applicationInsightsId
  }
}

@description('The resource group, in azd\'s name for it.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The function app.')
output FUNCTION_APP string = app.outputs.functionAppName

@description('Where the gateway is, without a path.')
output GATEWAY_URL string = app.outputs.url

@description('Object id of the gateway\'s identity: what infra/entra gives the Graph permissions to.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('The vault that webhook secrets go into; empty where there are none.')
output KEY_VAULT string = empty(secretSettings) ? '' : secrets!.outputs.vaultName
