"""The faults of the campaign, as rules of the emulated Graph (`sandbox/faults.py` says what each does)."""

from typing import Any

READ = r"/(deviceConfigurations|groups|assignmentFilters)"

READ_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retryAfter": "1"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "retryAfter": "0"},
    {"kind": "status", "status": 504, "nested": 2},
    {"kind": "drop", "when": "before"},
    {"kind": "drop", "when": "after"},
    {"kind": "html"},
    {"kind": "body", "body": '{"value": [', "truncate": True},
    {"kind": "body", "body": ""},
    {"kind": "delay", "seconds": 0.3},
]
WRITE_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retryAfter": "1"},
    {"kind": "status", "status": 408, "commit": True},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 500, "commit": True},
    {"kind": "status", "status": 503, "retryAfter": "0"},
    {"kind": "status", "status": 503, "retryAfter": "0", "commit": True},
    {"kind": "status", "status": 504},
    {"kind": "status", "status": 504, "commit": True},
    {"kind": "drop", "when": "before"},
    {"kind": "drop", "when": "after"},
    {"kind": "html", "commit": True},
    {"kind": "body", "status": 201, "body": "", "commit": True},
    {"kind": "body", "status": 201, "body": '{"id": "', "truncate": True, "commit": True},
    {"kind": "delay", "seconds": 0.3, "when": "after"},
    {"kind": "late", "status": 504},
    {"kind": "late"},
]
FAULTS = [
    *({**fault, "method": "GET", "path": READ} for fault in READ_FAULTS),
    *({**fault, "method": "POST", "path": READ} for fault in WRITE_FAULTS),
]
