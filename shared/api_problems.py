"""What the API documents say of each problem, by its code: when it is answered. Pure."""

from collections.abc import Mapping

from shared.errors import GatewayError

WHEN: Mapping[str, str] = {
    "malformed-json": "The body is not JSON in UTF-8.",
    "unauthenticated": "There is no token, or none that can be read.",
    "signature-invalid": "The webhook does not prove that it comes from its source.",
    "forbidden": "The token is from another tenant, or lacks the app role.",
    "guardrail": "The guardrails do not allow it; the errors say what each rule lacks.",
    "writes-disabled": "The emergency stop is on: nothing is written.",
    "approval-required": "The tenant wants a second administrator to approve; graph has the approval code.",
    "configuration-not-found": "Intune has no such device configuration.",
    "group-not-found": "Entra has no such group.",
    "filter-not-found": "Intune has no such assignment filter.",
    "assignment-not-found": "The configuration has no such assignment.",
    "operation-not-found": "There is no such operation, or it is too old, or the caller may not see it.",
    "source-not-found": "No webhooks are taken under this name, or the secrets of the source are not set.",
    "ambiguous-name": "Several things bear the name; the candidates have their ids.",
    "assignment-conflict": "The group is assigned on the other side already, or the target with another filter.",
    "body-too-large": "The body has more than 64 KiB, or as a webhook more than 1 MiB.",
    "unsupported-media-type": "The body is not announced as JSON.",
    "invalid-request": "A field breaks a rule; the errors say which.",
    "graph-rejected": "Microsoft Graph does not want it; graph says why.",
    "idempotency-key-reused": "The Idempotency-Key has come with another request before; nothing was written.",
    "graph-forbidden": "The gateway lacks a permission in Microsoft Graph.",
    "identity-missing": "The gateway has no managed identity that can be used.",
    "misconfigured": "A setting of the gateway is missing or wrong; the errors name it.",
    "group-unreadable": "Groups may not be read, and what was asked takes that.",
    "filter-not-applied": "Microsoft Graph left the filter out; the detail says what is there now.",
    "throttled": "Microsoft Graph asks for a pause that is longer than the request has time.",
    "rate-limited": "The gateway asks for a pause: too many requests at once, in a minute, or too many changes.",
    "internal-error": "The gateway made a mistake: a bug.",
    "graph-unavailable": "Microsoft Graph failed or did not answer in time; nothing was written.",
    "identity-unavailable": "There was no token in time; nothing was written.",
    "outcome-unknown": "The change was sent and nobody knows yet whether it landed; the same request again settles it.",
    "in-progress": "The first request with this Idempotency-Key is still running; sent again, it gets that answer.",
    "store-unavailable": "The gateway's own store failed or did not answer in time; the same request again is safe.",
}

ERRORS: Mapping[str, type[GatewayError]] = {error.code: error for error in GatewayError.__subclasses__()}
