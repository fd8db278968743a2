metadata description = 'The gateway\'s identity: what holds its rights, and has no secret.'

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('What the names end in.')
param name string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}'
  location: location
  tags: tags
}

@description('Its name.')
output name string = identity.name

@description('What roles and Graph permissions are given to.')
output principalId string = identity.properties.principalId

@description('What the app asks for a token with.')
output clientId string = identity.properties.clientId
