"""`python -m fuzz`: the campaign, its figures, and what was found."""

import argparse
import sys
import time
from collections import Counter

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from fuzz.campaign import Plan, Result, run

EXAMPLES = 450


def main() -> int:
    """Run it; gives 1 where an answer was not as described."""
    options = _options()
    console = Console()
    started = time.monotonic()
    with Progress(console=console) as progress:
        task = progress.add_task("fuzzing", total=options.cases)
        plan = Plan(options.cases, min(EXAMPLES, options.cases), options.seed)
        result = run(plan, lambda cases: progress.advance(task, cases))
    console.print(_table(result, time.monotonic() - started))
    for name, told in result.findings.items():
        console.print(f"[bold red]{name}")
        console.print(told, markup=False)
    found = len(result.findings)
    console.print(f"{found} findings." if found else "Every answer was as described.")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="how many at least (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same requests (default: %(default)s)")
    return parser.parse_args()


def _table(result: Result, seconds: float) -> Table:
    statuses = sorted({status for _, status in result.answers})
    table = Table(f"{result.cases} cases in {seconds:.0f} s", *map(str, statuses))
    by_operation: dict[str, Counter[int]] = {}
    for (operation, status), count in result.answers.items():
        by_operation.setdefault(operation, Counter())[status] += count
    for operation, counts in by_operation.items():
        table.add_row(operation, *(str(counts[status]) for status in statuses))
    table.add_section()
    rows = {"checks": Counter({"": result.checks}), "phases": result.phases, "exempted": result.exempted}
    for name, counted in rows.items():
        for each, count in counted.items():
            table.add_row(f"{name} {each}".strip(), str(count))
    return table


if __name__ == "__main__":
    sys.exit(main())
