"""The floor: the same requests to Graph and to the identity endpoint with httpx alone, and nothing of the gateway's.

No SDK, no identity library, no guardrails, no audit event, and an answer that is not 201 is not understood.
"""

import asyncio
import functools
import os
import time
from typing import Any

import azure.functions as func
import httpx

from shared.schemas import AssignmentRequest

TOKEN_MARGIN_SECONDS = 300

app = func.FunctionApp()


class Graph:
    """One client with one token."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=120)
        self._client = httpx.AsyncClient(limits=limits, timeout=30, trust_env=False)
        self._base_url = f"{os.environ['GRAPH_BASE_URL']}/v1.0"
        self._token, self._expires_on = "", 0.0
        self._lock = asyncio.Lock()

    async def get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        """Read one object."""
        response = await self._client.get(f"{self._base_url}/{path}", params=query, headers=await self._headers())
        document: dict[str, Any] = response.raise_for_status().json()
        return document

    async def post(self, path: str, body: object) -> httpx.Response:
        """Write one object."""
        response = await self._client.post(f"{self._base_url}/{path}", json=body, headers=await self._headers())
        return response.raise_for_status()

    async def _headers(self) -> dict[str, str]:
        async with self._lock:
            if self._expires_on - time.time() < TOKEN_MARGIN_SECONDS:
                await self._renew_token()
        return {"Authorization": f"Bearer {self._token}"}

    async def _renew_token(self) -> None:
        query = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}
        headers = {"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]}
        response = await self._client.get(os.environ["IDENTITY_ENDPOINT"], params=query, headers=headers)
        answer = response.raise_for_status().json()
        self._token, self._expires_on = answer["access_token"], float(answer["expires_on"])


@functools.cache
def _graph() -> Graph:
    return Graph()


@app.route("assignments", methods=[func.HttpMethod.POST])
async def create_assignment(req: func.HttpRequest) -> func.HttpResponse:
    """Assign a configuration to a group."""
    graph, wanted = _graph(), AssignmentRequest.parse(req.get_json())
    path = f"deviceManagement/deviceConfigurations/{wanted.configuration_id}"
    configuration, group = await asyncio.gather(
        graph.get(path, {"$select": "id,displayName", "$expand": "assignments"}),
        graph.get(f"groups/{wanted.group_id}", {"$select": "id,displayName,securityEnabled,groupTypes"}),
    )
    if not group["securityEnabled"]:
        return func.HttpResponse(status_code=404)
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group["id"]}
    if any(each["target"] == target for each in configuration["assignments"]):
        return func.HttpResponse(status_code=200)
    body = {"@odata.type": "#microsoft.graph.deviceConfigurationAssignment", "target": target}
    created = await graph.post(f"{path}/assignments", body)
    return func.HttpResponse(created.content, status_code=created.status_code, mimetype="application/json")
