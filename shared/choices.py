"""What drop-downs offer: configurations, groups and filters by name, kept for a minute."""

import time
from collections.abc import Awaitable, Callable, Iterable

from cachetools import TTLCache

from shared.callers import Caller
from shared.details import Choice
from shared.graph_port import Graph
from shared.guardrails import Guardrails
from shared.names import key
from shared.schemas import read_search
from shared.telemetry import Attempt

MOST_CHOICES = 100
KEPT_SECONDS = 60
KEPT_LISTS = 1000
LEAST_GROUP_CHARACTERS = 2


class Choices:
    """Offers the first hundred by name of what some rule lets the caller use.

    `filters` says whether assignment filters may be used here at all.
    """

    def __init__(
        self, graph: Graph, guardrails: Guardrails, *, filters: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._graph = graph
        self._guardrails = guardrails
        self._filters = filters
        self._kept: TTLCache[str, list[Choice]] = TTLCache(KEPT_LISTS, KEPT_SECONDS, timer=clock)

    async def configurations(self, search: str, caller: Caller, attempt: Attempt) -> list[Choice]:
        """Offer configurations with the search anywhere in the name; a blank search offers all."""
        found = await self._keeping("configurations", lambda: self._graph.intune.configuration_names(attempt))
        shown = [each for each in found if self._guardrails.shows(caller, "configurations", each.id, each.name)]
        return _first(shown, search)

    async def groups(self, search: str, caller: Caller, attempt: Attempt) -> list[Choice]:
        """Offer groups that can be assigned, whose name begins with the search: Entra knows no other way."""
        wanted = read_search(search, LEAST_GROUP_CHARACTERS)

        async def read() -> list[Choice]:
            groups = await self._graph.entra.groups_beginning_with(wanted, attempt)
            return [Choice(each.id, each.name) for each in groups if each.assignable]

        found = await self._keeping(f"groups {key(wanted)}", read)
        return _first(each for each in found if self._guardrails.shows(caller, "groups", each.id, each.name))

    async def filters(self, search: str, caller: Caller, attempt: Attempt) -> list[Choice]:
        """Offer assignment filters with the search anywhere in the name; none where they cannot be used."""
        if not self._filters or not self._guardrails.know(caller):
            return []

        async def read() -> list[Choice]:
            return [Choice(each.id, each.name) for each in await self._graph.intune.filters(attempt)]

        return _first(await self._keeping("filters", read), search)

    async def _keeping(self, name: str, read: Callable[[], Awaitable[list[Choice]]]) -> list[Choice]:
        if (kept := self._kept.get(name)) is None:
            kept = self._kept[name] = await read()
        return kept


def _first(choices: Iterable[Choice], search: str = "") -> list[Choice]:
    wanted = key(read_search(search, 0))
    found = [each for each in choices if wanted in key(each.name)]
    return sorted(found, key=lambda each: key(each.name))[:MOST_CHOICES]
