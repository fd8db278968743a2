"""Access tokens of the sandbox: the emulated identity endpoint issues them, the emulated Graph verifies them.

They are real JSON Web Tokens (RFC 7519), signed with a constant key, so that the two programs share no state.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import jwt

ALGORITHM = "HS256"
SIGNING_KEY = "a constant of the sandbox, known to everybody, good for nothing else"
TENANT_ID = "7e000000-0000-4000-8000-000000000001"
PRINCIPAL_ID = "1d000000-0000-4000-8000-000000000001"
CLIENT_ID = "1d000000-0000-4000-8000-0000000000c1"
LIFETIME_SECONDS = 3600

# facts.md §1: the hosts of the four clouds.
AUDIENCES = frozenset(
    {
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    },
)


@dataclass(eq=False)
class InvalidTokenError(Exception):
    """The token cannot be believed; `message` is the sentence that Graph answers with (read in public reports)."""

    message: str


def issue(resource: str, roles: Sequence[str], client_id: str = CLIENT_ID, expires_on: int | None = None) -> str:
    """Sign a token for the resource; `expires_on` is in Unix seconds and may lie in the past."""
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS if expires_on is None else expires_on,
        "appid": client_id,
        "oid": PRINCIPAL_ID,
        "tid": TENANT_ID,
        "roles": list(roles),
    }
    return jwt.encode(claims, SIGNING_KEY, algorithm=ALGORITHM)


def verified_roles(authorization: str) -> frozenset[str]:
    """Check an `Authorization` header and give the roles in its token; raises `InvalidTokenError`."""
    token = _bearer(authorization)
    if not token:
        raise InvalidTokenError("Access token is empty.")
    try:
        claims = jwt.decode(
            token,
            SIGNING_KEY,
            algorithms=[ALGORITHM],
            audience=AUDIENCES,
            options={"require": ["exp", "aud"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise InvalidTokenError("Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidAudienceError as error:
        raise InvalidTokenError("Access token validation failure. Invalid audience.") from error
    except jwt.InvalidSignatureError as error:
        raise InvalidTokenError("Access token validation failure. Invalid signature.") from error
    except jwt.InvalidTokenError as error:
        raise InvalidTokenError("CompactToken parsing failed with error code: 80049217") from error
    return frozenset(claims.get("roles", []))


@lru_cache(maxsize=16)
def claimed_audience(authorization: str) -> str | None:
    """Read the audience out of an `Authorization` header without believing it; None where there is none to read.

    The journal asks this of every request, and a token serves for an hour of them.
    """
    try:
        claims = jwt.decode(_bearer(authorization), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return str(claims["aud"]) if "aud" in claims else None


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
