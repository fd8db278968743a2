"""Runs the sample workflow of connectors/logic-apps against a gateway: as much of Logic Apps as the sample uses.

An action, a property or a function that is not known here fails the test that runs it. Retries are not played.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = Any
Action = Mapping[str, Any]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>\w+)|(?P<sign>\?\[|[()\[\],]))")
_TEMPLATE = re.compile(r"@\{([^}]*)\}")
_CONSTANTS = {"true": True, "false": False, "null": None}
_ACTION = {"type", "kind", "runAfter", "inputs", "limit", "operationOptions", "expression", "cases", "default"}


def tokens(expression: str) -> Iterator[tuple[str, str]]:
    """Split an expression; raises ValueError where it is none."""
    position, expression = 0, expression.rstrip()
    while position < len(expression):
        if not (found := _TOKEN.match(expression, position)):
            raise ValueError(f"{expression!r} is no expression from character {position} on.")
        position = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]
    yield "end", ""


class Evaluation:
    """Works one expression out, reading it from left to right."""

    def __init__(self, expression: str, functions: Mapping[str, Callable[..., Json]]) -> None:
        self._tokens = list(tokens(expression))
        self._functions = functions

    def result(self) -> Json:
        """Give the value; raises ValueError where something is left over."""
        value = self._value()
        self._expect("end", "")
        return value

    def _value(self) -> Json:
        kind, text = self._tokens.pop(0)
        if kind == "text":
            value: Json = text[1:-1].replace("''", "'")
        elif kind == "number":
            value = int(text)
        elif kind == "word" and text in _CONSTANTS:
            value = _CONSTANTS[text]
        elif kind == "word" and text in self._functions:
            value = self._functions[text](*self._arguments())
        else:
            raise ValueError(f"{text!r} is not known here.")
        return self._property(value)

    def _arguments(self) -> list[Json]:
        self._expect("sign", "(")
        found: list[Json] = []
        while self._tokens[0][1] != ")":
            found.append(self._value())
            if self._tokens[0][1] == ",":
                self._tokens.pop(0)
        self._expect("sign", ")")
        return found

    def _property(self, value: Json) -> Json:
        while (sign := self._tokens[0][1]) in {"[", "?["}:
            self._tokens.pop(0)
            name = self._value()
            self._expect("sign", "]")
            value = None if value is None and sign == "?[" else value.get(name) if sign == "?[" else value[name]
        return value

    def _expect(self, *token: str) -> None:
        if self._tokens[0] != token:
            raise ValueError(f"{token[1] or 'the end'!r} is missing before {self._tokens[0][1]!r}.")
        self._tokens.pop(0)


@dataclass
class Run:
    """One run: what the trigger was given, what each action gave, and the answer."""

    client: httpx.Client
    trigger: Json
    parameters: Mapping[str, str]
    statuses: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)
    answer: Json = None

    def play(self, actions: Mapping[str, Action]) -> None:
        """Carry actions out, each when those that it runs after have ended as it wants."""
        waiting = dict(actions)
        while waiting:
            name = next(name for name, action in waiting.items() if action["runAfter"].keys() <= self.statuses.keys())
            action = waiting.pop(name)
            assert action.keys() <= _ACTION, name
            fits = all(self.statuses[before] in wanted for before, wanted in action["runAfter"].items())
            self.statuses[name] = self._played(name, action) if fits else "Skipped"

    def evaluated(self, value: Json) -> Json:
        """Put values in place of the expressions in a value."""
        if isinstance(value, dict):
            return {name: self.evaluated(part) for name, part in value.items()}
        if not isinstance(value, str) or "@" not in value:
            return value
        if value.startswith("@") and not value.startswith("@{"):
            return Evaluation(value[1:], self._functions()).result()
        return _TEMPLATE.sub(lambda part: str(Evaluation(part[1], self._functions()).result()), value)

    def _played(self, name: str, action: Action) -> str:
        match action["type"]:
            case "Http":
                return self._called(name, self.evaluated(action["inputs"]))
            case "Compose":
                self.outputs[name] = self.evaluated(action["inputs"])
            case "Response":
                assert self.answer is None
                self.answer = self.evaluated(action["inputs"])
            case "Switch":
                wanted = self.evaluated(action["expression"])
                cases = [case["actions"] for case in action["cases"].values() if case["case"] == wanted]
                self.play(*cases or [action["default"]["actions"]])
            case other:
                raise ValueError(f"{other} is not known here.")
        return "Succeeded"

    def _called(self, name: str, inputs: Json) -> str:
        try:
            response = self.client.request(
                inputs["method"], inputs["uri"], headers=inputs["headers"], json=inputs["body"]
            )
        except httpx.TransportError:
            return "TimedOut"
        body = response.json() if "json" in response.headers.get("content-type", "") else None
        self.outputs[name] = {"statusCode": response.status_code, "headers": response.headers, "body": body}
        return "Succeeded" if response.is_success else "Failed"

    def _functions(self) -> Mapping[str, Callable[..., Json]]:
        return {
            "body": lambda name: self.outputs[name]["body"] if name in self.outputs else None,
            "coalesce": lambda *values: next((value for value in values if value is not None), None),
            "equals": lambda one, other: one == other,
            "if": lambda condition, one, other: one if condition else other,
            "less": lambda one, other: one < other,
            "or": lambda *conditions: any(conditions),
            "outputs": self.outputs.get,
            "parameters": self.parameters.__getitem__,
            "triggerBody": lambda: self.trigger,
        }
