"""What proves that a webhook is genuine: one row for each sender's scheme, and the one way all are checked. Pure.

Headers come as the platform hands them over, one text for each name; of a header sent twice that is both values with
a comma between, which no signature, timestamp or secret has in it. Where a sender puts several signatures into one
header, the comma or blank between them is the scheme's own, and one that matches is enough.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import SignatureInvalid

Hash = Literal["sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64"]

WINDOW_SECONDS = 300
BODY, TIMESTAMP, ID = "{body}", "{timestamp}", "{id}"

_PART = re.compile(r"(\{(?:body|timestamp|id)\})")
_UNIX_SECONDS = re.compile(r"[0-9]{1,11}")
_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{8,16}([Zz]|[+-][0-9]{2}:[0-9]{2})")
_ID = re.compile(r"[!-+\-/-~]{1,255}")  # no full stop, which ends an id where it is signed; no comma, so not two
_WHSEC = "whsec_"


@dataclass(frozen=True)
class Signature:
    """The sender signs with a secret that it shares with us.

    `signed` says what: `{body}`, `{timestamp}` and `{id}` stand for the body and for two headers, anything else for
    itself. `between` parts several signatures in the header. A key is the secret as it stands, or what the secret is
    the base64 of. The id is the delivery's own, the same however often it is sent.
    """

    header: str
    prefix: str = ""
    encoding: Encoding = "hex"
    hash: Hash = "sha256"
    signed: str = BODY
    between: str | None = None
    key: Literal["text", "base64"] = "text"
    timestamp_header: str | None = None
    window_seconds: int = WINDOW_SECONDS
    id_header: str | None = None


@dataclass(frozen=True)
class SharedSecret:
    """The sender sends the secret itself: in a header, or as the password of this user (Basic, RFC 7617)."""

    header: str = "Authorization"
    user: str | None = None


@dataclass(frozen=True)
class Principal:
    """The platform has checked a token of Microsoft Entra ID already; who may send is the caller's to decide."""


Scheme = Signature | SharedSecret | Principal

SIGNATURES: Mapping[str, Signature] = {
    "github": Signature("X-Hub-Signature-256", "sha256="),
    "jira": Signature("X-Hub-Signature", "sha256="),
    "zendesk": Signature(
        "X-Zendesk-Webhook-Signature",
        encoding="base64",
        signed=TIMESTAMP + BODY,
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
        id_header="X-Zendesk-Webhook-Invocation-Id",
    ),
    "pagerduty": Signature("X-PagerDuty-Signature", "v1=", between=","),
    "standard-webhooks": Signature(
        "webhook-signature",
        "v1,",
        encoding="base64",
        signed=f"{ID}.{TIMESTAMP}.{BODY}",
        between=" ",
        key="base64",
        timestamp_header="webhook-timestamp",
        id_header="webhook-id",
    ),
}
"""The schemes that have nothing to choose (facts.md §6)."""


def verify(scheme: Scheme, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> str | None:
    """Give the delivery's id, by which it is known again when it is sent again; None where the sender has none.

    `now` is in Unix seconds, and each of the secrets is as good as the others. Raises SignatureInvalid.
    Where no id is named, what was signed is the id: an id that is not signed could be another one in every replay,
    which only a signed timestamp keeps within its window.
    """
    match scheme:
        case Signature():
            return _signed(scheme, headers, body, secrets, now)
        case SharedSecret():
            shown = _shown(scheme, _required(headers, scheme.header)) or b""
            user = "" if scheme.user is None else f"{scheme.user}:"
            expected = [f"{user}{secret}".encode(errors="surrogatepass") for secret in secrets if secret]
            _refuse_unless([hmac.compare_digest(shown, each) for each in expected])
    return None


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Give a header's value, whatever the case of its name; of one that stands there twice, both with a comma."""
    values = [value for each, value in headers.items() if each.lower() == name.lower()]
    return ",".join(values) if values else None


def parts(signed: str) -> list[str]:
    """Cut what is signed into its parts, each a placeholder or a text for itself."""
    return [part for part in _PART.split(signed) if part]


def _signed(
    scheme: Signature, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float
) -> str | None:
    given = _required(headers, scheme.header)
    values = {BODY: body}
    if scheme.timestamp_header:
        values[TIMESTAMP] = (timestamp := _required(headers, scheme.timestamp_header)).encode(errors="surrogatepass")
        _refuse_outside(timestamp, now, scheme.window_seconds)
    identifier = _identifier(scheme, headers)
    if identifier is not None:
        values[ID] = identifier.encode()
    content = b"".join(values[part] if part in values else part.encode() for part in parts(scheme.signed))
    candidates = list(_candidates(scheme, given))
    expected = [hmac.digest(key, content, scheme.hash) for key in _keys(scheme, secrets)]
    _refuse_unless([hmac.compare_digest(mac, candidate) for mac in expected for candidate in candidates])
    return identifier or f"sha256:{hashlib.sha256(content).hexdigest()}"


def _identifier(scheme: Signature, headers: Mapping[str, str]) -> str | None:
    if not scheme.id_header:
        return None
    identifier = _required(headers, scheme.id_header)
    if not _ID.fullmatch(identifier):
        raise SignatureInvalid(f"The header {scheme.id_header} is not an id, or stands there twice.")
    return identifier


def _candidates(scheme: Signature, given: str) -> Iterator[bytes]:
    """Give the signatures in the header, decoded; what is none of this scheme's is passed over."""
    for text in given.split(scheme.between) if scheme.between else [given]:
        entry = text.strip(" ")
        if entry.startswith(scheme.prefix):
            decoded = _decoded(entry.removeprefix(scheme.prefix), scheme.encoding)
            if decoded is not None:
                yield decoded


def _decoded(text: str, encoding: Encoding) -> bytes | None:
    """Decode a text with nothing in it that does not belong there; base64 with all of its padding or with none."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, validate=True)
    except ValueError:  # what binascii raises, also for what is not ASCII
        return None
    # The last character has bits that decoding drops: of the several texts for these bytes only one counts.
    return decoded if base64.b64encode(decoded).decode() == padded else None


def _keys(scheme: Signature, secrets: Sequence[str]) -> list[bytes]:
    """Give the keys that the secrets stand for; an empty one, with which anybody could sign, is none."""
    if scheme.key == "base64":
        decoded = [_decoded(secret.removeprefix(_WHSEC), "base64") for secret in secrets]
    else:
        decoded = [secret.encode(errors="surrogatepass") for secret in secrets]
    return [key for key in decoded if key]


def _shown(scheme: SharedSecret, given: str) -> bytes | None:
    """Give what the sender shows in its header; None where that is not what the scheme says."""
    if scheme.user is None:
        return given.encode(errors="surrogatepass")
    kind, _, credentials = given.partition(" ")
    return _decoded(credentials.strip(" "), "base64") if kind.lower() == "basic" else None


def _required(headers: Mapping[str, str], name: str) -> str:
    if not (value := (header(headers, name) or "").strip(" ")):
        raise SignatureInvalid(f"The header {name} is missing.")
    return value


def _refuse_outside(timestamp: str, now: float, window_seconds: int) -> None:
    moment = moment_of(timestamp)
    if moment is None:
        raise SignatureInvalid("The timestamp is neither in Unix seconds nor a date and time (RFC 3339).")
    if abs(now - moment) > window_seconds:
        raise SignatureInvalid(f"The timestamp is more than {window_seconds} s away from now.")


def moment_of(timestamp: str) -> float | None:
    """Give a timestamp in Unix seconds; None where it is none."""
    if _UNIX_SECONDS.fullmatch(timestamp):
        return float(timestamp)
    if not _DATE_AND_TIME.fullmatch(timestamp):
        return None
    try:
        return datetime.fromisoformat(timestamp.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def _refuse_unless(matches: list[bool]) -> None:
    # A list, so that every secret has been tried before anything is said: time must not tell which.
    if not any(matches):
        raise SignatureInvalid("It was sent without a secret that is known here, or is not what was signed.")
