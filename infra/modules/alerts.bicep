metadata description = 'Alerts: what the gateway says of itself (../alerts.yaml), and what Azure says of the platform below it.'

@description('Region of the log alerts; the other alerts are global.')
param location string

@description('Tags of every resource.')
param tags object

@description('What the names of the resources begin with.')
param name string

@description('Resource id of the Application Insights component in which the audit events are.')
param applicationInsightsId string

@description('Resource id of the storage account that holds the package, the ledger and the queue.')
param storageAccountId string

@description('Resource id of the function app.')
param functionAppId string

@description('Who gets a mail when an alert fires or is over; empty for nobody: alerts are then seen in the portal only.')
param alertEmail string

@description('Whether no day should pass without a request: switches the alert on silence on.')
param expectTraffic bool

var rules = loadYamlContent('../alerts.yaml')
var runbooks = 'docs/runbooks.md'
var groups = empty(alertEmail) ? [] : [mailed.id]
var receivers = empty(alertEmail) ? [] : [{ actionGroupId: mailed.id }]

resource mailed 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: '${name}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'intunegw'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

// Without an identity of its own a rule reads with the rights of whoever deploys it: who may deploy this may read that.
resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${rule.title}'
      description: '${rule.reason} What to do: "${rule.title}" in ${runbooks}.'
      enabled: expectTraffic || !(rule.?onlyWithTraffic ?? false)
      severity: rule.severity
      scopes: [applicationInsightsId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      overrideQueryTimeRange: rule.?lookBack
      autoMitigate: true
      // A component that is a minute old may not know its own tables yet; the queries are run by the tests.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: groups
      }
    }
  }
]

resource storageAvailability 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${name}-storage'
  location: 'global'
  tags: tags
  properties: {
    description: 'Calls that fail are tried again; one in a hundred over an hour is more than that hides. What to do: "Storage is failing" in ${runbooks}.'
    enabled: true
    severity: 2
    scopes: [storageAccountId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'availability'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.Storage/storageAccounts'
          metricName: 'Availability'
          timeAggregation: 'Average'
          operator: 'LessThan'
          threshold: 99
        }
      ]
    }
    actions: receivers
  }
}

resource appHealth 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${name}-app'
  location: 'global'
  tags: tags
  properties: {
    description: 'Azure itself says that the function app is not available. What to do: "The app is unavailable" in ${runbooks}.'
    enabled: true
    scopes: [functionAppId]
    condition: {
      allOf: [
        { field: 'category', equals: 'ResourceHealth' }
        {
          anyOf: [
            { field: 'properties.currentHealthStatus', equals: 'Unavailable' }
            { field: 'properties.currentHealthStatus', equals: 'Degraded' }
          ]
        }
      ]
    }
    actions: {
      actionGroups: receivers
    }
  }
}
