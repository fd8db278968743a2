"""One method for each HTTP function: parse, identify the caller, validate, have it carried out, answer."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.answers import Choices as ChoicesBody
from shared.answers import ListedAssignments, Preview
from shared.callers import Caller
from shared.choices import Choices
from shared.details import Choice
from shared.documents import Site, openapi_json, swagger_json
from shared.entrance import Entrance, Parts
from shared.errors import Misconfigured
from shared.exactly_once import Written
from shared.http import (
    IDEMPOTENCY_KEY,
    Request,
    Response,
    client_request_id,
    in_time,
    json_body,
    problem,
    query,
    success,
)
from shared.schemas import AssignmentRequest, Purpose, read_assignment_id, read_configuration_id, read_purpose
from shared.telemetry import Attempt

if TYPE_CHECKING:  # as in `tickets`
    from shared.tickets import Tickets

Offer = Callable[[str, Caller, Attempt], Awaitable[list[Choice]]]


class Gateway:
    """Answers requests; `parts` raises Misconfigured until the settings are right."""

    def __init__(self, parts: Callable[[], Parts], site: Callable[[], Site]) -> None:
        self._entrance = Entrance(parts)
        self._site = site

    @functools.cached_property
    def tickets(self) -> "Tickets":
        """What answers webhooks, and does the work that they leave behind."""
        from shared.tickets import Tickets  # noqa: PLC0415 - a create needs none of it at the cold start

        return Tickets(self._entrance)

    async def create_assignment(self, request: Request) -> Response:
        """Answer POST `/assignments`."""
        return await self._entrance.answered(request, "create_assignment", self._create)

    async def list_assignments(self, request: Request) -> Response:
        """Answer GET `/configurations/{configurationId}/assignments`."""
        return await self._entrance.answered(request, "list_assignments", self._list)

    async def get_assignment(self, request: Request) -> Response:
        """Answer GET `/configurations/{configurationId}/assignments/{assignmentId}`."""
        return await self._entrance.answered(request, "get_assignment", self._get)

    async def delete_assignment(self, request: Request) -> Response:
        """Answer DELETE of the same."""
        return await self._entrance.answered(request, "delete_assignment", self._delete)

    async def list_configurations(self, request: Request) -> Response:
        """Answer GET `/configurations`."""
        return await self._offered(request, "list_configurations", lambda choices: choices.configurations)

    async def list_groups(self, request: Request) -> Response:
        """Answer GET `/groups`."""
        return await self._offered(request, "list_groups", lambda choices: choices.groups)

    async def list_filters(self, request: Request) -> Response:
        """Answer GET `/filters`."""
        return await self._offered(request, "list_filters", lambda choices: choices.filters)

    def get_health(self, request: Request) -> Response:
        """Answer GET `/health`: anonymous, so it names settings and the rules they break, and nothing else."""
        attempt = Attempt(client_request_id(request), "get_health", outcome="read")
        try:
            self._entrance.parts().webhooks()
        except Misconfigured as error:
            # A probe takes the app out of service on a 5xx, and on nothing else.
            return problem(error, attempt.client_request_id, HTTPStatus.SERVICE_UNAVAILABLE)
        return success(HTTPStatus.OK, b'{"status":"ready"}', attempt)

    async def get_openapi(self, request: Request) -> Response:
        """Answer GET `/openapi.json`: anonymous, and also where settings are missing or wrong."""
        return await _document(request, "get_openapi", openapi_json, self._site())

    async def get_swagger(self, request: Request) -> Response:
        """Answer GET `/swagger.json`: the same."""
        return await _document(request, "get_swagger", swagger_json, self._site())

    async def _create(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "write", attempt)
        document = json_body(request)
        attempt.asked = AssignmentRequest.told(document)
        asked = AssignmentRequest.parse(document)
        attempt.asked = asked.model_dump(by_alias=True, exclude_none=True)

        async def created() -> Response:
            work = parts.service.create(asked, caller, attempt)
            return _created(await in_time(request, parts.deadline_seconds, work, attempt), parts.base_url, attempt)

        if IDEMPOTENCY_KEY not in request.headers:
            return await created()
        from shared.repeats import Repeats  # noqa: PLC0415 - most requests come without a key, and need no store

        repeats = Repeats(parts.stores().ledger, parts.deadline_seconds)
        return await repeats.answered(request, caller, attempt, created)

    async def _list(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "read", attempt)
        work = parts.service.assignments(_configuration_id(request, attempt), caller, attempt)
        listed = ListedAssignments(value=await in_time(request, parts.deadline_seconds, work, attempt))
        return _read(listed.encoded(), attempt)

    async def _get(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "read", attempt)
        work = parts.service.assignment(*_assignment_address(request, attempt), caller, attempt)
        return _read(await in_time(request, parts.deadline_seconds, work, attempt), attempt)

    async def _delete(self, request: Request, attempt: Attempt) -> Response:
        parts, caller = await self._entrance.begin(request, "write", attempt)
        address = _assignment_address(request, attempt)
        given = query(request)
        attempt.asked = {**attempt.asked, **Purpose.told(dict(given))}
        purpose = read_purpose(given)
        attempt.asked = {**attempt.asked, **purpose.model_dump(by_alias=True, exclude_none=True)}
        work = parts.service.delete(*address, purpose, caller, attempt)
        outcome = await in_time(request, parts.deadline_seconds, work, attempt)
        if isinstance(outcome, Preview):
            return _planned(outcome, attempt)
        attempt.outcome = outcome
        return success(HTTPStatus.NO_CONTENT, b"", attempt)

    async def _offered(self, request: Request, action: str, kind: Callable[[Choices], Offer]) -> Response:
        async def offer(request: Request, attempt: Attempt) -> Response:
            parts, caller = await self._entrance.begin(request, "read", attempt)
            search = request.params.get("search", "")
            work = kind(parts.choices)(search, caller, attempt)
            offered = await in_time(request, parts.deadline_seconds, work, attempt)
            return _read(ChoicesBody(value=offered).encoded(), attempt)

        return await self._entrance.answered(request, action, offer)


async def _document(request: Request, action: str, made: Callable[[Site], bytes], site: Site) -> Response:
    # In a thread: making the first one takes longer than a create.
    return success(
        HTTPStatus.OK, await asyncio.to_thread(made, site), Attempt(client_request_id(request), action, outcome="read")
    )


def _configuration_id(request: Request, attempt: Attempt) -> str:
    configuration_id = read_configuration_id(request.route_params["configurationId"])
    attempt.asked = {"configurationId": configuration_id}
    return configuration_id


def _assignment_address(request: Request, attempt: Attempt) -> tuple[str, str]:
    configuration_id = _configuration_id(request, attempt)
    assignment_id = read_assignment_id(request.route_params["assignmentId"], configuration_id)
    attempt.asked = {"configurationId": configuration_id, "assignmentId": assignment_id}
    return configuration_id, assignment_id


def _created(written: Written | Preview, base_url: str, attempt: Attempt) -> Response:
    if isinstance(written, Preview):
        return _planned(written, attempt)
    attempt.outcome = written.outcome
    if written.outcome == "unchanged":
        return success(HTTPStatus.OK, written.body, attempt)
    configuration_id = attempt.resolved["configurationId"]
    path = f"configurations/{configuration_id}/assignments/{quote(written.assignment.id, safe='')}"
    return success(HTTPStatus.CREATED, written.body, attempt, {"Location": f"{base_url}/api/{path}"})


def _planned(preview: Preview, attempt: Attempt) -> Response:
    attempt.outcome = "planned"
    return success(HTTPStatus.OK, preview.encoded(), attempt)


def _read(body: bytes, attempt: Attempt) -> Response:
    attempt.outcome = "read"
    return success(HTTPStatus.OK, body, attempt)
