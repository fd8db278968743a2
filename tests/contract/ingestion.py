"""Azure Monitor's ingestion endpoint, as far as the exporter speaks to it: takes everything, keeps it, says so."""

import gzip
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]


class Ingestion:
    """What has been exported: envelopes, each with its kind in `data.baseType` (Application Insights' own schema)."""

    def __init__(self) -> None:
        self.envelopes: list[Json] = []
        routes = [
            Route("/v2.1/track", self._take, methods=["POST"]),
            Route("/QuickPulseService.svc/ping", _nobody_watches, methods=["POST"]),
        ]
        self.application = Starlette(routes=routes)

    def of(self, kind: str) -> list[Json]:
        """Give the data of all envelopes of one kind, each with its trace id as `trace` and its parent as `parent`."""
        return [
            {
                **envelope["data"]["baseData"],
                "trace": envelope["tags"].get("ai.operation.id"),
                "parent": envelope["tags"].get("ai.operation.parentId"),
            }
            for envelope in self.envelopes
            if envelope["data"]["baseType"] == kind
        ]

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        taken = json.loads(body)
        self.envelopes += taken
        return JSONResponse({"itemsReceived": len(taken), "itemsAccepted": len(taken), "errors": []})


async def _nobody_watches(_: Request) -> Response:
    return Response(headers={"x-ms-qps-subscribed": "false"})
