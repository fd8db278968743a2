"""A custom connector's folder, read once for all rules; and the operations, parameters and fields in its definition."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

Json = dict[str, Any]
Placed = tuple[str, Json]
"""A part of the definition, with the words for where it stands."""

POWER_PLATFORM = Path(__file__).with_name("power-platform")


@dataclass(frozen=True)
class Folder:
    """What lies in it: every file by its name, and what is in those that the rules are about."""

    files: dict[str, bytes]
    definition: Json
    properties: Json
    settings: Json
    readme: str
    icon: Image.Image

    @property
    def parameter_sets(self) -> dict[str, Json]:
        """Each way of signing in: its connection's parameters by their names."""
        values = self.properties.get("connectionParameterSets", {}).get("values", ())
        return {each["name"]: each["parameters"] for each in values}

    @property
    def policies(self) -> dict[str, Json]:
        """What is done to each request on its way: parameters by the template's name."""
        return {each["templateId"]: each["parameters"] for each in self.properties.get("policyTemplateInstances", ())}

    @property
    def operations(self) -> list[Placed]:
        """Every operation, named by its id."""
        paths = self.definition["paths"].values()
        return [(str(each.get("operationId")), each) for methods in paths for each in methods.values()]

    @property
    def parameters(self) -> list[Placed]:
        """Every parameter, named by its operation and itself."""
        return [
            (f"{operation}, {parameter['name']}", parameter)
            for operation, each in self.operations
            for parameter in each.get("parameters", ())
        ]

    @property
    def fields(self) -> list[Placed]:
        """Every field of a body, named by its definition and itself."""
        return [
            (f"{name}, {field}", schema)
            for name, definition in self.definition.get("definitions", {}).items()
            for part in parts(definition)
            for field, schema in part.get("properties", {}).items()
        ]


def read(path: Path) -> Folder:
    """Read a connector's folder."""
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    with Image.open(BytesIO(files["icon.png"]), formats=["PNG"]) as image:
        icon = image.convert("RGBA")
    return Folder(
        files=files,
        definition=json.loads(files["apiDefinition.swagger.json"]),
        properties=json.loads(files["apiProperties.json"])["properties"],
        settings=json.loads(files["settings.json"]),
        readme=files["README.md"].decode(),
        icon=icon,
    )


def parts(thing: object) -> Iterator[Json]:
    """Give every object in a document, itself among them."""
    if isinstance(thing, dict):
        yield thing
    inside = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ()
    for each in inside:
        yield from parts(each)
