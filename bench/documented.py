"""Assigning through Graph's SDK as its documentation has it: typed models in, typed models out."""

import asyncio
import json
import os

import azure.functions as func
from azure.core.credentials_async import AsyncTokenCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.device_management.device_configurations.item.device_configuration_item_request_builder import (
    DeviceConfigurationItemRequestBuilder,
)
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
from msgraph.generated.models.device_configuration import DeviceConfiguration
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph.generated.models.group_assignment_target import GroupAssignmentTarget
from msgraph.graph_service_client import GraphServiceClient

from shared.schemas import AssignmentRequest

Configuration = DeviceConfigurationItemRequestBuilder.DeviceConfigurationItemRequestBuilderGetQueryParameters
Group = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters


def client(credential: AsyncTokenCredential) -> GraphServiceClient:
    """Make the SDK's client as its documentation does, and point it at the emulated Graph."""
    graph = GraphServiceClient(credentials=credential, scopes=["https://graph.microsoft.com/.default"])
    graph.request_adapter.base_url = f"{os.environ['GRAPH_BASE_URL']}/v1.0"
    return graph


async def create(graph: GraphServiceClient, wanted: AssignmentRequest) -> func.HttpResponse:
    """Look whether the group is assigned, assign it where it is not, and answer the assignment's id."""
    item = graph.device_management.device_configurations.by_device_configuration_id(str(wanted.configuration_id))
    configuration, group = await asyncio.gather(
        item.get(RequestConfiguration(query_parameters=Configuration(["assignments"], ["id", "displayName"]))),
        graph.groups.by_group_id(str(wanted.group_id)).get(
            RequestConfiguration(query_parameters=Group(select=["id", "displayName", "securityEnabled", "groupTypes"]))
        ),
    )
    if configuration is None or group is None or not group.security_enabled or not group.id:
        return func.HttpResponse(status_code=404)
    if _is_assigned(configuration, group.id):
        return func.HttpResponse(status_code=200)
    created = await item.assignments.post(
        DeviceConfigurationAssignment(
            odata_type="#microsoft.graph.deviceConfigurationAssignment",
            target=GroupAssignmentTarget(odata_type="#microsoft.graph.groupAssignmentTarget", group_id=group.id),
        )
    )
    body = json.dumps({"id": created.id if created else None})
    return func.HttpResponse(body, status_code=201, mimetype="application/json")


def _is_assigned(configuration: DeviceConfiguration, group_id: str) -> bool:
    targets = [assignment.target for assignment in configuration.assignments or []]
    return any(isinstance(target, GroupAssignmentTarget) and target.group_id == group_id for target in targets)
