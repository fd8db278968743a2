"""What every error of the gateway has: the root of the tree in `errors`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar, Literal

from shared.details import Choice, FieldError, GraphError

DEFAULT_RETRY_AFTER_SECONDS = 10


class GatewayError(Exception):
    """An answer other than success; `detail` goes to the caller, so it never quotes another exception."""

    code: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    hint: ClassVar[str] = ""

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        candidates: Sequence[Choice] = (),
        graph: GraphError | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.candidates = tuple(candidates)
        self.graph = graph
        self.asked_pause_seconds = retry_after_seconds

    @property
    def retryable(self) -> bool:
        """Tell whether the same request, sent again later, may succeed."""
        return self.status in {429, 503}

    @property
    def retry_after_seconds(self) -> int | None:
        """Give the pause that the caller should make, for retryable errors only."""
        if not self.retryable:
            return None
        return DEFAULT_RETRY_AFTER_SECONDS if self.asked_pause_seconds is None else self.asked_pause_seconds

    @property
    def outcome(self) -> Literal["refused", "failed"]:
        """Say whose move it is: the caller's (`refused`, up to 422), or the gateway's and Graph's (`failed`)."""
        return "failed" if self.status >= HTTPStatus.FAILED_DEPENDENCY else "refused"
