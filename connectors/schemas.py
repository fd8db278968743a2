"""Microsoft's JSON schemas for a connector's files, where they are at hand, brought up to date by name.

They are older than what the platform takes and `paconn` sends. Each amendment says what a schema lacks, so that
everything else in it still counts.
"""

import copy
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import json5
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "data" / "power-platform"
"""Beside the repository: they are Microsoft's, and are not in it."""

FILES = {
    "apiDefinition.swagger.json": "apiDefinition.swagger.schema.json",
    "apiProperties.json": "paconn-apiProperties.schema.json",
    "settings.json": "paconn-settings.schema.json",
}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Amendment:
    """What a schema lacks: in which object or list of it, what to add there, and how it is known."""

    schema: str
    place: tuple[str, ...]
    lacks: Mapping[str, Any] | str
    why: str


_PROPERTIES = "paconn-apiProperties.schema.json"
_SETS = {
    "type": "object",
    "required": ["uiDefinition", "values"],
    "additionalProperties": False,
    "properties": {
        "uiDefinition": {"$ref": "#/definitions/ConnectionParameter-uiDefinition"},
        "values": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "uiDefinition", "parameters"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "uiDefinition": {"$ref": "#/definitions/ConnectionParameter-uiDefinition"},
                    "parameters": {"$ref": "#/properties/properties/properties/connectionParameters"},
                },
            },
        },
    },
}
AMENDMENTS = {
    "several-ways-to-sign-in": Amendment(
        _PROPERTIES,
        ("properties", "properties", "properties"),
        {"connectionParameterSets": _SETS},
        "Microsoft documents them (multi-auth), and paconn 0.0.21 puts the secret into them.",
    ),
    "text-beside-a-field": Amendment(
        _PROPERTIES,
        ("definitions", "ConnectionParameter-uiDefinition", "properties"),
        {"schema": {"type": "object"}},
        "In parameter sets a description is shown from there only (multi-auth).",
    ),
    "redirect-address-of-ones-own": Amendment(
        _PROPERTIES,
        ("definitions", "oAuthSettings", "properties", "redirectMode", "enum"),
        "GlobalPerConnector",
        "New connectors have to have one since February 2024.",
    ),
}


def at_hand() -> bool:
    """Tell whether there is anything to validate with."""
    return all((SCHEMAS / name).exists() for name in FILES.values())


def differences(name: str, document: Schema, amendments: Iterable[Amendment] = AMENDMENTS.values()) -> Iterator[str]:
    """Tell what Microsoft's schema has against one of the connector's files."""
    schema = amended(FILES[name], amendments)
    for error in validator_for(schema)(schema).iter_errors(document):
        cause = best_match([error])
        yield f"{name}, {'/'.join(map(str, cause.absolute_path))}: {cause.message}"


def amended(name: str, amendments: Iterable[Amendment]) -> Schema:
    """Give a schema with what it lacks."""
    schema = copy.deepcopy(_read(name))
    for amendment in amendments:
        if amendment.schema == name:
            place: Any = functools.reduce(lambda part, key: part[key], amendment.place, schema)
            if isinstance(place, list):
                place.append(amendment.lacks)
            else:
                place.update(amendment.lacks)
    return schema


@functools.cache
def _read(name: str) -> Schema:
    schema: Schema = json5.loads((SCHEMAS / name).read_text("utf-8"))
    return schema
