"""Multi Admin Approval, as Intune plays it to an app: a justification first, then a code, then a second administrator.

Source: facts.md §1. The sentences are those of public reports where there are any.
"""

import base64
import binascii
import uuid
from dataclasses import dataclass, field

from sandbox.graph_call import Call
from sandbox.graph_errors import intune_error

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
        """Let a change through that needs no approval or has it; raises what Graph answers to any other."""
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
        error = intune_error(412, "PreconditionFailed", "The change waits for the approval of another administrator.")
        error.headers = {"x-msft-approval-code": code}
        raise error


def _check_justification(header: str | None) -> None:
    if header is None:
        message = "Header 'x-msft-approval-justification' is required to request approval"
        raise intune_error(400, "BadRequest", message)
    try:
        justification = base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        justification = ""
    if not 0 < len(justification) <= LONGEST_JUSTIFICATION:
        message = "Header 'x-msft-approval-justification' must be base64 of 1 to 1024 characters"
        raise intune_error(400, "BadRequest", message)
