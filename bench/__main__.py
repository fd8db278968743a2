"""`make bench`: measures all sides in one run, and writes the tables and the picture into docs/performance.md."""

import argparse
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress

from bench.children import PYTHON
from bench.picture import draw
from bench.results import COLD_STARTS, Results, measure, steps
from bench.tables import tables

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


def main() -> int:
    """Measure, print, write; gives 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (default: %(default)s)")
    rounds = parser.parse_args().rounds
    if not Path(PYTHON).exists():
        sys.exit("First `make closure`, which installs what is deployed and nothing else.")
    console = Console()
    with Progress(console=console) as progress:
        task = progress.add_task("measuring", total=steps(rounds))
        results = measure(rounds, lambda done: progress.update(task, advance=1, description=done))
    text = f"{_about(rounds)}\n\n{tables(results)}\n\n{_verdict(results)}"
    console.print(Markdown(text))
    _write(text)
    draw(results, DOCS / "performance.svg")
    return 1 if results.missed() else 0


def _about(rounds: int) -> str:
    return (
        f"Medians of {rounds} rounds, {COLD_STARTS} cold starts in each, with the least and the largest ratio in "
        f"brackets; Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}."
    )


def _verdict(results: Results) -> str:
    missed = results.missed()
    return f"Goals missed: {'; '.join(missed)}." if missed else "Every goal was met."


def _write(text: str) -> None:
    file = DOCS / "performance.md"
    before, _, rest = file.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
