metadata description = 'The function app, who gets in, and its settings.'

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('What the names end in.')
param name string

@description('Name of the gateway\'s identity.')
param identityName string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the Application Insights resource.')
param applicationInsightsName string

@description('Where its log goes.')
param workspaceId string

@description('The subnet that it joins; empty: none.')
param subnetId string

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('How many instances there may be at most.')
param maximumInstances int

@description('How many requests one instance works on at once.')
param requestsPerInstance int

@description('How many instances never sleep. Each costs 0.000004 USD a second for each GB of its memory: 21 USD a month with 2048 MB.')
param alwaysReadyInstances int

@description('entra or key.')
param authMode string

@description('Client id of the gateway\'s registration in Entra; empty: nobody is let in.')
param entraClientId string

@description('Client ids of the applications that are let in; empty: any.')
param allowedApplications array

@description('Object ids of those who are let in; empty: anybody.')
param allowedPrincipals array

@description('Names of the sources of webhooks that prove themselves by a signature or a secret.')
param selfProvingSources array

@description('Where the vault is; empty where there is none.')
param vaultUri string

@description('Names of the settings that refer to a secret.')
param secretSettings array

@description('The gateway\'s own settings.')
param gatewaySettings object

// No application has this id, so that no token is for it.
var nobody = '00000000-0000-0000-0000-000000000000'
var clientId = empty(entraClientId) ? nobody : entraClientId
// Each by its full path: docs/security.md says why.
var openPaths = [
  '/api/health'
  '/api/openapi.json'
  '/api/swagger.json'
  '/api/docs'
  '/api/docs/docs.css'
  '/api/docs/docs.js'
  '/api/docs/icon.svg'
  '/api/docs/swagger-ui-bundle.js'
  '/api/docs/swagger-ui-bundle.js.LICENSE.txt'
  '/api/docs/swagger-ui.LICENSE.txt'
  '/api/docs/swagger-ui.NOTICE.txt'
  '/api/docs/swagger-ui.css'
]
var webhookPaths = map(selfProvingSources, source => '/api/webhooks/${source}')
// A secret's name in the vault is that of its setting, with hyphens: the vault takes no underscores.
var secretReferences = toObject(
  secretSettings,
  setting => setting,
  setting => '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${replace(setting, '_', '-')})'
)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${name}'
  location: location
  tags: union(tags, {
    'azd-service-name': 'gateway'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}packages'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyInstances == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReadyInstances
          }
        ]
        triggers: {
          http: {
            perInstanceConcurrency: requestsPerInstance
          }
        }
      }
    }
  }
}

resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: authMode == 'entra'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: concat(openPaths, webhookPaths)
    }
    httpSettings: {
      requireHttps: true
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          clientId: clientId
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
          defaultAuthorizationPolicy: {
            allowedApplications: allowedApplications
            allowedPrincipals: {
              identities: allowedPrincipals
            }
          }
        }
      }
    }
  }
}

// Storage is named by its services, as the national clouds want it. There is no address of tables: the host would write
// its own diagnostics there, for which it has no role.
resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(secretReferences, gatewaySettings, {
    AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identity.properties.clientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
    PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
    PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'gateway'
    OTEL_TRACES_SAMPLER: 'always_on'
  })
  // The gateway believes what the platform says of a caller once it is told entra.
  dependsOn: [
    authentication
  ]
}

resource siteDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: site
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

@description('The function app.')
output functionAppId string = site.id

@description('Its name.')
output functionAppName string = site.name

@description('Where it is, without a path.')
output url string = 'https://${site.properties.defaultHostName}'
