"""The header in which App Service Authentication tells an app who is asking, written as the platform writes it.

Tokens of version 1 and 2 name their claims differently, and the platform puts long names in place of some of them.
"""

import base64
import json
from collections.abc import Iterable

Claim = tuple[str, str]
Headers = dict[str, str]

HEADER = "x-ms-client-principal"
READ, WRITE = "Assignments.Read", "Assignments.ReadWrite"

TENANT = "7e000000-0000-4000-8000-000000000001"
FLOW_APP, FLOW_OBJECT = "a0000000-0000-4000-8000-000000000001", "1d000000-0000-4000-8000-000000000001"
DESK_APP, DESK_OBJECT = "a0000000-0000-4000-8000-000000000002", "1d000000-0000-4000-8000-000000000002"
ADELE = "1d000000-0000-4000-8000-000000000003"

RULES = [
    {"name": "groups", "callers": [READ, WRITE], "targets": ["group"]},
    {"name": "all devices", "callers": [FLOW_APP], "targets": ["allDevices"]},
    {"name": "all users", "callers": ["key", "webhook:jira", DESK_APP, ADELE], "targets": ["allLicensedUsers"]},
]
ENTRA = {
    "AUTH_MODE": "entra",
    "WEBSITE_AUTH_ENABLED": "True",
    "ENTRA_TENANT_ID": TENANT,
    "GUARDRAILS": json.dumps({"rules": RULES}),
}
"""The settings of a gateway whose callers show tokens."""

_IDENTITY = "http://schemas.microsoft.com/identity/claims/"
_ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
_NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_MAPPED = {"oid": f"{_IDENTITY}objectidentifier", "tid": f"{_IDENTITY}tenantid", "scp": f"{_IDENTITY}scope"}


def encoded(document: object) -> Headers:
    """Put any document into the header."""
    return {HEADER: base64.b64encode(json.dumps(document).encode()).decode()}


def principal(claims: Iterable[Claim]) -> Headers:
    """Write the header for these claims."""
    listed = [{"typ": name, "val": value} for name, value in claims]
    return encoded({"auth_typ": "aad", "claims": listed, "name_typ": _NAME, "role_typ": _ROLE})


def mapped(claims: Iterable[Claim]) -> list[Claim]:
    """Put the platform's long names in place of the token's own."""
    names = {**_MAPPED, "roles": _ROLE, "preferred_username": _UPN}
    return [(names.get(name, name), value) for name, value in claims]


def application(
    *roles: str, app: str = FLOW_APP, object_id: str = FLOW_OBJECT, tenant: str = TENANT, version: int = 2
) -> list[Claim]:
    """Give the claims of a token that an application has got for itself."""
    named = [("azp", app), ("azpacr", "2")] if version == 2 else [("appid", app), ("appidacr", "2")]
    own = [("iss", f"https://login.microsoftonline.com/{tenant}/"), ("oid", object_id), ("sub", object_id)]
    return [*named, *own, ("tid", tenant), ("ver", f"{version}.0"), *(("roles", role) for role in roles)]


def user(*roles: str, object_id: str = ADELE, signed_in_with: str = FLOW_APP, version: int = 2) -> list[Claim]:
    """Give the claims of a token with which an application acts for a user who has signed in with it."""
    claims = [
        claim for claim in application(*roles, app=signed_in_with, version=version) if claim[0] not in {"oid", "sub"}
    ]
    name = "preferred_username" if version == 2 else "upn"
    who = [("oid", object_id), ("sub", "pairwise-subject"), (name, "adele@contoso.example")]
    return [*claims, *who, ("scp", "user_impersonation")]
