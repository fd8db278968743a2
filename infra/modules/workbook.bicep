metadata description = 'The workbook: what operators look at, from the audit events and the metrics of the gateway.'

@description('Region of the workbook.')
param location string

@description('Tags of the workbook.')
param tags object

@description('What the name that people see begins with.')
param name string

@description('Resource id of the Application Insights component that the workbook reads and is listed under.')
param applicationInsightsId string

// What the workbook asks where it is opened from somewhere else than the component.
var pictures = union(loadJsonContent('../workbook.json'), { fallbackResourceIds: [applicationInsightsId] })

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // Azure takes a GUID here; made of what it belongs to, it is the same each time.
  name: guid(resourceGroup().id, applicationInsightsId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${name}: assignments'
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: string(pictures)
    version: 'Notebook/1.0'
  }
}
