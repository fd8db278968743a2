"""Wiring: the settings and the modules become one gateway, once per worker process."""

import functools
import os

from shared.graph import MicrosoftGraph
from shared.http import Gateway, Parts
from shared.service import AssignmentService
from shared.settings import read_settings
from shared.telemetry import quieten_libraries


def gateway() -> Gateway:
    """Give the gateway; nothing is read from the environment and no client is made before the first request."""
    return Gateway(functools.cache(_parts))


def _parts() -> Parts:
    quieten_libraries()
    settings = read_settings(os.environ)
    graph = MicrosoftGraph(settings.graph_base_url, settings.cloud.scope, settings.client_id)
    service = AssignmentService(
        graph,
        settings.guardrails,
        writes_enabled=settings.writes_enabled,
        require_group_check=settings.require_group_check,
    )
    return Parts(service, settings.deadline_seconds, settings.base_url)
