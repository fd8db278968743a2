"""What only the emulated Graph can be told and asked by a test, below `/_sandbox/`.

| Path | Command |
|---|---|
| `GET /assignments` | what is assigned, by configuration |
| `GET /writes` | what was sent to each place of an assignment, and whether it was sent blindly (`writes`) |
| `GET /writes/blind` | how many were sent blindly, and nothing else: the events of a long run are millions |
| `POST /add` | puts more into the tenant (`additions`), and answers the ids |
| `POST /duplicates` | `{"answer": "409"}`, or `400`, or `201`: what a second POST for one place is answered |
| `POST /filters` | `{"answer": "dropped"}`, or `applied`: whether beta takes filters or leaves them out |
| `POST /paging` | `{"size": 50}`: how many members a page has, and an expansion |
| `POST /approval` | `{"required": true}`: a second administrator is wanted; with `"approved": true` one approves all |
| `POST /budget` | `{"writes": 100, "seconds": 20, "retryAfter": true}`: more than that is throttled |
"""

from typing import Literal

from pydantic import PositiveInt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.additions import Additions, add
from sandbox.assignment_types import listed
from sandbox.budget import Budget, Spending
from sandbox.command import Command, done
from sandbox.tenant import DuplicateAnswer, Tenant
from sandbox.writes import Writes


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


class GraphControls:
    """The commands, each a path of its own."""

    def __init__(self, tenant: Tenant, writes: Writes) -> None:
        self._tenant = tenant
        self._writes = writes

    def routes(self) -> list[Route]:
        """List the paths below `/_sandbox`."""
        questions = {
            "/assignments": self.get_assignments,
            "/writes": self.get_writes,
            "/writes/blind": self.get_blind_reposts,
        }
        commands = {
            "/add": self.post_additions,
            "/duplicates": self.post_duplicates,
            "/filters": self.post_filters,
            "/paging": self.post_paging,
            "/approval": self.post_approval,
            "/budget": self.post_budget,
        }
        posts = [Route(path, handler, methods=["POST"]) for path, handler in commands.items()]
        return [*(Route(path, handler) for path, handler in questions.items()), *posts]

    async def get_assignments(self, _: Request) -> Response:
        """Show everything that is assigned, by configuration, as beta shows it."""
        stored = self._tenant.assignments.items()
        return JSONResponse({key: [listed(one, key, "beta") for one in of.values()] for key, of in stored})

    async def get_writes(self, _: Request) -> Response:
        """Show what was sent to each place of an assignment."""
        return JSONResponse(self._writes.report())

    async def get_blind_reposts(self, _: Request) -> Response:
        """Tell how many POSTs were blind."""
        return JSONResponse({"blindReposts": self._writes.blind_reposts})

    async def post_additions(self, request: Request) -> Response:
        """Add to the tenant, and answer the ids of what was added."""
        return JSONResponse(add(self._tenant, await Additions.read(request)))

    async def post_duplicates(self, request: Request) -> Response:
        """Choose the answer to a duplicate."""
        self._tenant.duplicates = (await Duplicates.read(request)).answer
        return done()

    async def post_filters(self, request: Request) -> Response:
        """Choose what becomes of filters."""
        self._tenant.drops_filters = (await Filters.read(request)).answer == "dropped"
        return done()

    async def post_paging(self, request: Request) -> Response:
        """Choose the size of a page."""
        self._tenant.page_size = (await Paging.read(request)).size
        return done()

    async def post_approval(self, request: Request) -> Response:
        """Choose whether changes need approval, and approve those that wait."""
        wanted = await Approval.read(request)
        self._tenant.approvals.required = wanted.required
        if wanted.approved:
            self._tenant.approvals.approve_all()
        return done()

    async def post_budget(self, request: Request) -> Response:
        """Begin to count writes."""
        self._tenant.spending = Spending(await Budget.read(request))
        return done()
