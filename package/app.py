"""The app's own files in the package: what `.funcignore` lets through of the repository."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def app_files(root: Path) -> list[Path]:
    """Give the files of the repository that are shipped, in the order of their names."""
    lines = (root / ".funcignore").read_text("utf-8").splitlines()
    return list(_let_through(root, [line.rstrip("/") for line in lines if line and not line.startswith("#")]))


def _let_through(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not any(fnmatch(path.name, pattern) for pattern in ignored):
            yield from _let_through(path, ignored) if path.is_dir() else [path]
