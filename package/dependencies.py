"""The libraries in the package: installed as pinned, and which of their files an Azure worker can ever read."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from package.imports import Imports, read
from package.reachable import reachable

PLATFORM, VERSION = "x86_64-manylinux2014", "3.13"
SITE = Path(".python_packages/lib/site-packages")  # where the worker looks for an app's libraries

SDK = "msgraph"
_HOLDS_THE_SDK = ("kiota_", "msgraph_core")  # the libraries that are handed the SDK's objects and may call them

# The gateway takes requests from the SDK's builders and reads Graph's bytes itself (decision 5). So the builders'
# own sending does not run, nor what makes models of answers: together they are nearly all of the SDK.
NEVER_CALLED = frozenset(
    {"get", "post", "put", "patch", "delete", "create_from_discriminator_value", "get_field_deserializers"}
)

# What Azure's asynchronous clients send with; the app's only one, for its token, is synchronous. kiota asks for it in
# case somebody's is not. The clients themselves are in packages called `aio`.
AIOHTTP = frozenset(
    {"aiohttp", "aiohappyeyeballs", "aiosignal", "attrs", "frozenlist", "multidict", "propcache", "yarl"}
)

# The synchronous client of Table Storage imports the settings of the asynchronous one, whether it is there or not.
IMPORTED_ALL_THE_SAME = Path("azure/data/tables/_generated/aio")

# What Azure Monitor's package requires and this app gives nothing to do: spans of web frameworks and databases that are
# not here, and a library that its exporter names in its metadata alone, with what only that one needs.
IDLE = frozenset(
    {
        f"opentelemetry-instrumentation-{name}"
        for name in ("asgi", "dbapi", "django", "fastapi", "flask", "psycopg2", "wsgi")
    }
    | {"asgiref", "msrest", "oauthlib", "requests-oauthlib"}
)

# HTTP/2, which kiota asks for and the gateway does not speak (facts.md §2); a parser of C, for whoever builds cffi's.
NOT_SPOKEN = frozenset({"h2", "hpack", "hyperframe", "pycparser"})

# Within libraries that are shipped: what compiles C, while cryptography needs the compiled part that lies beside it;
# and pydantic's first version, which pydantic itself looks at for types of that version alone.
LEFT_BEHIND = ("cffi", "pydantic/v1")

_FOR_COMPILERS = {".c", ".h", ".pxd", ".pxi", ".pyi", ".pyx"}
_FOR_INSTALLERS = {"INSTALLER", "RECORD", "REQUESTED", "WHEEL"}


def install(requirements: Path, site: Path) -> None:
    """Install the requirements, each file checked against its hash, for the platform that runs them."""
    uv = Path(sys.executable).with_name("uv")
    where = ["--target", str(site), "--python-platform", PLATFORM, "--python-version", VERSION]
    what = ["--require-hashes", "--only-binary", ":all:", "--requirements", str(requirements)]
    subprocess.run([uv, "pip", "install", "--quiet", *where, *what], check=True)  # noqa: S603 - our own tool


def needed(site: Path, app: Iterable[Path]) -> Iterator[Path]:
    """Give the installed files that are worth shipping to these sources of the app; licences are always among them."""
    sources = [read(file.read_bytes(), file.parent.name) for file in app]
    kept = reachable(site, SDK, [*sources, *_holders(site)], NEVER_CALLED)
    asynchronous = any("aio" in module.split(".") for source in sources for module in source.all())
    for distribution in distributions(path=[str(site)]):
        name = distribution.name.lower()
        if name not in IDLE | NOT_SPOKEN and (asynchronous or name not in AIOHTTP):
            for file in _files(distribution):
                path = file.relative_to(site)
                reached = path.parts[0] != SDK or file in kept
                if reached and (asynchronous or not _is_asynchronous(path)) and not _is_left_behind(path):
                    yield file


def _is_asynchronous(path: Path) -> bool:
    return "aio" in path.parts and not path.is_relative_to(IMPORTED_ALL_THE_SAME)


def _is_left_behind(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in LEFT_BEHIND)


def _holders(site: Path) -> Iterator[Imports]:
    for file in sorted(site.rglob("*.py")):
        parts = file.relative_to(site).parts
        if parts[0].startswith(_HOLDS_THE_SDK):
            yield read(file.read_bytes(), ".".join(parts[:-1]))


def _files(distribution: Distribution) -> Iterator[Path]:
    """Give a distribution's files but for commands and what only compilers, type checkers and installers read."""
    for file in distribution.files or []:
        for_installers = file.parts[0].endswith(".dist-info") and file.name in _FOR_INSTALLERS
        if file.parts[0] != "bin" and file.suffix not in _FOR_COMPILERS and not for_installers:
            yield Path(str(file.locate()))
