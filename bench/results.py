"""Everything that one run of the bench has measured, round by round."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import children
from bench.children import Measured
from bench.ratios import Spread, ratio
from bench.sides import ACCEPT_GOAL_MS, COLD_GOALS, GATEWAY, GROWTH_GOAL_MIB, IN_FLIGHT, WARM_GOALS, Side

COLD_SIDES = (GATEWAY, *COLD_GOALS)
WARM_SIDES = (GATEWAY, *WARM_GOALS)
COLD_STARTS = 5
"""In each round; a start is short, and what else the machine does is soon a tenth of it."""
MEMORY_CREATES = 10_000
ACCEPTS = 300


@dataclass
class Results:
    """The measurements; those made one after the other stand at the same place in each list."""

    cold: dict[Side, list[Measured]] = field(default_factory=lambda: {side: [] for side in COLD_SIDES})
    warm: dict[Side, list[list[Measured]]] = field(default_factory=lambda: {side: [] for side in WARM_SIDES})
    memory: Measured = field(default_factory=dict)
    accepts: list[dict[str, Measured]] = field(default_factory=list)
    imports: list[tuple[str, float]] = field(default_factory=list)

    def cold_ratio(self, side: Side) -> Spread:
        """Give the seconds of the gateway's cold start as a share of the other's."""
        return ratio(*([each["wall"] for each in self.cold[one]] for one in (GATEWAY, side)))

    def warm_ratio(self, side: Side, place: int) -> Spread:
        """Give the gateway's creates per CPU second as a multiple of the other's; `place` is that in IN_FLIGHT."""
        return ratio(*([per_cpu_second(each[place]) for each in self.warm[one]] for one in (GATEWAY, side)))

    def growth_mib(self) -> float:
        """Give how much the gateway's peak of memory has grown between the first create and the last."""
        return float(self.memory["peak_kib"] - self.memory["first_kib"]) / 1024

    def accept_ms(self, store: str, what: str) -> Spread:
        """Give the CPU milliseconds of a webhook that is `accepted`, or only tried (`dry_run`)."""
        return Spread.of([each[store][what]["cpu"] for each in self.accepts])

    def heaviest_imports(self) -> list[tuple[str, int, float]]:
        """Give the ten packages that take longest to import: name, modules, milliseconds."""
        modules = Counter(_package(name) for name, _ in self.imports)
        own: dict[str, float] = defaultdict(float)
        for name, milliseconds in self.imports:
            own[_package(name)] += milliseconds
        return [(package, modules[package], own[package]) for package in sorted(own, key=own.__getitem__)[:-11:-1]]

    def missed(self) -> list[str]:
        """Name the goals that were not met."""
        cold = [f"cold: {side.name}" for side, most in COLD_GOALS.items() if self.cold_ratio(side).median > most]
        warm = [
            f"{in_flight} in flight: {side.name}"
            for side, least in WARM_GOALS.items()
            for place, in_flight in enumerate(IN_FLIGHT)
            if self.warm_ratio(side, place).median < least
        ]
        accepts = [
            f"a webhook kept by {store}"
            for store in self.accepts[0]
            if self.accept_ms(store, "accepted").median > ACCEPT_GOAL_MS
        ]
        return [*cold, *warm, *accepts, *(["memory"] if self.growth_mib() > GROWTH_GOAL_MIB else [])]


def measure(rounds: int, told: Callable[[str], object]) -> Results:
    """Measure all of it; `told` hears what has been measured, step by step."""
    results = Results()
    for side in COLD_SIDES:  # once for the byte code, which is not what is measured
        children.cold(side)
    for number in range(1, rounds + 1):
        for _ in range(COLD_STARTS):
            for side in COLD_SIDES:
                results.cold[side].append(children.cold(side))
        told(f"cold, round {number}")
        for side in WARM_SIDES:
            results.warm[side].append(children.warm(side))
            told(f"warm, round {number}: {side.name}")
        results.accepts.append(children.accepted(ACCEPTS))
        told(f"webhooks, round {number}")
    results.imports = children.imported(GATEWAY)
    results.memory = children.memory(GATEWAY, MEMORY_CREATES)
    told("memory")
    return results


def steps(rounds: int) -> int:
    """Give how often `measure` tells something."""
    return rounds * (2 + len(WARM_SIDES)) + 1


def per_cpu_second(stage: Measured) -> float:
    """Give the creates per CPU second of a stage."""
    return float(stage["creates"] / stage["cpu"])


def _package(module: str) -> str:
    return module.partition(".")[0]
