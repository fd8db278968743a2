"""JMESPath: where in a payload something is found. Compiled once, and checked further than its library does. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

MAX_CHARACTERS = 1000


class NotJmesPathError(Exception):
    """The text is not such an expression; `reason` says why, for people, and quotes nothing but names of functions."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Expression:
    """One compiled expression."""

    compiled: ParsedResult

    def of(self, payload: object) -> object:
        """Give what it finds; None also where one of its functions cannot take what is there."""
        try:
            found: object = self.compiled.search(payload)
        except (ValueError, TypeError, ArithmeticError, RecursionError):  # its own errors are ValueErrors
            return None
        return found


def expression(text: str) -> Expression:
    """Compile an expression; raises NotJmesPathError, also for what the library would find out on use only."""
    if len(text) > MAX_CHARACTERS:
        raise NotJmesPathError(f"must have at most {MAX_CHARACTERS} characters")
    try:
        compiled = jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        place = getattr(error, "lex_position", getattr(error, "lexer_position", None))
        where = "" if place is None else f", from character {place + 1} on"
        raise NotJmesPathError(f"is not JMESPath{where}") from error
    for name, arguments in _calls(compiled.parsed):
        _check_call(name, arguments)
    return Expression(compiled)


def _calls(node: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if node["type"] == "function_expression":
        yield node["value"], len(node["children"])
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _calls(child)


def _check_call(name: str, arguments: int) -> None:
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise NotJmesPathError(f"calls {name}, which is no function of JMESPath")
    signature = known["signature"]
    open_ended = bool(signature) and bool(signature[-1].get("variadic"))
    if arguments < len(signature) or (arguments > len(signature) and not open_ended):
        raise NotJmesPathError(f"calls {name} with {arguments} arguments, and it takes {len(signature)}")
