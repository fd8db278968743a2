"""Wiring: the settings and the modules become one gateway, once per worker process."""

import functools
import os

from shared.choices import Choices
from shared.gateway import Gateway, Parts
from shared.graph_calls import GraphCalls
from shared.graph_entra import GraphEntra
from shared.graph_intune import GraphIntune
from shared.resolution import Resolver
from shared.service import AssignmentService
from shared.settings import read_settings
from shared.telemetry import quieten_libraries


def gateway() -> Gateway:
    """Give the gateway; nothing is read from the environment and no client is made before the first request."""
    return Gateway(functools.cache(_parts))


def _parts() -> Parts:
    quieten_libraries()
    settings = read_settings(os.environ)
    calls = GraphCalls(settings.graph_base_url, settings.cloud.scope, settings.client_id)
    intune, entra = GraphIntune(calls, beta_filters=settings.filters), GraphEntra(calls)
    resolver = Resolver(intune, entra, require_group_check=settings.require_group_check, filters=settings.filters)
    service = AssignmentService(intune, entra, resolver, settings.guardrails, writes_enabled=settings.writes_enabled)
    choices = Choices(intune, entra, filters=settings.filters)
    return Parts(service, choices, settings.deadline_seconds, settings.base_url)
