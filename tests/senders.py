"""What the senders of webhooks put into their headers, each as its own documentation says (facts.md §6)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

Headers = dict[str, str]
DELIVERY = "msg_p5jXN8AQM9LWM0D4loKWxJek"


def mac(secret: str | bytes, content: bytes) -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, content, hashlib.sha256).digest()


def text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def github(secret: str, body: bytes, _: float) -> Headers:
    return {"X-Hub-Signature-256": f"sha256={mac(secret, body).hex()}", "X-GitHub-Event": "issues"}


def jira(secret: str, body: bytes, _: float) -> Headers:
    return {"X-Hub-Signature": f"sha256={mac(secret, body).hex()}", "X-Atlassian-Webhook-Identifier": DELIVERY}


def zendesk(secret: str, body: bytes, now: float) -> Headers:
    timestamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "X-Zendesk-Webhook-Signature": text(mac(secret, timestamp.encode() + body)),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "X-Zendesk-Webhook-Invocation-Id": "8350205582",
    }


def pagerduty(secret: str, body: bytes, _: float) -> Headers:
    return {"X-PagerDuty-Signature": f"v1={mac(secret, body).hex()}"}


def standard_webhooks(secret: str, body: bytes, now: float) -> Headers:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = text(mac(key, f"{DELIVERY}.{int(now)}.".encode() + body))
    return {"webhook-id": DELIVERY, "webhook-timestamp": str(int(now)), "webhook-signature": f"v1,{signature}"}


def servicenow(secret: str, body: bytes, now: float) -> Headers:
    timestamp = str(int(now))
    return {"X-Signature": text(mac(secret, f"{timestamp}.".encode() + body)), "X-Timestamp": timestamp}


def freshservice(secret: str, _: bytes, __: float) -> Headers:
    return {"Authorization": f"Basic {text(f'gateway:{secret}'.encode())}"}


Sign = Callable[[str, bytes, float], Headers]
SIGNED: Mapping[str, Sign] = {
    "github": github,
    "jira": jira,
    "zendesk": zendesk,
    "pagerduty": pagerduty,
    "standard-webhooks": standard_webhooks,
}
"""By the name of the scheme."""
