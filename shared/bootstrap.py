"""Wiring: the settings and the modules become one gateway, once per worker process."""

import functools
import logging
import os

from shared.choices import Choices
from shared.exactly_once import Writer
from shared.gateway import Gateway, Parts
from shared.graph_calls import GraphCalls
from shared.graph_entra import GraphEntra
from shared.graph_intune import GraphIntune
from shared.graph_port import Graph
from shared.guard import Guard
from shared.guardrails import NARROW
from shared.rate_limit import RateLimit
from shared.resolution import Resolver
from shared.service import AssignmentService
from shared.settings import read_settings, read_site
from shared.telemetry import quieten_libraries
from shared.write_budget import WriteBudget

_LOG = logging.getLogger("gateway")


def gateway() -> Gateway:
    """Give the gateway; nothing is read from the environment and no client is made before the first request."""
    return Gateway(functools.cache(_parts), lambda: read_site(os.environ))


def _parts() -> Parts:
    quieten_libraries()
    settings = read_settings(os.environ)
    calls = GraphCalls(settings.graph_base_url, settings.cloud.scope, settings.client_id)
    graph = Graph(GraphIntune(calls, beta_filters=settings.filters), GraphEntra(calls))
    resolver = Resolver(graph, require_group_check=settings.require_group_check, filters=settings.filters)
    if settings.guardrails is NARROW:
        _LOG.warning("There is no GUARDRAILS document: any configuration may be assigned to any group, nothing wider.")
    guard = Guard(settings.guardrails, graph.entra)
    writer = Writer(graph.intune, WriteBudget(settings.writes_per_20s))
    service = AssignmentService(graph, resolver, guard, writer, writes_enabled=settings.writes_enabled)
    choices = Choices(graph, settings.guardrails, filters=settings.filters)
    rate_limit = RateLimit(settings.requests_per_minute)
    return Parts(settings.authentication, rate_limit, service, choices, settings.deadline_seconds, settings.base_url)
