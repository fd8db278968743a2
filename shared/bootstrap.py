"""Wiring: the settings and the modules become one gateway, once per worker process."""

import functools
import os

from shared.choices import Choices
from shared.exactly_once import Writer
from shared.gateway import Gateway, Parts
from shared.graph_calls import GraphCalls
from shared.graph_entra import GraphEntra
from shared.graph_intune import GraphIntune
from shared.graph_port import Graph
from shared.resolution import Resolver
from shared.service import AssignmentService
from shared.settings import read_settings
from shared.telemetry import quieten_libraries
from shared.write_budget import WriteBudget


def gateway() -> Gateway:
    """Give the gateway; nothing is read from the environment and no client is made before the first request."""
    return Gateway(functools.cache(_parts))


def _parts() -> Parts:
    quieten_libraries()
    settings = read_settings(os.environ)
    calls = GraphCalls(settings.graph_base_url, settings.cloud.scope, settings.client_id)
    graph = Graph(GraphIntune(calls, beta_filters=settings.filters), GraphEntra(calls))
    resolver = Resolver(graph, require_group_check=settings.require_group_check, filters=settings.filters)
    writer = Writer(graph.intune, WriteBudget(settings.writes_per_20s))
    service = AssignmentService(graph, resolver, writer, settings.guardrails, writes_enabled=settings.writes_enabled)
    choices = Choices(graph, filters=settings.filters)
    return Parts(service, choices, settings.deadline_seconds, settings.base_url)
