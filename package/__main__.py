"""`python -m package [ZIP]`: builds the zip, and shows it beside what would be shipped without leaving anything out."""

import argparse
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from package.app import ROOT, app_files
from package.archive import Size, compile_all, write_zip
from package.dependencies import SITE, VERSION, install, needed

GOAL_BYTES = 19_000_000


def main() -> int:
    """Build it; gives 1 where the zip is larger than it should be, and exits where this Python cannot build it."""
    parser = argparse.ArgumentParser(prog="python -m package", description=__doc__)
    parser.add_argument("zip", nargs="?", type=Path, default=ROOT / "dist" / "gateway.zip", metavar="ZIP")
    target: Path = parser.parse_args().zip
    console = Console()
    if sys.version_info[:2] != tuple(map(int, VERSION.split("."))):
        sys.exit(f"The package is built by Python {VERSION}, which runs it, and this is {sys.version.split()[0]}.")
    target.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, console.status("Building, with everything for comparison: a minute or two."):
        sizes = build(Path(folder), target)
    console.print(_table(sizes))
    size = sizes["the package"].zipped
    console.print(f"{target.name} has {_megabytes(size)}; the goal is {_megabytes(GOAL_BYTES)} at most.")
    return 0 if size <= GOAL_BYTES else 1


def build(folder: Path, target: Path) -> dict[str, Size]:
    """Build the package and, for comparison, everything without and with byte code."""
    whole, package, other = folder / "whole", folder / "package", folder / "other.zip"
    app = app_files(ROOT)
    install(ROOT / "requirements.txt", whole / SITE)
    _copy(app, ROOT, whole)
    sources = [file for file in app if file.suffix == ".py"]
    _copy([*(whole / file.relative_to(ROOT) for file in app), *needed(whole / SITE, sources)], whole, package)
    sizes = {"everything": write_zip(whole, other)}
    compile_all(whole)
    sizes["everything, with byte code"] = write_zip(whole, other)
    compile_all(package)
    sizes["the package"] = write_zip(package, target)
    return sizes


def _copy(files: Iterable[Path], source: Path, target: Path) -> None:
    for file in files:
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _table(sizes: dict[str, Size]) -> Table:
    table = Table("")
    for column in ("zip", "files", "unpacked"):
        table.add_column(column, justify="right")
    for name, size in sizes.items():
        table.add_row(name, _megabytes(size.zipped), f"{size.files:,}".replace(",", " "), _megabytes(size.unpacked))
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
