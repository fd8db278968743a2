"""The results as Markdown tables."""

from collections.abc import Iterable, Sequence
from statistics import median

from bench.results import COLD_SIDES, MEMORY_CREATES, WARM_SIDES, Results, per_cpu_second
from bench.sides import ACCEPT_GOAL_MS, COLD_GOALS, GATEWAY, GROWTH_GOAL_MIB, IN_FLIGHT, WARM_GOALS


def tables(results: Results) -> str:
    """Write all of them, each under its heading."""
    parts = (_cold, _warm, _accepts, _memory, _imports)
    return "\n\n".join(part(results) for part in parts)


def _cold(results: Results) -> str:
    rows = []
    for side in COLD_SIDES:
        measured = results.cold[side]
        wall, cpu = (f"{median(each[what] for each in measured):.2f}" for what in ("wall", "cpu"))
        goal = f"{results.cold_ratio(side)}, at most {COLD_GOALS[side]}" if side is not GATEWAY else ""
        rows.append((side.name, wall, cpu, measured[0]["models"], goal))
    head = ("", "seconds to the first 201", "CPU seconds", "modules of `msgraph.generated`", "share that we take, goal")
    return "### A cold start\n\n" + _table(head, rows)


def _warm(results: Results) -> str:
    rows = []
    for place, in_flight in enumerate(IN_FLIGHT):
        for side in WARM_SIDES:
            stages = [each[place] for each in results.warm[side]]
            cpu = median(map(per_cpu_second, stages))
            wall = median(each["creates"] / each["wall"] for each in stages)
            p50, p99 = (f"{median(each[what] for each in stages):.1f}" for what in ("p50", "p99"))
            goal = f"{results.warm_ratio(side, place)}, at least {WARM_GOALS[side]}" if side is not GATEWAY else ""
            rows.append((in_flight, side.name, f"{cpu:.0f}", f"{wall:.0f}", p50, p99, goal))
    head = ("in flight", "", "creates per CPU second", "per second", "p50 ms", "p99 ms", "multiple that we do, goal")
    return "### Creates, one after the other and at once\n\n" + _table(head, rows)


def _accepts(results: Results) -> str:
    rows = [
        (
            store,
            results.accept_ms(store, "dry_run"),
            f"{results.accept_ms(store, 'accepted')}, at most {ACCEPT_GOAL_MS}",
            f"{median(each[store]['accepted']['wall'] for each in results.accepts):.1f}",
        )
        for store in results.accepts[0]
    ]
    head = ("kept by", "verified and mapped, CPU ms", "and kept, CPU ms, goal", "ms until it is answered")
    return "### Webhooks, one after the other\n\n" + _table(head, rows)


def _memory(results: Results) -> str:
    first, last = (f"{results.memory[what] / 1024:.1f}" for what in ("first_kib", "peak_kib"))
    row = (first, last, f"{results.growth_mib():.1f}, at most {GROWTH_GOAL_MIB}")
    head = ("peak after the first create, MiB", f"after {MEMORY_CREATES} more", "growth, goal")
    return "### Memory of the gateway\n\n" + _table(head, [row])


def _imports(results: Results) -> str:
    total = sum(milliseconds for _, milliseconds in results.imports)
    rows = [(f"`{name}`", of, f"{milliseconds:.0f}") for name, of, milliseconds in results.heaviest_imports()]
    rows.append(("all", len(results.imports), f"{total:.0f}"))
    return "### What the gateway imports\n\n" + _table(("package", "modules", "ms (`-X importtime`)"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
