"""The console sessions in the documents: run as they stand, against the sandbox.

A session is a fenced block marked `console`. Lines that begin with `$ ` are commands, which go on in lines indented by
four; the others are what they print. Sessions above the first `##` prepare those below. A sentence such as
"With `NAME=value make run`:" starts a gateway of its own for its section. `make docs` writes the output anew.
"""

import ast
import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel

from connectors.definition import connector_json
from connectors.folder import POWER_PLATFORM
from connectors.icon import icon
from sandbox.programs import ROOT
from shared.documents import Site, openapi_json, swagger_json
from shared.guardrails import Guardrails
from shared.proofs import Entra, Hmac, KnownSender, Secret
from shared.rules import Rule
from shared.sources import FromHeader, Source, Sources
from tests.e2e.stack import Gateway, Stack

DOCUMENTS = [ROOT / "README.md", ROOT / "docs" / "errors.md", ROOT / "docs" / "curl.md"]

OFFLINE_SESSIONS = ROOT / "docs" / "webhooks" / "README.md"

API_DOCUMENTS: Mapping[Path, Callable[[Site], bytes]] = {
    ROOT / "docs/openapi/openapi.json": openapi_json,
    ROOT / "docs/openapi/swagger.json": swagger_json,
    POWER_PLATFORM / "apiDefinition.swagger.json": connector_json,
}
ANYWHERE = Site(None, None)

SCHEMAS: dict[Path, type[BaseModel]] = {
    ROOT / "docs" / "guardrails.schema.json": Guardrails,
    ROOT / "docs" / "webhooks.schema.json": Sources,
}

ALL_MODELS = {each.__name__: each for each in (Rule, Source, FromHeader, KnownSender, Hmac, Secret, Entra)}

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_OWN_GATEWAY = re.compile(r"With `((?:[A-Z0-9_]+=\S+ )*)make run`")
_MARK = "----- next command -----"
_SEEDED = r"[c9fe]0000000-0000-4000-8000-"
_RANDOM_GUID = re.compile(rf"\b(?!{_SEEDED})[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b")
_STAND_IN = "-7a44-4c1b-9f0a-2f6d8e9b7c10"
_DATE = re.compile(r"^date: .*$", re.MULTILINE)


@dataclass(frozen=True)
class Ports:
    """Where the documents say that things listen, and where they do while a test runs."""

    gateway: str
    graph: str
    identity: str

    def here(self, text: str) -> str:
        """Put the test's addresses in place of the documents'."""
        return (
            text.replace("127.0.0.1:7071", self.gateway)
            .replace("127.0.0.1:7072", self.graph)
            .replace("127.0.0.1:7073", self.identity)
        )

    def there(self, text: str) -> str:
        """Put the documents' addresses in place of the test's."""
        return (
            text.replace(self.gateway, "127.0.0.1:7071")
            .replace(self.graph, "127.0.0.1:7072")
            .replace(self.identity, "127.0.0.1:7073")
        )


def settled(text: str) -> str:
    """Put stand-ins where every run has something else: dates, and GUIDs, numbered as they first appear."""
    numbers: dict[str, int] = {}
    text = _RANDOM_GUID.sub(lambda guid: f"{numbers.setdefault(guid[0], len(numbers) + 1):08d}{_STAND_IN}", text)
    return _DATE.sub("date: Mon, 23 Nov 2026 09:00:00 GMT", text)


def played(document: str, stack: Stack, gateway: Gateway) -> str:
    """Give the document with what its sessions really print; what happened to the stack before stays."""
    preparation, *sections = re.split(r"(?=^## )", document, flags=re.MULTILINE)
    prepared = [command for block in _BLOCK.findall(preparation) for command in _commands(block)]
    results = [_played_section(preparation, [], stack, gateway)]
    results += [_played_section(section, prepared, stack, gateway) for section in sections]
    return "".join(results)


def _played_section(section: str, prepared: list[str], stack: Stack, gateway: Gateway) -> str:
    if not _BLOCK.search(section):
        return section
    with _its_gateway(section, stack, gateway) as own:
        ports = Ports(*(_address(url) for url in (str(own.client.base_url), stack.graph.url, stack.identity.url)))
        return _BLOCK.sub(lambda block: _played_block(block[0], prepared, ports), section)


def _played_block(block: str, prepared: list[str], ports: Ports) -> str:
    commands = _commands(block)
    script = "\n".join([*prepared, *(f"echo '{_MARK}'\n{command}" for command in commands)])
    command = [str(shutil.which("bash")), "-c", ports.here(script)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    outputs = settled(ports.there(run.stdout.replace("\r\n", "\n"))).split(f"{_MARK}\n")[1:]
    return "".join(
        f"$ {command}\n{output and output.rstrip() + chr(10)}"
        for command, output in zip(commands, outputs, strict=True)
    )


def _commands(block: str) -> list[str]:
    found = re.findall(r"^\$ (.*(?:\n    .*)*)$", block, re.MULTILINE)
    return [str(command) for command in found]


def _address(url: str) -> str:
    return url.removeprefix("http://").partition("/")[0]


@contextmanager
def _its_gateway(section: str, stack: Stack, gateway: Gateway) -> Iterator[Gateway]:
    if not (wanted := _OWN_GATEWAY.search(section)):
        yield gateway
        return
    settings = dict(setting.split("=", 1) for setting in wanted[1].split())
    if "WEBHOOKS" in settings:
        settings["WEBHOOKS"] = str(ROOT / settings["WEBHOOKS"])  # the package has no documents beside it
    stack.reset()  # `make run` begins anew, and its emulators with it
    with stack.gateway(**settings) as own:
        yield own


def tried(document: str) -> str:
    """Give the document with what `make webhook` prints in its sessions; make itself is left out of it."""
    return _BLOCK.sub(lambda block: "".join(map(_tried, _commands(block[0]))), document)


def _tried(command: str) -> str:
    before, _, after = command.partition("make webhook ")
    environment, given = (dict(word.split("=", 1) for word in shlex.split(part)) for part in (before, after))
    headers = ["--headers", given["HEADERS"]] if "HEADERS" in given else []
    arguments = [sys.executable, "-m", "webhook", given["SOURCE"], given["PAYLOAD"], *headers]
    run = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=30)
    return f"$ {command}\n{run.stdout}{run.stderr}"


def _attribute_docstrings(model: type[BaseModel] | None) -> dict[str, str]:
    """Give the texts below a model's fields, by the fields' names on the wire."""
    if model is None:
        return {}
    [defined] = ast.parse(inspect.getsource(model)).body
    assert isinstance(defined, ast.ClassDef)
    return {
        str(model.model_fields[field.target.id].alias): inspect.cleandoc(text.value.value)
        for field, text in pairwise(defined.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def schema_of(model: type[BaseModel]) -> str:
    """Give the JSON schema of a document, from the model that reads it."""
    schema = model.model_json_schema()
    for name, described in {**schema.get("$defs", {}), model.__name__: schema}.items():
        for field, text in _attribute_docstrings(ALL_MODELS.get(name)).items():
            described["properties"][field] = {"description": text, **described["properties"][field]}
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


def main() -> None:
    """Write what every session of the documents prints into them, and what is made from the code alone."""
    for path, made in API_DOCUMENTS.items():
        path.write_bytes(made(ANYWHERE))
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    icon().save(POWER_PLATFORM / "icon.png", optimize=True)
    for path, model in SCHEMAS.items():
        path.write_text(schema_of(model), "utf-8")
    OFFLINE_SESSIONS.write_text(tried(OFFLINE_SESSIONS.read_text("utf-8")), "utf-8")
    with Stack.running() as stack:
        for path in DOCUMENTS:
            stack.reset()
            with stack.gateway() as gateway:
                path.write_text(played(path.read_text("utf-8"), stack, gateway), "utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
