"""Wiring: the settings and the modules become one gateway, once per worker process."""

import functools
import logging
import os
from typing import TYPE_CHECKING

from shared.choices import Choices
from shared.details import FieldError
from shared.entrance import Parts
from shared.errors import Misconfigured
from shared.exactly_once import Writer
from shared.gateway import Gateway
from shared.graph_calls import GraphCalls
from shared.graph_entra import GraphEntra
from shared.graph_intune import GraphIntune
from shared.graph_port import Graph
from shared.guard import Guard
from shared.guardrails import NARROW
from shared.rate_limit import RateLimit
from shared.resolution import Resolver
from shared.service import AssignmentService
from shared.settings import Settings, read_settings, read_site
from shared.telemetry import quieten_libraries
from shared.write_budget import WriteBudget

if TYPE_CHECKING:  # a create needs neither at the cold start
    from shared.stores import Stores
    from shared.webhooks import Webhooks

_LOG = logging.getLogger("gateway")


def gateway() -> Gateway:
    """Give the gateway; nothing is read from the environment and no client is made before the first request."""
    return Gateway(functools.cache(parts), lambda: read_site(os.environ))


def parts() -> Parts:
    """Wire everything, from the environment; raises Misconfigured."""
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
    return Parts(
        settings.authentication,
        rate_limit,
        service,
        choices,
        settings.deadline_seconds,
        settings.base_url,
        functools.cache(lambda: _webhooks(settings)),
        functools.cache(lambda: _stores(settings)),
        settings.retention,
    )


def _webhooks(settings: Settings) -> "Webhooks":
    from shared.sources import Sources  # noqa: PLC0415 - a create needs none of it at the cold start
    from shared.webhooks import Webhooks  # noqa: PLC0415 - as above

    sources = Sources.parse(settings.webhooks).sources if settings.webhooks else {}
    return Webhooks(sources, os.environ, settings.authentication)


def _stores(settings: Settings) -> "Stores":
    if settings.store and settings.queue:
        from shared.stores import open_stores  # noqa: PLC0415 - as above

        return open_stores(settings.store, settings.queue, settings.client_id)
    places = {"OPERATIONS_STORE": settings.store, "OPERATIONS_QUEUE": settings.queue}
    raise Misconfigured(
        "Work can only be kept where OPERATIONS_STORE and OPERATIONS_QUEUE say where.",
        errors=[FieldError(name, "is missing") for name, place in places.items() if place is None],
    )
