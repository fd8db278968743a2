"""`python -m chaos.flooding`: the flood, and one table for what came of it."""

import argparse
import statistics
import sys
import time

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from chaos.flood import Flood, FloodPlan, flood


def main() -> int:
    """Run the flood; gives 1 where a promise was broken."""
    options = _options()
    plan = FloodPlan(options.deliveries, options.in_flight, options.kills, options.seed)
    console, started = Console(), time.monotonic()
    with Progress(console=console) as progress:
        task = progress.add_task("deliveries", total=plan.deliveries)
        result = flood(plan, lambda: progress.advance(task))
    console.print(_table(plan, result, time.monotonic() - started))
    console.print("Every promise was kept." if result.kept else "[bold red]Not every promise was kept.")
    return 0 if result.kept else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos.flooding", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=5_000, help="how many (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=16, help="how many at once (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=2, help="how often the gateway is killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same flood (default: %(default)s)")
    return parser.parse_args()


def _table(plan: FloodPlan, result: Flood, seconds: float) -> Table:
    table = Table("", "the gateway")
    ordered = sorted(result.seconds)
    rows = {
        "deliveries": f"{plan.deliveries} in {seconds:.0f} s, work included",
        **{f"sent: {kind}": of for kind, of in sorted(result.sent.items())},
        "kills": plan.kills,
        "sent again, unanswered or put off": result.again,
        **{f"answer: {status}": of for status, of in sorted(result.statuses.items())},
        "answered within, half of them": f"{statistics.median(ordered):.3f} s",
        "answered within, 99 of 100": f"{ordered[len(ordered) * 99 // 100]:.3f} s",
        "the longest": f"{ordered[-1]:.3f} s",
        "genuine events": result.events,
        **{f"operations: {outcome}": of for outcome, of in sorted(result.outcomes.items())},
        "lost": result.lost,
        "done twice": result.duplicated,
        "forged and done": result.forged_done,
        "answered untruly": result.untrue,
    }
    for label, value in rows.items():
        table.add_row(label, str(value))
    return table


if __name__ == "__main__":
    sys.exit(main())
