using 'main.bicep'

// `azd env set NAME VALUE` gives each of these a value; docs/deploy.md lists them. Documents are files beside this one.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param lock = bool(readEnvironmentVariable('LOCK', 'false'))

param authMode = readEnvironmentVariable('AUTH_MODE', 'entra')
param entraClientId = readEnvironmentVariable('ENTRA_CLIENT_ID', '')
param allowedApplications = empty(readEnvironmentVariable('ALLOWED_APPLICATIONS', ''))
  ? []
  : split(readEnvironmentVariable('ALLOWED_APPLICATIONS', ''), ',')
param allowedPrincipals = empty(readEnvironmentVariable('ALLOWED_PRINCIPALS', ''))
  ? []
  : split(readEnvironmentVariable('ALLOWED_PRINCIPALS', ''), ',')

param graphCloud = readEnvironmentVariable('GRAPH_CLOUD', 'global')
param guardrails = loadJsonContent('guardrails.json')
param webhooks = loadJsonContent('webhooks.json')
param writesEnabled = bool(readEnvironmentVariable('WRITES_ENABLED', 'true'))
param requireGroupCheck = bool(readEnvironmentVariable('REQUIRE_GROUP_CHECK', 'false'))
param assignmentFilters = readEnvironmentVariable('ASSIGNMENT_FILTERS', 'off')
param requestDeadlineSeconds = int(readEnvironmentVariable('REQUEST_DEADLINE_SECONDS', '100'))
param graphWritesPer20Seconds = int(readEnvironmentVariable('GRAPH_WRITES_PER_20S', '100'))
param callerRequestsPerMinute = int(readEnvironmentVariable('CALLER_REQUESTS_PER_MINUTE', '120'))
param operationsRetentionDays = int(readEnvironmentVariable('OPERATIONS_RETENTION_DAYS', '90'))

param logRetentionDays = int(readEnvironmentVariable('LOG_RETENTION_DAYS', '90'))
param instanceMemoryMB = int(readEnvironmentVariable('INSTANCE_MEMORY_MB', '2048'))
param maximumInstances = int(readEnvironmentVariable('MAXIMUM_INSTANCES', '40'))
param requestsPerInstance = int(readEnvironmentVariable('REQUESTS_PER_INSTANCE', '100'))
param storageRedundancy = readEnvironmentVariable('STORAGE_REDUNDANCY', 'Standard_ZRS')
param privateNetworking = bool(readEnvironmentVariable('PRIVATE_NETWORKING', 'false'))
param networkAddresses = readEnvironmentVariable('NETWORK_ADDRESSES', '10.64.0.0/24')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param expectTraffic = bool(readEnvironmentVariable('EXPECT_TRAFFIC', 'false'))
param tags = json(readEnvironmentVariable('TAGS', '{}'))
