"""What only the emulated Graph can be told and asked by a test, below `/_sandbox/`."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.assignment_types import listed, read_target
from sandbox.command import Command, done
from sandbox.tenant import DuplicateAnswer, Tenant, assignment_filter, configuration, group

Identifier = Annotated[str, Field(default_factory=lambda: str(uuid.uuid4()))]


class Duplicates(Command):
    """What a second POST for one slot is answered with."""

    answer: DuplicateAnswer


class Paging(Command):
    """How many members a page has at most."""

    size: PositiveInt


class Filters(Command):
    """What becomes of a filter that is written to beta."""

    answer: Literal["applied", "dropped"]


class Approval(Command):
    """Whether a second administrator is wanted, and whether one approves now what waits."""

    required: bool
    approved: bool = False


class NewConfiguration(Command):
    """A configuration to add."""

    id: Identifier
    name: str
    type: str = "windows10CustomConfiguration"


class NewGroup(Command):
    """A group to add."""

    id: Identifier
    name: str
    members: NonNegativeInt = 0


class NewFilter(Command):
    """An assignment filter to add."""

    id: Identifier
    name: str
    platform: str = "windows10AndLater"


class NewAssignment(Command):
    """An assignment to add, past all checks but that of its target."""

    configuration: str
    target: dict[str, Any]


class Additions(Command):
    """What is to be in the tenant besides."""

    configurations: tuple[NewConfiguration, ...] = ()
    groups: tuple[NewGroup, ...] = ()
    filters: tuple[NewFilter, ...] = ()
    assignments: tuple[NewAssignment, ...] = ()


class GraphControls:
    """The commands, each a path of its own."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        """List the paths below `/_sandbox`."""
        commands = {
            "/duplicates": self.post_duplicates,
            "/paging": self.post_paging,
            "/filters": self.post_filters,
            "/approval": self.post_approval,
            "/add": self.post_additions,
        }
        posts = [Route(path, handler, methods=["POST"]) for path, handler in commands.items()]
        return [Route("/assignments", self.get_assignments), *posts]

    async def get_assignments(self, _: Request) -> Response:
        """Show everything that is assigned, by configuration, as beta shows it."""
        stored = self._tenant.assignments.items()
        return JSONResponse({key: [listed(one, key, "beta") for one in of.values()] for key, of in stored})

    async def post_duplicates(self, request: Request) -> Response:
        """Choose the answer to a duplicate."""
        self._tenant.duplicates = (await Duplicates.read(request)).answer
        return done()

    async def post_paging(self, request: Request) -> Response:
        """Choose the size of a page."""
        self._tenant.page_size = (await Paging.read(request)).size
        return done()

    async def post_filters(self, request: Request) -> Response:
        """Choose what becomes of filters."""
        self._tenant.drops_filters = (await Filters.read(request)).answer == "dropped"
        return done()

    async def post_approval(self, request: Request) -> Response:
        """Choose whether changes need approval, and approve those that wait."""
        wanted = await Approval.read(request)
        self._tenant.approvals.required = wanted.required
        if wanted.approved:
            self._tenant.approvals.approve_all()
        return done()

    async def post_additions(self, request: Request) -> Response:
        """Add to the tenant, and answer the ids of what was added."""
        wanted, tenant = await Additions.read(request), self._tenant
        for one in wanted.configurations:
            tenant.configurations[one.id] = configuration(one.id, one.type, one.name)
            tenant.assignments[one.id] = {}
        for new in wanted.groups:
            tenant.groups[new.id] = group(new.id, new.name)
            tenant.member_counts[new.id] = new.members
        for other in wanted.filters:
            tenant.filters[other.id] = assignment_filter(other.id, other.name, other.platform, "")
        assigned = [(each.configuration, read_target(each.target, each.configuration)) for each in wanted.assignments]
        for identifier, assignment in assigned:
            tenant.assignments[identifier][assignment.id] = assignment
        ids = {
            "configurations": [one.id for one in wanted.configurations],
            "groups": [new.id for new in wanted.groups],
            "filters": [other.id for other in wanted.filters],
            "assignments": [assignment.id for _, assignment in assigned],
        }
        return JSONResponse(ids)
