"""Bicep templates as they are parsed: resources, and what stands where in them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
LOGIC_APP = ROOT / "connectors/logic-apps/main.bicep"
MISSING = object()

_PARSER = BicepParser()
_BETWEEN_STATEMENTS = re.compile(
    r"\n\n(?=@|//|param |var |resource |module |output |metadata |extension |targetScope )"
)


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    file: str
    name: str
    type: str
    existing: bool
    config: Mapping[str, Any]

    def at(self, path: str) -> object:
        """Give what stands at a path such as `properties.sku.name`, or MISSING."""
        found: object = self.config
        for key in path.split("."):
            if not isinstance(found, Mapping) or key not in found:
                return MISSING
            found = found[key]
        return found

    @property
    def scope(self) -> object:
        """Give the name of the resource that it extends, or MISSING."""
        return self.at("scope")


@dataclass(frozen=True, eq=False)
class Template:
    """One parsed file."""

    file: str
    tree: Mapping[str, Any]

    @cached_property
    def resources(self) -> list[Resource]:
        """Give its resources, those that are only looked up among them."""
        return [
            Resource(self.file, name, each["type"], each["existing"], _unwrapped(each["config"]))
            for name, each in self.tree.get("resources", {}).items()
        ]

    @property
    def modules(self) -> Mapping[str, Mapping[str, Any]]:
        """Give what each module is called with, by its name."""
        return {name: _unwrapped(each["config"]) for name, each in self.tree.get("modules", {}).items()}

    def part(self, kind: str) -> Mapping[str, Any]:
        """Give the parameters, variables or outputs by their names."""
        found: Mapping[str, Any] = self.tree.get(kind, {})
        return found


def parse(file: str, text: str) -> Template:
    """Parse one file, statement by statement: those that were parsed before are not parsed again."""
    tree: dict[str, dict[str, Any]] = {}
    for statement in _BETWEEN_STATEMENTS.split(text):
        for kind, found in _parsed(statement).items():
            tree.setdefault(kind, {}).update(found)
    return Template(file, tree)


@cache
def _parsed(text: str) -> Mapping[str, Mapping[str, Any]]:
    return cast("Mapping[str, Mapping[str, Any]]", _PARSER.parse(text=f"{text}\n"))


@cache
def expression(text: str) -> object:
    """Parse an expression: what a property has to be, in Bicep's own words."""
    value: object = parse("expression", f"var it = {text}\n").part("variables")["it"]["value"]
    return value


@cache
def texts() -> Mapping[str, str]:
    """Give every template by its path in the repository."""
    files = [*sorted(INFRA.rglob("*.bicep")), LOGIC_APP]
    return {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in files}


@cache
def templates() -> Mapping[str, Template]:
    """Give every template, parsed."""
    return {file: parse(file, text) for file, text in texts().items()}


def walk(value: object) -> Iterator[object]:
    """Give a value and all that is in it."""
    yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        yield from walk(each)


def functions(value: object) -> Iterator[str]:
    """Give the names of the functions that are called in a value."""
    for each in walk(value):
        if isinstance(each, Mapping) and isinstance(call := each.get("function"), Mapping):
            yield str(call["type"])
        if isinstance(each, Mapping) and "func_name" in each:
            yield str(each["func_name"])


def said(value: object) -> str:
    """Give a value as one text, to look for words in it."""
    return json.dumps(value, default=str)


def _unwrapped(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what is in a loop or under a condition."""
    while "config" in config and ("condition" in config or "loop_type" in config):
        config = config["config"]
    return config
