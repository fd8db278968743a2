"""What callers get apart from Graph's own bodies: problems, a dry run's preview, lists."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.details import Choice, FieldError
from shared.errors import GatewayError


class Body(BaseModel):
    """A JSON body of ours: camelCase by alias, and what is not known is left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)

    def encoded(self) -> bytes:
        """Give the body's bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class ProblemGraph(Body):
    """What Microsoft Graph said."""

    status: int
    code: str
    message: str
    request_id: str | None
    approval_code: str | None


class Problem(Body):
    """An error as `application/problem+json` (RFC 9457), with a stable `code` to branch on."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    errors: list[FieldError] | None = None
    candidates: list[Choice] | None = None
    graph: ProblemGraph | None = None

    @classmethod
    def of(cls, error: GatewayError, client_request_id: str) -> Self:
        """Put an error into words for the caller."""
        return cls(
            type=f"urn:intune-gateway:{error.code}",
            title=error.title,
            status=error.status,
            detail=error.detail,
            instance=f"urn:uuid:{client_request_id}",
            code=error.code,
            retryable=error.retryable,
            errors=list(error.errors) or None,
            candidates=list(error.candidates) or None,
            graph=ProblemGraph(**vars(error.graph)) if error.graph else None,
        )


class PlannedRequest(Body):
    """The request to Graph that a change takes, as it would be sent."""

    method: str
    url: str
    body: dict[str, Any] | None


class Preview(Body):
    """What a request would do. `target` is Graph's, with the group's `name` where it may be read.

    `rule` is the guardrail that lets it through. Taking away what is not there has neither rule, request nor target.
    """

    outcome: Literal["wouldCreate", "wouldDelete", "unchanged"]
    rule: str | None = None
    request: PlannedRequest | None = None
    configuration: Choice
    target: dict[str, Any] | None = None
    filter: Choice | None = None
    member_count: int | None = None
    existing: list[dict[str, Any]]


class ListedAssignments(Body):
    """Assignments as Graph returned them, with `groupName` and `filterName` where they may be read."""

    value: list[dict[str, Any]]


class Choices(Body):
    """What a drop-down offers, in the order of the names."""

    value: list[Choice]
