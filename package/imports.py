"""What the source of one module imports and names, read without running it. Pure."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Imports:
    """The imports of one module, absolute: `at_once` when it is imported itself, `within` each function when it runs.

    `from a import b` counts as both `a` and `a.b`, since either may be a module. What stands behind `TYPE_CHECKING`
    never runs. A function in a function, or in a class in one, counts as part of the outermost; methods go by their
    bare names. `names` is every name that the module reads, calls or looks up on anything.
    """

    at_once: set[str] = field(default_factory=set)
    within: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: set[str] = field(default_factory=set)

    def all(self) -> set[str]:
        """Give every import, wherever it stands."""
        return self.at_once.union(*self.within.values())


def read(source: bytes, package: str) -> Imports:
    """Read a module; `package` is what its relative imports start from."""
    reader = _Reader(package)
    reader.visit(ast.parse(source))
    return reader.found


class _Reader(ast.NodeVisitor):
    def __init__(self, package: str) -> None:
        self.found = Imports()
        self._package = package
        self._function: str | None = None

    def visit_If(self, node: ast.If) -> None:
        runs = ast.unparse(node.test) not in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for part in [node.test, *(node.body if runs else []), *node.orelse]:
            self.visit(part)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outermost = self._function is None
        self._function = self._function or node.name
        self.generic_visit(node)
        if outermost:
            self._function = None

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._take(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            package = self._package.split(".")
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
        self._take([base, *(f"{base}.{alias.name}" for alias in node.names)])

    def visit_Name(self, node: ast.Name) -> None:
        self.found.names.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.found.names.add(node.attr)
        self.generic_visit(node)

    def _take(self, modules: Iterable[str]) -> None:
        (self.found.within[self._function] if self._function else self.found.at_once).update(modules)
