#!/usr/bin/env bash
# What main.bicep beside this does, with az and Microsoft Graph alone: for an administrator without rights in Azure.
# It can be run again, and after the template, and the template after it: all find the registration by its unique name.
set -euo pipefail

usage() {
  cat >&2 << 'END'
Usage: grant.sh IDENTITY_PRINCIPAL_ID [--without-groups] [--connector [REDIRECT_ADDRESS]]

  IDENTITY_PRINCIPAL_ID  object id of the gateway's identity: azd env get-value IDENTITY_PRINCIPAL_ID
  --without-groups       do not let the gateway read groups
  --connector            a registration for Power Automate's custom connector as well, with its redirect address once
                         the connector's Security page shows one
END
  exit 2
}

principal=${1-}
[[ $principal =~ ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$ ]] || usage
shift
permissions=(DeviceManagementConfiguration.ReadWrite.All GroupMember.Read.All)
connector=no
redirect=
while (($#)); do
  case $1 in
    --without-groups) permissions=(DeviceManagementConfiguration.ReadWrite.All) ;;
    --connector)
      connector=yes
      if [[ ${2-} == https://* ]]; then
        redirect=$2
        shift
      fi
      ;;
    *) usage ;;
  esac
  shift
done

name=intune-assignment-gateway
scope=5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a03
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
graph=${graph%/}/v1.0

get() { # address, what of the answer
  local found
  found=$(az rest --method get --url "$graph/$1" --query "$2" --output tsv) || return
  [[ $found == None ]] || echo "$found"
}

put() { # address, body: made if it is not there, else brought up to date
  az rest --method patch --url "$graph/$1" --headers Content-Type=application/json Prefer=create-if-missing \
    --body "$2" --output none
}

post() { # address, body
  az rest --method post --url "$graph/$1" --headers Content-Type=application/json --body "$2" --output none
}

patiently() { # a command; what was made just now is not everywhere at once
  local tries=1
  until "$@"; do
    ((tries++ < 6)) || return 1
    echo 'Not there yet; trying again.' >&2
    sleep "${PAUSE_SECONDS:-10}"
  done
}

put "applications(uniqueName='$name')" '{
  "displayName": "Intune assignment gateway",
  "signInAudience": "AzureADMyOrg",
  "api": {
    "requestedAccessTokenVersion": 2,
    "oauth2PermissionScopes": [
      {
        "id": "'"$scope"'",
        "value": "user_impersonation",
        "type": "User",
        "isEnabled": true,
        "adminConsentDisplayName": "Assign configurations as the person who is signed in",
        "adminConsentDescription": "The app may use the gateway for the person who is signed in, with that person'"'"'s app role.",
        "userConsentDisplayName": "Assign configurations for you",
        "userConsentDescription": "The app may use the gateway for you, with your app role."
      }
    ]
  },
  "appRoles": [
    {
      "id": "5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a01",
      "value": "Assignments.Read",
      "displayName": "Read assignments",
      "description": "List configurations, groups, filters and assignments.",
      "allowedMemberTypes": ["Application", "User"],
      "isEnabled": true
    },
    {
      "id": "5f0d6b1e-7a0c-4a57-9d43-0f5f3c1c7a02",
      "value": "Assignments.ReadWrite",
      "displayName": "Change assignments",
      "description": "Create and delete assignments, and read them.",
      "allowedMemberTypes": ["Application", "User"],
      "isEnabled": true
    }
  ]
}'
client=$(patiently get "applications(uniqueName='$name')?\$select=appId" appId)
put "applications(uniqueName='$name')" '{"identifierUris": ["api://'"$client"'"]}'
# Entra gives tokens to those only who have one of the roles.
patiently put "servicePrincipals(appId='$client')" '{"appRoleAssignmentRequired": true}'
echo "Registered: $client"

microsoft="servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
resource=$(get "$microsoft?\$select=id" id)
for permission in "${permissions[@]}"; do
  role=$(get "$microsoft?\$select=appRoles" "appRoles[?value=='$permission'].id | [0]")
  held=$(patiently get "servicePrincipals/$principal/appRoleAssignments" "value[?appRoleId=='$role'].id | [0]")
  if [[ $held ]]; then
    echo "Held already: $permission"
  else
    post "servicePrincipals/$principal/appRoleAssignments" \
      '{"principalId": "'"$principal"'", "resourceId": "'"$resource"'", "appRoleId": "'"$role"'"}'
    echo "Granted: $permission"
  fi
done

if [[ $connector == yes ]]; then
  put "applications(uniqueName='$name-connector')" '{
    "displayName": "Assignments in Power Automate",
    "signInAudience": "AzureADMyOrg",
    '"${redirect:+\"web\": {\"redirectUris\": [\"$redirect\"]\},}"'
    "requiredResourceAccess": [
      {"resourceAppId": "'"$client"'", "resourceAccess": [{"id": "'"$scope"'", "type": "Scope"}]}
    ]
  }'
  application=$(patiently get "applications(uniqueName='$name-connector')?\$select=appId" appId)
  patiently put "servicePrincipals(appId='$application')" '{}'
  service=$(patiently get "servicePrincipals(appId='$client')?\$select=id" id)
  user=$(patiently get "servicePrincipals(appId='$application')?\$select=id" id)
  held=$(get "oauth2PermissionGrants?\$filter=clientId eq '$user' and resourceId eq '$service'" 'value[0].id')
  if [[ ! $held ]]; then
    post oauth2PermissionGrants '{"clientId": "'"$user"'", "resourceId": "'"$service"'",
      "consentType": "AllPrincipals", "scope": "user_impersonation"}'
  fi
  echo "Registered for Power Automate: $application"
fi

cat << END

Now, where the gateway was provisioned:

  azd env set ENTRA_CLIENT_ID $client
  azd provision
END
