"""The error tree: everything the gateway answers that is not a success.

    GatewayError
    ├── 400  MalformedJson
    ├── 401  Unauthenticated, SignatureInvalid
    ├── 403  Forbidden, GuardrailRefused, WritesDisabled, ApprovalRequired
    ├── 404  ConfigurationNotFound, GroupNotFound, FilterNotFound, AssignmentNotFound, OperationNotFound, SourceNotFound
    ├── 409  AmbiguousName, AssignmentConflict
    ├── 413  BodyTooLarge
    ├── 415  UnsupportedMediaType
    ├── 422  InvalidRequest, GraphRejected, IdempotencyKeyReused
    ├── 424  GraphForbidden, IdentityMissing, Misconfigured, GroupUnreadable, FilterNotApplied
    ├── 429  Throttled, RateLimited
    ├── 500  InternalError
    └── 503  GraphUnavailable, IdentityUnavailable, OutcomeUnknown, InProgress, StoreUnavailable

Flows and Logic Apps retry 408, 429 and 5xx by themselves and nothing else, so a fault that lasts is never 5xx, and
one that passes always is. The one exception is `InternalError`, which is a bug.
"""

from shared.gateway_error import GatewayError as GatewayError  # noqa: PLC0414 - the root belongs to the tree


class MalformedJson(GatewayError):
    """The body is not JSON (RFC 8259), or says the same thing twice."""

    code, title, status = "malformed-json", "The body is not valid JSON", 400


class Unauthenticated(GatewayError):
    """Nobody knows who is asking: there is no principal of the platform's, or none that can be read."""

    code, title, status = "unauthenticated", "Nobody knows who is asking", 401


class SignatureInvalid(GatewayError):
    """A webhook does not prove that it comes from its source."""

    code, title, status = "signature-invalid", "The webhook is not proven to be genuine", 401


class Forbidden(GatewayError):
    """The caller is known, and has no part here: another tenant, or no app role for this."""

    code, title, status = "forbidden", "The caller may not do this", 403


class GuardrailRefused(GatewayError):
    """No rule of the guardrails lets this caller do this; `errors` says what each rule lacks."""

    code, title, status = "guardrail", "Not allowed by the guardrails", 403


class WritesDisabled(GatewayError):
    """The emergency stop is on: `WRITES_ENABLED` is false."""

    code, title, status = "writes-disabled", "Writing is switched off", 403


class ApprovalRequired(GatewayError):
    """The tenant wants a second administrator (Multi Admin Approval) before anything is written."""

    code, title, status = "approval-required", "Another administrator has to approve", 403


class ConfigurationNotFound(GatewayError):
    """Intune knows no device configuration of that id or name."""

    code, title, status = "configuration-not-found", "No such configuration", 404
    hint = "Settings-catalog policies live elsewhere in Graph and cannot be assigned here."


class GroupNotFound(GatewayError):
    """Entra knows no group of that id or name."""

    code, title, status = "group-not-found", "No such group", 404
    hint = "A group made a moment ago can take a while to be seen."


class FilterNotFound(GatewayError):
    """Intune knows no assignment filter of that id or name."""

    code, title, status = "filter-not-found", "No such assignment filter", 404


class AssignmentNotFound(GatewayError):
    """The configuration has no assignment of that id."""

    code, title, status = "assignment-not-found", "No such assignment", 404


class OperationNotFound(GatewayError):
    """There is no such operation, it is too old to be kept, or the caller may not see it."""

    code, title, status = "operation-not-found", "There is no such operation", 404


class SourceNotFound(GatewayError):
    """No webhooks are taken under this name, or the settings with the source's secrets are not set."""

    code, title, status = "source-not-found", "There is no such source of webhooks", 404


class AmbiguousName(GatewayError):
    """Several things bear the name; `candidates` gives their ids to choose from."""

    code, title, status = "ambiguous-name", "The name means several things", 409


class AssignmentConflict(GatewayError):
    """The group is already assigned on the other side, or the target with another filter."""

    code, title, status = "assignment-conflict", "Another assignment is in the way", 409


class BodyTooLarge(GatewayError):
    """The body is longer than the gateway reads."""

    code, title, status = "body-too-large", "The body is too large", 413


class UnsupportedMediaType(GatewayError):
    """The body is not announced as JSON."""

    code, title, status = "unsupported-media-type", "The body must be JSON", 415


class InvalidRequest(GatewayError):
    """The body is JSON, but not a request; `errors` names each field and the rule it breaks."""

    code, title, status = "invalid-request", "The request breaks a rule", 422


class GraphRejected(GatewayError):
    """Graph understood the request and does not want it."""

    code, title, status = "graph-rejected", "Microsoft Graph rejected the request", 422


class IdempotencyKeyReused(GatewayError):
    """The caller has sent another request with this `Idempotency-Key` before."""

    code, title, status = "idempotency-key-reused", "The key belongs to another request", 422


class GraphForbidden(GatewayError):
    """Graph does not let the gateway's identity do this; the detail names the permission."""

    code, title, status = "graph-forbidden", "The gateway lacks a permission", 424


class IdentityMissing(GatewayError):
    """The platform gives the app no token for its managed identity, and will not later."""

    code, title, status = "identity-missing", "The gateway has no usable identity", 424


class Misconfigured(GatewayError):
    """A setting is missing or wrong; `errors` names each by its name."""

    code, title, status = "misconfigured", "The gateway is not configured", 424


class GroupUnreadable(GatewayError):
    """Groups may not be read, and what was asked takes that: a name, or a check that the installation insists on."""

    code, title, status = "group-unreadable", "The gateway may not read groups", 424


class FilterNotApplied(GatewayError):
    """Graph accepted an assignment with a filter and made one without: the detail says what is there now."""

    code, title, status = "filter-not-applied", "Microsoft Graph left the filter out", 424


class Throttled(GatewayError):
    """Graph's limit is reached; nothing was written."""

    code, title, status = "throttled", "Microsoft Graph asks for a pause", 429


class RateLimited(GatewayError):
    """The gateway itself has enough to do; nothing was written."""

    code, title, status = "rate-limited", "The gateway asks for a pause", 429


class InternalError(GatewayError):
    """A bug in the gateway."""

    code, title, status = "internal-error", "The gateway made a mistake", 500


class GraphUnavailable(GatewayError):
    """Graph failed or did not answer in time; nothing was written."""

    code, title, status = "graph-unavailable", "Microsoft Graph is not available", 503


class IdentityUnavailable(GatewayError):
    """The identity endpoint failed in a way that passes; nothing was written."""

    code, title, status = "identity-unavailable", "The identity endpoint is not available", 503


class OutcomeUnknown(GatewayError):
    """A write was sent and nobody can say whether it landed; sending the same request again settles it."""

    code, title, status = "outcome-unknown", "The outcome is not known yet", 503


class InProgress(GatewayError):
    """The first request with this `Idempotency-Key` is still running. Not a 409: that would end a flow's run."""

    code, title, status = "in-progress", "The first request with this key is still running", 503


class StoreUnavailable(GatewayError):
    """The ledger or the queue failed in a way that may pass; sending the same request again is safe."""

    code, title, status = "store-unavailable", "The store is not available", 503
