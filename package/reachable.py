"""Which modules of a package an import can reach, starting from those who use it. Pure: the sources are only read.

A module's own imports run when it is imported. An import within a function runs when somebody calls the function, and
whoever does that names it: it counts once any of the sources at hand, the reached modules among them, has the name.
That takes in too much rather than too little. It holds only where nobody puts names together at run time, so a
reached module that could do so is not accepted.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from package.imports import Imports, read

_BY_ANY_NAME = frozenset({"import_module", "__import__", "getattr", "exec", "eval"})


class UnclearError(Exception):
    """A module may import what cannot be told from its source."""


def reachable(site: Path, package: str, users: Iterable[Imports], never_called: Collection[str]) -> set[Path]:
    """Give the files of `package`, below `site`, that can be reached from its users, and their parents' with them.

    `never_called` are functions that do not run in this app although their names are used.
    """
    search = _Search(site, package, never_called)
    for user in users:
        search.follow(Imports(user.all(), names=user.names))  # somebody else may call its functions
    return search.reached


class _Search:
    def __init__(self, site: Path, package: str, never_called: Collection[str]) -> None:
        self.reached: set[Path] = set()
        self._site = site
        self._package = package
        self._never_called = never_called
        self._named: set[str] = set()
        self._waiting: list[tuple[str, set[str]]] = []

    def follow(self, imports: Imports) -> None:
        """Reach what these imports reach, and all that follows from it."""
        todo = [imports]
        while todo:
            todo += [read for module in self._runs(todo.pop()) for read in self._reach(module)]

    def _runs(self, imports: Imports) -> set[str]:
        """Give the imports that run by now: this module's, and those of functions that have a name only now."""
        self._named |= imports.names
        self._waiting += imports.within.items()
        called = [modules for function, modules in self._waiting if self._is_called(function)]
        self._waiting = [entry for entry in self._waiting if not self._is_called(entry[0])]
        return imports.at_once.union(*called)

    def _is_called(self, function: str) -> bool:
        if function in self._never_called:
            return False
        return function in self._named or (function.startswith("__") and function.endswith("__"))

    def _reach(self, module: str) -> Iterable[Imports]:
        parts = module.split(".")
        if parts[0] != self._package:
            return
        for length in range(1, len(parts) + 1):
            found = self._file(parts[:length])
            if found and found not in self.reached:
                self.reached.add(found)
                yield self._read(found)

    def _file(self, parts: list[str]) -> Path | None:
        base = self._site.joinpath(*parts)
        return next((file for file in (base / "__init__.py", base.with_suffix(".py")) if file.is_file()), None)

    def _read(self, file: Path) -> Imports:
        imports = read(file.read_bytes(), ".".join(file.parent.relative_to(self._site).parts))
        if unclear := _BY_ANY_NAME & imports.names:
            raise UnclearError(f"{file.relative_to(self._site)} uses {', '.join(sorted(unclear))}.")
        return imports
