"""Multi Admin Approval, as Intune plays it to an app: a justification first, then a code, then a second administrator.

Source: facts.md §1. The sentence that asks for a justification is that of public reports; the others are nobody's.
"""

import base64
import uuid
from dataclasses import dataclass, field

from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError, intune_error

LONGEST_JUSTIFICATION = 1024

Change = tuple[str, tuple[str, ...], bytes]


@dataclass
class Approvals:
    """The access policy of a tenant, if it has one, and the requests that wait for a second administrator."""

    required: bool = False
    codes: dict[Change, str] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)

    def approve_all(self) -> None:
        """Approve everything that waits."""
        self.approved |= set(self.codes.values())

    def check(self, call: Call) -> None:
        """Let a change through that needs no approval or has it, once; raises what Graph answers to any other.

        A change is the same where method, path and body are, to the byte; one that waits is not asked for again.
        """
        if not self.required:
            return
        change = (call.method, call.segments, call.body)
        code = self.codes.get(change)
        if code in self.approved and call.headers.get("x-msft-approval-code") == code:
            del self.codes[change]
            return
        _check_justification(call.headers.get("x-msft-approval-justification"))
        if code is not None:
            raise intune_error(409, "Conflict", f"An approval request for this change exists already: {code}")
        code = self.codes[change] = str(uuid.uuid4())
        message = "The change waits for the approval of another administrator."
        raise GraphError(412, "PreconditionFailed", message, nesting=1, headers={"x-msft-approval-code": code})


def _check_justification(header: str | None) -> None:
    if header is None:
        message = "Header 'x-msft-approval-justification' is required to request approval"
        raise intune_error(400, "BadRequest", message)
    try:
        justification = base64.b64decode(header, validate=True).decode()
    except ValueError:
        justification = ""
    if not 0 < len(justification) <= LONGEST_JUSTIFICATION:
        message = "Header 'x-msft-approval-justification' must be base64 of 1 to 1024 characters"
        raise intune_error(400, "BadRequest", message)
