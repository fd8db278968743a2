metadata description = 'A Logic App (Consumption) that has the gateway assign a configuration, with an identity of its own.'

@description('Name of the Logic App.')
param name string = 'assign-configuration'

@description('Azure region.')
param location string = resourceGroup().location

@description('Where the gateway is, without a path: https://FUNCTION_APP.azurewebsites.net')
param gateway string

@description('What the gateway\'s tokens are for: api:// and the app id of its registration.')
param audience string

var sample = loadJsonContent('workflow.json')

resource workflow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: sample.definition
    parameters: {
      gateway: {
        value: gateway
      }
      audience: {
        value: audience
      }
    }
  }
}

@description('The identity that needs the app role Assignments.ReadWrite.')
output principalId string = workflow.identity.principalId
