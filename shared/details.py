"""What an answer can carry besides its sentence: broken rules, things to choose from, Graph's own words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One broken rule: the field of the request (or the name of the setting), and the rule in words."""

    field: str
    message: str


@dataclass(frozen=True)
class Choice:
    """Something to choose: the id is for machines, the name for people."""

    id: str
    name: str


@dataclass(frozen=True)
class GraphError:
    """What Microsoft Graph said when it refused, with Intune's nested message unwrapped.

    `approval_code` names the request that waits for a second administrator (Multi Admin Approval).
    """

    status: int
    code: str
    message: str
    request_id: str | None
    approval_code: str | None
