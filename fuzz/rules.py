"""What is checked, and what the requests are made of besides chance."""

from collections.abc import Collection
from typing import Any

from sandbox.tenant import (
    ANDROID_WORK_PROFILE,
    CORPORATE_WINDOWS,
    GROUP_SOUTH,
    IOS_BASELINE,
    PILOT,
    RECENT_IOS,
    RESTRICTIONS,
    SALES,
    WIFI_HQ,
)

DICTIONARIES = {
    "configurations": [WIFI_HQ, RESTRICTIONS, IOS_BASELINE, ANDROID_WORK_PROFILE],
    "groups": [PILOT, SALES, GROUP_SOUTH],
    "filters": [CORPORATE_WINDOWS, RECENT_IOS],
    "assigned": [RESTRICTIONS, WIFI_HQ],
    "assignments": [f"{RESTRICTIONS}_{PILOT}", f"{WIFI_HQ}_{PILOT}", f"{WIFI_HQ}_{SALES}"],
    "words": ["SG-", "Wi-Fi", "win11"],
}
"""What there is in the sandbox: chance would never hit upon a GUID."""

SLOW_SECONDS = 30
PHASES = ("examples", "coverage", "fuzzing", "stateful")
BY_CHANCE = PHASES[2:]
"""What is different in every round; the others follow from the document alone."""

FIELDS = {
    "path.configurationId": "assigned",
    "path.assignmentId": "assignments",
    "query.search": "words",
    "body.configurationId": "configurations",
    "body.groupId": "groups",
    "body.filterId": "filters",
}


def configuration(url: str, key: str, examples: int, seed: int, phases: Collection[str]) -> dict[str, Any]:
    """Give the configuration of schemathesis: all checks, all phases."""
    return {
        "seed": seed,
        "cache": {"enabled": False},  # the same seed, the same requests
        "base-url": url,
        "headers": {"x-functions-key": key},
        "dictionaries": {name: {"values": values} for name, values in DICTIONARIES.items()},
        "parameters": {field: {"dictionary": name, "probability": 0.5} for field, name in FIELDS.items()},
        "generation": {"mode": "all", "max-examples": examples, "database": "none"},
        "checks": {"enabled": True, "max_response_time": SLOW_SECONDS},
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "continue-on-failure": True,
    }
