"""`python -m chaos`: the campaign, a short one within Graph's write budget, and the control; one table for all."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from chaos.callers import WAIT_SECONDS
from chaos.campaign import Plan, Result, run, run_control
from chaos.verdict import GRACE_SECONDS

BUDGET_REQUESTS = 300
CONTROL_REQUESTS = 200


def main() -> int:
    """Run everything; gives 1 where a promise was broken, or where the control shows that nothing was tested."""
    options = _options()
    plan = Plan(options.requests, options.rate, options.in_flight, options.seed)
    short = replace(plan, requests=min(BUDGET_REQUESTS, plan.requests), writes_per_20s="100")
    control = replace(plan, requests=min(CONTROL_REQUESTS, plan.requests))
    console = Console()
    with Progress(console=console) as progress:
        results = [_watched(progress, "the gateway", plan), _watched(progress, "the same, 100 writes in 20 s", short)]
        task = progress.add_task("the SDK's own retries", total=None)
        blind = run_control(control)
        progress.update(task, total=1, completed=1)
    console.print(_table(results))
    console.print(f"The SDK's own retry handler, {control.requests} requests: {blind} writes repeated without a look.")
    kept = all(result.verdict.kept for _, _, result, _ in results)
    console.print("Every promise was kept." if kept and blind else "[bold red]Not every promise was kept.")
    return 0 if kept and blind else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="how many (default: %(default)s)")
    parser.add_argument(
        "--rate", type=float, default=0.3, help="share of Graph's calls that fail (default: %(default)s)"
    )
    parser.add_argument("--in-flight", type=int, default=16, help="how many at once (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same faults (default: %(default)s)")
    return parser.parse_args()


def _watched(progress: Progress, name: str, plan: Plan) -> tuple[str, Plan, Result, float]:
    started = time.monotonic()
    task = progress.add_task(name, total=plan.requests)
    result = run(plan, lambda: progress.advance(task))
    return name, plan, result, time.monotonic() - started


def _table(results: Sequence[tuple[str, Plan, Result, float]]) -> Table:
    table = Table("", *(name for name, _, _, _ in results))
    rows = [_rows(plan, result, seconds) for _, plan, result, seconds in results]
    labels = dict.fromkeys(label for column in rows for label in column)
    for label in sorted(labels, key=_section):
        table.add_row(label, *(column.get(label, "0") for column in rows))
    return table


def _section(label: str) -> int:
    beginnings = ("requests", "fault", "retries", "answer")
    return next((place for place, beginning in enumerate(beginnings) if label.startswith(beginning)), len(beginnings))


def _rows(plan: Plan, result: Result, seconds: float) -> dict[str, str]:
    judged = result.verdict
    return {
        "requests": f"{plan.requests} in {seconds:.0f} s",
        **{f"fault: {kind}": str(of) for kind, of in sorted(result.faults.items())},
        "retries of the callers": str(result.retries),
        **{f"answer: {answer}": str(of) for answer, of in sorted(result.answers.items())},
        "assignments wanted": str(judged.wanted),
        "assignments there": str(judged.there),
        "lost": str(judged.lost),
        "duplicated": str(judged.duplicated),
        "wider than asked": str(judged.wider),
        "there, and said not to be": str(judged.untrue),
        f"later than {WAIT_SECONDS} s + {GRACE_SECONDS} s": str(judged.late),
        "longest request": f"{judged.longest_seconds:.2f} s",
    }


if __name__ == "__main__":
    sys.exit(main())
