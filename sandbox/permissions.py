"""Who may ask the emulated Graph for what: 401 for a token that cannot be believed, 403 for a missing role.

Sources: facts.md §1 for the permissions; the Graph error reference and public reports for the answers.
"""

from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError, intune_error
from sandbox.tokens import InvalidTokenError, verified_roles

CONFIGURATION_WRITERS = ("DeviceManagementConfiguration.ReadWrite.All",)
CONFIGURATION_READERS = ("DeviceManagementConfiguration.Read.All", *CONFIGURATION_WRITERS)
GROUP_READERS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")

# Graph's own application id stands in the challenge of every 401.
CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",'
    ' client_id="00000003-0000-0000-c000-000000000000"'
)


def authenticate(call: Call) -> frozenset[str]:
    """Check the bearer token and give its roles."""
    try:
        return verified_roles(call.headers.get("authorization", ""))
    except InvalidTokenError as error:
        headers = {"WWW-Authenticate": CHALLENGE}
        raise GraphError(401, "InvalidAuthenticationToken", error.message, headers=headers) from error


def authorise(call: Call, roles: frozenset[str]) -> None:
    """Check that one of the needed roles is there: Entra and Intune refuse each in their own words."""
    if call.segments[0] == "groups":
        if roles.isdisjoint(GROUP_READERS):
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        return
    needed = CONFIGURATION_READERS if call.method == "GET" else CONFIGURATION_WRITERS
    if roles.isdisjoint(needed):
        message = "Application is not authorized to perform this operation."
        scopes = f"Application must have one of the following scopes: {', '.join(needed)}"
        raise intune_error(403, "Forbidden", f"{message} {scopes}")
