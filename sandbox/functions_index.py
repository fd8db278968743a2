"""The functions of an app folder, found and checked on start-up as the Azure Functions worker and host do it."""

import importlib.util
import inspect
import json
import re
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import azure.functions as func  # noqa: TID251 - because this is the host's side of azure.functions

_PARAMETER = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?::(?P<constraint>\w+))?\}")
_GUID = r"[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}"
_CONSTRAINTS = {None: r"(?s:.+)", "guid": _GUID, "int": r"[+-]?[0-9]+"}


class RouteTemplate:
    """A route such as `configurations/{id:guid}/assignments`, matched segment by segment without regard to case.

    Raises ValueError for what the sandbox does not know: other constraints, optional and catch-all parameters.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self._segments = [_segment(segment, template) for segment in template.split("/")]

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Give the values of the parameters, or None when the path is another one."""
        if len(segments) != len(self._segments):
            return None
        values = {}
        for text, (name, pattern) in zip(segments, self._segments, strict=True):
            if not pattern.fullmatch(text):
                return None
            if name:
                values[name] = text
        return values


def _segment(segment: str, template: str) -> tuple[str | None, re.Pattern[str]]:
    parameter = _PARAMETER.fullmatch(segment)
    if parameter and parameter["constraint"] in _CONSTRAINTS:
        return parameter["name"], re.compile(_CONSTRAINTS[parameter["constraint"]], re.IGNORECASE)
    if not segment or not set(segment).isdisjoint("{}*"):
        raise ValueError(f"The route {template!r} has a segment that the sandbox does not know: {segment!r}.")
    return None, re.compile(re.escape(segment), re.IGNORECASE)


def path_segments(raw_path: str) -> list[str]:
    """Split a path as it came over the wire; a trailing slash is ignored and `%2F` stays, as in ASP.NET Core."""
    segments = raw_path.removeprefix("/").removesuffix("/").split("/")
    return ["%2F".join(unquote(part) for part in re.split("%2[Ff]", segment)) for segment in segments]


@dataclass(frozen=True)
class IndexedFunction:
    """One function of the app; `bindings` is what the worker tells the host, in the spelling of `function.json`."""

    name: str
    handler: Callable[..., Any]
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The one binding that starts the function."""
        return next(binding for binding in self.bindings if binding["type"].endswith("Trigger"))

    @property
    def auth_level(self) -> str:
        """`anonymous`, `function` (which is the default) or `admin`."""
        return str(self.trigger.get("authLevel", "function")).lower()

    @property
    def directory(self) -> str:
        """The folder of the file in which the handler is written, as the worker has it."""
        return str(Path(inspect.getfile(self.handler)).parent)

    @property
    def takes_context(self) -> bool:
        """Whether the handler asks for the invocation context."""
        return "context" in inspect.signature(self.handler).parameters

    def route(self, prefix: str) -> RouteTemplate:
        """Give the route below the host's prefix; a function without one is found under its name."""
        return RouteTemplate("/".join(filter(None, [prefix, self.trigger.get("route") or self.name])))

    def allows(self, method: str) -> bool:
        """Say whether the trigger takes this method; one that names no methods takes all of them."""
        return method in self.trigger.get("methods", [method])


def index(app_folder: Path) -> list[IndexedFunction]:
    """Import the folder's `function_app.py` afresh and list its functions, in the order in which the host routes.

    That order is the alphabet's, without regard to case: azure-functions-host, `FunctionMetadataManager`.
    Raises ValueError where the worker would refuse the app.
    """
    functions = [_indexed(function) for function in _function_app(_imported(app_folder)).get_functions()]
    return sorted(functions, key=lambda function: function.name.upper())


def route_prefix(app_folder: Path) -> str:
    """Read the prefix of every route from `host.json`: `api` unless it says otherwise."""
    return str(host_settings(app_folder).get("extensions", {}).get("http", {}).get("routePrefix", "api")).strip("/")


def host_settings(app_folder: Path) -> dict[str, Any]:
    """Read `host.json`."""
    host: dict[str, Any] = json.loads((app_folder / "host.json").read_text(encoding="utf-8"))
    return host


def _imported(app_folder: Path) -> ModuleType:
    file = app_folder / "function_app.py"
    spec = importlib.util.spec_from_file_location("function_app", file)
    if spec is None or spec.loader is None or not file.exists():
        raise ValueError(f"There is no function_app.py in {app_folder}.")
    if str(app_folder) not in sys.path:
        sys.path.insert(0, str(app_folder))
    module = importlib.util.module_from_spec(spec)
    sys.modules["function_app"] = module
    spec.loader.exec_module(module)
    return module


def _function_app(module: ModuleType) -> func.FunctionRegister:
    found = [name for name, value in vars(module).items() if isinstance(value, func.FunctionRegister)]
    if len(found) != 1:
        names = ", ".join(found) or "none"
        raise ValueError(f"function_app.py must define exactly one FunctionApp under one name; found: {names}.")
    app: func.FunctionRegister = getattr(module, found[0])
    return app


def _indexed(function: func.Function) -> IndexedFunction:
    bindings = tuple(json.loads(binding) for binding in function.get_raw_bindings())
    indexed = IndexedFunction(str(function.get_function_name()), function.get_user_function(), bindings)
    typing.get_type_hints(indexed.handler)  # the worker does, and fails on an annotation that does not resolve
    bound = {binding["name"] for binding in bindings} - {"$return"}
    parameters = set(inspect.signature(indexed.handler).parameters)
    if parameters - {"context"} != bound - {"context"}:
        raise ValueError(
            f"The parameters of the function {indexed.name} are {sorted(parameters)}, its bindings are {sorted(bound)}."
        )
    return indexed
