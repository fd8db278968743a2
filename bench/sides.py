"""The sides that are compared: each a function app of its own that assigns a configuration to a group."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """One of them; `creates` is how many creates a measurement of it takes."""

    name: str
    module: str
    creates: int


GATEWAY = Side("the gateway", "function_app", 400)
PER_REQUEST = Side("(a) the documented way, a client per request", "bench.documented_per_request", 40)
KEPT = Side("(b) the documented way, one client kept", "bench.documented_kept", 120)
RAW = Side("(c) raw httpx", "bench.plain_httpx", 400)

COLD_GOALS = {KEPT: 0.3, RAW: 1.5}
"""The time of the gateway as a share of the other's, at most. A first request makes a client either way."""
WARM_GOALS = {PER_REQUEST: 20, KEPT: 4, RAW: 0.7}
"""The creates per CPU second of the gateway as a multiple of the other's, at least."""
GROWTH_GOAL_MIB = 2
ACCEPT_GOAL_MS = 15
"""CPU for one webhook: verified, mapped and kept."""
IN_FLIGHT = (1, 16, 64)
