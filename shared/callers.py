"""Who is asking: the function key's holder, or the principal that App Service Authentication has checked. Pure.

The platform puts the principal into a header, base64 of JSON (Microsoft, *Work with user identities in Azure App
Service authentication*): `{"auth_typ", "claims": [{"typ", "val"}], "name_typ", "role_typ"}`. It checks neither roles
nor, for several tenants, the tenant; both are checked here.
"""

import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared import strict_json
from shared.errors import Forbidden, Unauthenticated
from shared.schemas import is_guid
from shared.strict_json import NotJsonError

PRINCIPAL_HEADER = "X-MS-CLIENT-PRINCIPAL"
ENTRA = "aad"
"""The provider that the platform names for a token of Microsoft Entra ID."""
Mode = Literal["key", "entra"]
"""How callers are told apart: the setting AUTH_MODE."""
READ_ROLE, WRITE_ROLE = "Assignments.Read", "Assignments.ReadWrite"
CLOCK_SKEW_SECONDS = 300

Access = Literal["read", "write"]

# Each claim by its name in tokens (v1 and v2 differ for the app), and by the names that the platform maps it to.
_APP_ID = ("azp", "appid")
_OBJECT_ID = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_TENANT_ID = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
_SCOPE = ("scp", "http://schemas.microsoft.com/identity/claims/scope")
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_NAME = ("preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "upn", "app_displayname")

_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")


@dataclass(frozen=True)
class Caller:
    """Who is asking, as far as it has been verified.

    `id` is `key` for whoever holds a function key, `webhook:{source}` for a webhook that has proven itself, else the
    app's id, or a user's object id. `identities` is what a
    rule may name the caller by, besides `*`. `foreign`: from another tenant.
    """

    id: str
    kind: Literal["key", "application", "user", "webhook"]
    identities: frozenset[str]
    object_id: str | None = None
    name: str | None = None
    access: frozenset[Access] = frozenset()
    foreign: bool = False

    def check(self, needed: Access) -> None:
        """Raise Forbidden where the caller is of another tenant, or has no role for this."""
        if self.foreign:
            raise Forbidden("The token was issued in another tenant.")
        if needed not in self.access:
            role = f"{READ_ROLE} or {WRITE_ROLE}" if needed == "read" else WRITE_ROLE
            raise Forbidden(f"It takes the app role {role}, which the token of the caller '{self.id}' does not carry.")


KEY_CALLER = Caller("key", "key", frozenset({"key"}), access=frozenset({"read", "write"}))
"""Function keys cannot tell callers apart: whoever holds one is this caller."""


def webhook_caller(source: str) -> Caller:
    """Give the caller that a source's webhooks are, whoever asked for them over there."""
    name = f"webhook:{source}"
    return Caller(name, "webhook", frozenset({name}), access=frozenset({"write"}))


@dataclass(frozen=True)
class Authentication:
    """How callers are told apart; `tenant_id` is the one tenant whose tokens count, None where keys are used."""

    tenant_id: str | None = None
    clock: Callable[[], float] = time.time

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Tell who sent a request; raises Unauthenticated where that cannot be told."""
        if self.tenant_id is None:
            return KEY_CALLER
        if not (text := headers.get(PRINCIPAL_HEADER, "")):
            raise Unauthenticated("Send an access token for this app: Authorization: Bearer, from Microsoft Entra ID.")
        return self._principal(_claims(text))

    def _principal(self, claims: dict[str, list[str]]) -> Caller:
        object_id, tenant_id = _guid(claims, _OBJECT_ID), _guid(claims, _TENANT_ID)
        if (expires := _one(claims, ("exp",))) and not _lies_ahead(expires, self.clock()):
            raise Unauthenticated("The token has expired.")
        roles = [role for name in _ROLES for role in claims.get(name, [])]
        # What an app may do is granted to the app. A user's token names an app as well, which is only the one that the
        # user has signed in with: whoever can do that must not become it.
        app_id = None if _is_of_a_user(claims) else _guid(claims, _APP_ID)
        return Caller(
            id=app_id or object_id,
            kind="application" if app_id else "user",
            identities=frozenset({object_id, *filter(None, [app_id]), *filter(_ROLE.fullmatch, roles)}),
            object_id=object_id,
            name=next((claims[name][0] for name in _NAME if name in claims), None),
            access=_access(roles),
            foreign=tenant_id != self.tenant_id,
        )


def _claims(text: str) -> dict[str, list[str]]:
    try:
        claims: dict[str, list[str]] = {}
        for claim in _members(strict_json.loads(base64.b64decode(text, validate=True))):
            claims.setdefault(_text(claim["typ"]), []).append(_text(claim["val"]))
    except (binascii.Error, KeyError, NotJsonError, TypeError, ValueError) as error:
        raise Unauthenticated("What the platform says of the caller cannot be read.") from error
    return claims


def _members(principal: object) -> list[dict[str, Any]]:
    if not isinstance(principal, dict) or not isinstance(principal["claims"], list):
        raise TypeError("no claims")
    if principal["auth_typ"] != ENTRA:
        raise ValueError("another provider's claims may have the same names, and mean nothing here")
    return principal["claims"]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _one(claims: dict[str, list[str]], names: tuple[str, ...]) -> str | None:
    """Give the claim's one value; raises Unauthenticated where it is said twice, and not the same."""
    values = {value for name in names for value in claims.get(name, [])}
    if len(values) > 1:
        raise Unauthenticated(f"The token has more than one claim '{names[0]}'.")
    return next(iter(values), None)


def _guid(claims: dict[str, list[str]], names: tuple[str, ...]) -> str:
    value = _one(claims, names) or ""
    if not is_guid(value):
        raise Unauthenticated(f"The token has no claim '{names[0]}' that is a GUID.")
    return value.lower()


def _lies_ahead(expires: str, now: float) -> bool:
    return expires.isascii() and expires.isdigit() and int(expires[:15]) + CLOCK_SKEW_SECONDS > now


def _is_of_a_user(claims: dict[str, list[str]]) -> bool:
    delegated = any(name in claims for name in _SCOPE) or _one(claims, ("idtyp",)) == "user"
    return delegated or all(name not in claims for name in _APP_ID)


def _access(roles: list[str]) -> frozenset[Access]:
    if WRITE_ROLE in roles:
        return frozenset({"read", "write"})
    return frozenset({"read"}) if READ_ROLE in roles else frozenset()
