"""Configurations, assignments and filters through Graph's official SDK: each request as the SDK's builders make it.

Answers are read from Graph's own bytes: turning them into the SDK's models would load 1 224 modules and take over a
second the first time (facts.md §2).
"""

import base64
import json
from typing import Any

import httpx
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.device_management.device_configurations.device_configurations_request_builder import (
    DeviceConfigurationsRequestBuilder,
)
from msgraph.generated.device_management.device_configurations.item.assignments.assignments_request_builder import (
    AssignmentsRequestBuilder,
)
from msgraph.generated.device_management.device_configurations.item.assignments.item import (
    device_configuration_assignment_item_request_builder as assignment_item,
)
from msgraph.generated.device_management.device_configurations.item.device_configuration_item_request_builder import (
    DeviceConfigurationItemRequestBuilder,
)
from msgraph.generated.models.device_and_app_management_assignment_target import DeviceAndAppManagementAssignmentTarget
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment

from shared.assignments import Assignment, Target
from shared.details import Choice
from shared.errors import GraphRejected, GraphUnavailable, OutcomeUnknown
from shared.graph_answers import (
    ASSIGNMENT,
    CONFIGURATION,
    OTHER,
    UNREADABLE,
    as_list,
    guid_of,
    json_object,
    name_of,
    reading,
    refusal,
)
from shared.graph_calls import BETA, V1, GraphCalls, asking, called
from shared.graph_port import AmbiguousWriteError, AssignmentFilter, Configuration, Created, PlannedWrite
from shared.platforms import configuration_platform, filter_platform
from shared.retries import passes
from shared.schemas import is_assignment_id
from shared.telemetry import Attempt

NOT_SETTLED = "The change was sent, nothing says that it landed, and it is not there yet. Send the same request again."

_FIELDS = ["id", "displayName"]
_Configurations = DeviceConfigurationsRequestBuilder.DeviceConfigurationsRequestBuilderGetQueryParameters
_Configuration = DeviceConfigurationItemRequestBuilder.DeviceConfigurationItemRequestBuilderGetQueryParameters


class GraphIntune:
    """Implements `graph_port.Intune`; with `beta_filters`, assignments are read where their filters are seen."""

    def __init__(self, calls: GraphCalls, *, beta_filters: bool) -> None:
        self._calls = calls
        self._version = BETA if beta_filters else V1
        self._configurations = calls.builder.device_management.device_configurations

    async def configuration(self, configuration_id: str, attempt: Attempt) -> Configuration:
        """Read a configuration with its assignments."""
        item = self._configurations.by_device_configuration_id(configuration_id)
        parameters = _Configuration(select=_FIELDS, expand=["assignments"])
        info = self._calls.addressed(item.to_get_request_information(asking(parameters)), self._version)
        configuration = await self._read(await self._calls.document(info, CONFIGURATION, attempt), attempt)
        if configuration.id != configuration_id:
            raise GraphUnavailable(UNREADABLE)
        return configuration

    async def configurations(self, name: str | None, attempt: Attempt) -> list[Configuration]:
        """Read, with their assignments, the configurations that Graph finds under a name; None: all there are."""
        parameters = _Configurations(select=_FIELDS, expand=["assignments"], filter=called(name))
        return [await self._read(each, attempt) for each in await self._list(parameters, attempt)]

    async def configuration_names(self, attempt: Attempt) -> list[Choice]:
        """Read the names of all configurations."""
        documents = await self._list(_Configurations(select=_FIELDS), attempt)
        with reading():
            return [Choice(guid_of(each), name_of(each)) for each in documents]

    async def filters(self, attempt: Attempt) -> list[AssignmentFilter]:
        """Read all assignment filters, of which a tenant has 200 at most (facts.md §1)."""
        info = self._calls.path("deviceManagement/assignmentFilters?$select=id,displayName,platform", BETA)
        documents = await self._calls.members(info, BETA, OTHER, attempt)
        with reading():
            return [
                AssignmentFilter(guid_of(each), name_of(each), filter_platform(each["platform"])) for each in documents
            ]

    async def assignment(self, configuration_id: str, assignment_id: str, attempt: Attempt) -> bytes:
        """Read one assignment and give Graph's body."""
        item = self._assignment(configuration_id, assignment_id)
        info = self._calls.addressed(item.to_get_request_information(), self._version)
        response = await self._calls.get(info, ASSIGNMENT, attempt)
        with reading():
            if Assignment.from_graph(json_object(response.content) or {}).id.lower() != assignment_id.lower():
                raise GraphUnavailable(UNREADABLE)
        return response.content

    def planned(self, configuration_id: str, target: Target) -> PlannedWrite:
        """Give the request that would create an assignment."""
        info = self._creation(configuration_id, target)
        return PlannedWrite("POST", info.url, json.loads(info.content or b""))

    def planned_deletion(self, configuration_id: str, assignment_id: str) -> PlannedWrite:
        """Give the request that would delete an assignment."""
        return PlannedWrite("DELETE", self._deletion(configuration_id, assignment_id).url, None)

    async def create_assignment(
        self, configuration_id: str, target: Target, justification: str | None, attempt: Attempt
    ) -> Created:
        """Write one assignment, once; raises AmbiguousWriteError when it may have landed."""
        info = self._creation(configuration_id, target)
        response = await self._write(info, justification, attempt)
        if response.status_code == httpx.codes.CREATED and (created := _created(response.content, target)):
            return created
        raise _failed_write(response, duplicate=True)

    async def delete_assignment(
        self, configuration_id: str, assignment_id: str, justification: str | None, attempt: Attempt
    ) -> bool:
        """Delete one assignment; False: it was gone. Raises AmbiguousWriteError when it may be gone."""
        response = await self._write(self._deletion(configuration_id, assignment_id), justification, attempt)
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        if response.status_code != httpx.codes.NO_CONTENT:
            raise _failed_write(response, duplicate=False)
        return True

    def _creation(self, configuration_id: str, target: Target) -> RequestInformation:
        """Make the POST that adds an assignment; only beta takes a filter, and v1.0 is the home of all else."""
        info = self._assignments(configuration_id).to_post_request_information(_model(target))
        return self._calls.addressed(info, BETA if target.filter else V1)

    def _deletion(self, configuration_id: str, assignment_id: str) -> RequestInformation:
        item = self._assignment(configuration_id, assignment_id)
        return self._calls.addressed(item.to_delete_request_information(), V1)

    def _assignments(self, configuration_id: str) -> AssignmentsRequestBuilder:
        return self._configurations.by_device_configuration_id(configuration_id).assignments

    def _assignment(
        self, configuration_id: str, assignment_id: str
    ) -> assignment_item.DeviceConfigurationAssignmentItemRequestBuilder:
        if not is_assignment_id(assignment_id):  # an id may come out of an answer, and `..` would lead elsewhere
            raise GraphUnavailable(UNREADABLE)
        return self._assignments(configuration_id).by_device_configuration_assignment_id(assignment_id)

    async def _write(self, info: RequestInformation, justification: str | None, attempt: Attempt) -> httpx.Response:
        if justification:
            encoded = base64.b64encode(justification.encode()).decode()
            info.headers.try_add("x-msft-approval-justification", encoded)
        try:
            response = await self._calls.write(info, attempt)
        except GraphUnavailable as error:
            raise AmbiguousWriteError(OutcomeUnknown(NOT_SETTLED), again=passes(error)) from error
        attempt.graph_request_id = response.headers.get("request-id")
        return response

    async def _list(self, parameters: _Configurations, attempt: Attempt) -> list[Any]:
        info = self._calls.addressed(self._configurations.to_get_request_information(asking(parameters)), self._version)
        return await self._calls.members(info, self._version, OTHER, attempt)

    async def _read(self, document: dict[str, Any], attempt: Attempt) -> Configuration:
        """Read a configuration with what is expanded in it, and the pages of assignments that follow."""
        with reading():
            members = as_list(document["assignments"])
            if (link := document.get("assignments@odata.nextLink")) is not None:
                page = self._calls.linked(link, self._version)
                members += await self._calls.members(page, self._version, CONFIGURATION, attempt)
            return Configuration(
                guid_of(document),
                name_of(document),
                configuration_platform(document.get("@odata.type")),
                tuple(Assignment.from_graph(each) for each in members),
            )


def _model(target: Target) -> DeviceConfigurationAssignment:
    # The base model with Graph's own properties writes every type of target, including the one no SDK has a model for.
    written = target.to_graph()
    return DeviceConfigurationAssignment(
        odata_type="#microsoft.graph.deviceConfigurationAssignment",
        target=DeviceAndAppManagementAssignmentTarget(
            odata_type=written.pop("@odata.type"), additional_data=dict(written)
        ),
    )


def _created(body: bytes, wanted: Target) -> Created | None:
    """Read Graph's 201; None when it is not the assignment that was asked for, whatever its filter."""
    try:
        assignment = Assignment.from_graph(json_object(body) or {})
    except (AttributeError, KeyError, TypeError):
        return None
    return Created(assignment, body) if assignment.target.reaches_the_same_as(wanted) else None


def _failed_write(response: httpx.Response, *, duplicate: bool) -> Exception:
    """Tell a write that Graph refused from one that may have landed: 400, 408, 409 and 5xx may have.

    `duplicate` says whether a 400 or 409 may mean that what is asked for was there before.
    """
    error = refusal(response, OTHER)
    match error:
        case GraphRejected() if response.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT}:
            return AmbiguousWriteError(error, duplicate=duplicate)
        case GraphUnavailable():
            pause = error.asked_pause_seconds
            unknown = OutcomeUnknown(NOT_SETTLED, graph=error.graph, retry_after_seconds=pause)
            return AmbiguousWriteError(unknown, again=passes(error))
        case _:
            return error
