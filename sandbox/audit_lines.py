"""The gateway's audit events as a person reads them: one short line each, in place of the JSON that Azure gets.

Whoever wants the JSON starts the host by itself: `python -m sandbox.functions_host`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_AUDIT = re.compile(r"INFO +gateway\.audit: (?P<event>\{.*\})")
_TARGET_FIELDS = ("groupName", "groupId", "collectionId", "entraObjectId")


def readable(line: str) -> str:
    """Give an audit event in words, and any other line as it stands; nothing in either steers the terminal."""
    found = _AUDIT.fullmatch(line)
    return printable(_in_words(json.loads(found["event"])) if found else line)


def printable(text: str) -> str:
    """Write as an escape whatever is not seen as a character of its own: escape sequences, bidi marks, line breaks."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _in_words(event: Mapping[str, Any]) -> str:
    _, _, time = str(event.get("at", "")).partition("T")
    code = f" ({event['code']})" if "code" in event else ""
    parts = [
        time[:8],
        event["action"],
        f"{event['outcome']}{code}",
        event.get("callerName", event.get("caller")),
        _what(event),
        event.get("ticket"),
        f"{event['milliseconds']} ms",
        *event.get("refusals", []),
    ]
    return "  ".join(["audit  ", *(str(part) for part in parts if part)])


def _what(event: Mapping[str, Any]) -> str:
    configuration = event.get("configurationName", event.get("configurationId"))
    thing = next((event[field] for field in _TARGET_FIELDS if field in event), None)
    target = " ".join(str(part) for part in (event.get("targetType"), thing) if part)
    if chosen := event.get("filterName", event.get("filterId")):
        target += f" ({event.get('filterMode')} {chosen})"
    return " \N{RIGHTWARDS ARROW} ".join(
        str(part) for part in (configuration, target or event.get("assignmentId")) if part
    )
