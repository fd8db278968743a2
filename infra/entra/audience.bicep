extension microsoftGraphV1

metadata description = 'The address of the gateway\'s tokens, put into its registration.'

@description('What the registration is found by.')
param uniqueName string

@description('What it is called.')
param displayName string

@description('Its client id.')
param appId string

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  identifierUris: [
    'api://${appId}'
  ]
}
