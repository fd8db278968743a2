extension microsoftGraphV1

metadata description = 'What Entra knows of the gateway: its registration with its roles, and what its identity may do in Microsoft Graph. An administrator runs it; it can be run again. grant.sh does the same without a template.'

@description('Object id of the gateway\'s identity: the output IDENTITY_PRINCIPAL_ID of infra/main.bicep.')
@minLength(36)
@maxLength(36)
param identityPrincipalId string

@description('What the registration is called, and found again by. One gateway in a tenant needs no other name.')
param uniqueName string = 'intune-assignment-gateway'

@description('Whether the gateway may read groups: to find them by name, to check that they exist, to count their members.')
param readGroups bool = true

@description('Whether Power Automate\'s custom connector gets a registration of its own, for people to sign in with.')
param connector bool = false

@description('The redirect addresses of that registration: what the connector\'s Security page shows once the connector is there.')
param connectorRedirectUris array = []

var microsoftGraph = '00000003-0000-0000-c000-000000000000'
var permissions = concat(
  ['DeviceManagementConfiguration.ReadWrite.All'],
  readGroups ? ['GroupMember.Read.All'] : []
)
// Any GUIDs will do, if they stay the same.
var scopeId = '5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a03'

resource gateway 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: 'Intune assignment gateway'
  signInAudience: 'AzureADMyOrg'
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: scopeId
        value: 'user_impersonation'
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Assign configurations as the person who is signed in'
        adminConsentDescription: 'The app may use the gateway for the person who is signed in, with that person\'s app role.'
        userConsentDisplayName: 'Assign configurations for you'
        userConsentDescription: 'The app may use the gateway for you, with your app role.'
      }
    ]
  }
  appRoles: [
    {
      id: '5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a01'
      value: 'Assignments.Read'
      displayName: 'Read assignments'
      description: 'List configurations, groups, filters and assignments.'
      allowedMemberTypes: ['Application', 'User']
      isEnabled: true
    }
    {
      id: '5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a02'
      value: 'Assignments.ReadWrite'
      displayName: 'Change assignments'
      description: 'Create and delete assignments, and read them.'
      allowedMemberTypes: ['Application', 'User']
      isEnabled: true
    }
  ]
}

// The address of its tokens has its own id in it, which it has once it is there.
module audience 'audience.bicep' = {
  name: 'audience'
  params: {
    uniqueName: uniqueName
    displayName: gateway.displayName
    appId: gateway.appId
  }
}

resource service 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: gateway.appId
  // Entra gives tokens to those only who have one of the roles.
  appRoleAssignmentRequired: true
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: microsoftGraph
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for permission in permissions: {
  principalId: identityPrincipalId
  resourceId: graph.id
  appRoleId: filter(graph.appRoles, role => role.value == permission)[0].id
}]

resource connectorApplication 'Microsoft.Graph/applications@v1.0' = if (connector) {
  uniqueName: '${uniqueName}-connector'
  displayName: 'Assignments in Power Automate'
  signInAudience: 'AzureADMyOrg'
  web: {
    redirectUris: connectorRedirectUris
  }
  requiredResourceAccess: [
    {
      resourceAppId: gateway.appId
      resourceAccess: [
        {
          id: scopeId
          type: 'Scope'
        }
      ]
    }
  ]
}

resource connectorService 'Microsoft.Graph/servicePrincipals@v1.0' = if (connector) {
  appId: connectorApplication!.appId
}

// The administrator's consent: who signs in is not asked, and still needs an app role.
resource connectorConsent 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = if (connector) {
  clientId: connectorService!.id
  resourceId: service.id
  consentType: 'AllPrincipals'
  scope: 'user_impersonation'
}

@description('The gateway\'s client id: azd env set ENTRA_CLIENT_ID')
output clientId string = gateway.appId

@description('What tokens are asked for.')
output audience string = 'api://${gateway.appId}'

@description('Object id of the gateway in the tenant: where app roles are given.')
output servicePrincipalId string = service.id

@description('Client id of the connector\'s registration: CONNECTOR_APP_ID in its apiProperties.json.')
output connectorClientId string = connector ? connectorApplication!.appId : ''
