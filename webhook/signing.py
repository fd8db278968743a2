"""Signing as a sender does, for payloads that nobody has sent yet."""

import base64
import hmac

from shared.signatures import BODY, ID, TIMESTAMP, Principal, Scheme, SharedSecret, Signature, parts

DELIVERY = "tried-by-hand"


def signed(scheme: Scheme, secret: str, body: bytes, now: float) -> dict[str, str]:
    """Give the headers that prove a body; raises ValueError where the secret is not of the scheme's form."""
    match scheme:
        case Principal():
            return {}
        case SharedSecret(user=None):
            return {scheme.header: secret}
        case SharedSecret():
            return {scheme.header: f"Basic {_base64(f'{scheme.user}:{secret}'.encode())}"}
        case Signature():
            return _signature(scheme, secret, body, now)


def _signature(scheme: Signature, secret: str, body: bytes, now: float) -> dict[str, str]:
    timestamp = str(int(now))
    values = {BODY: body, TIMESTAMP: timestamp.encode(), ID: DELIVERY.encode()}
    content = b"".join(values.get(part, part.encode()) for part in parts(scheme.signed))
    key = base64.b64decode(secret.removeprefix("whsec_") + "==") if scheme.key == "base64" else secret.encode()
    mac = hmac.digest(key, content, scheme.hash)
    headers = {scheme.header: scheme.prefix + (mac.hex() if scheme.encoding == "hex" else _base64(mac))}
    if scheme.timestamp_header:
        headers[scheme.timestamp_header] = timestamp
    if scheme.id_header:
        headers[scheme.id_header] = DELIVERY
    return headers


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
