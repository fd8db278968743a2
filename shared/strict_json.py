"""JSON as RFC 8259 has it, and as it can be handed on: in UTF-8, nothing said twice, no half characters. Pure."""

import json
from typing import Never


class NotJsonError(Exception):
    """The text is not such JSON; `reason` says why, for people, and quotes nothing of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def loads(text: str | bytes) -> object:
    """Decode one document, with or without a byte order mark; raises NotJsonError."""
    try:
        text = (text if isinstance(text, bytes) else text.encode()).decode("utf-8-sig")
        document: object = json.loads(text, object_pairs_hook=_no_name_twice, parse_constant=_no_such_number)
        if "\\u" in text:  # half a surrogate pair passes the parser as an escape, and nothing after it
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise NotJsonError(f"It stops being JSON at line {error.lineno}, column {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise NotJsonError("It is not in UTF-8, or its nesting or a number in it is beyond reason.") from error
    return document


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise NotJsonError("A field stands in it twice, and cannot mean both.")
    return document


def _no_such_number(name: str) -> Never:
    raise NotJsonError(f"{name} is no number in JSON (RFC 8259 §6).")
