"""The processes that are measured: fresh ones, in an environment that has what is deployed and nothing else."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.accepts import SETTINGS
from bench.creates import GROUPS
from bench.emulators import emulators
from bench.sides import IN_FLIGHT, Side
from sandbox.azurite import is_installed, running_azurite
from sandbox.programs import stores

PYTHON = str(Path(sys.prefix, "closure", "bin", "python"))
"""Made by `make closure` from requirements.txt."""
WARM_UP_CREATES = 50

Measured = dict[str, Any]


def cold(side: Side) -> Measured:
    """Start, import and create once; gives the seconds `wall` and `cpu`, and the `models` that were loaded."""
    with emulators(1) as environment:
        started = time.monotonic()
        measured = _run(environment, "bench.cold", side.module)
    return {**measured, "wall": measured["at"] - started}


def warm(side: Side) -> list[Measured]:
    """Create again and again, with more and more in flight; gives each stage as `bench.warm` prints it."""
    stages: list[Measured] = _warm(side, side.creates, IN_FLIGHT)["stages"]
    return stages


def memory(side: Side, creates: int) -> Measured:
    """Create that often, one after the other; gives `first_kib` and `peak_kib`."""
    return _warm(side, creates, (1,))


def accepted(count: int) -> dict[str, Measured]:
    """Accept webhooks; gives what `bench.accepts` prints, by the store that keeps them."""
    with emulators(1) as environment, TemporaryDirectory() as folder:
        settings = {**environment, **SETTINGS, **stores(Path(folder))}
        measured = {"SQLite": _run(settings, "bench.accepts", str(count))}
        if is_installed():
            with running_azurite(Path(folder)) as azurite:
                addresses = (azurite.tables, azurite.queues)
                measured["Azure's libraries, Azurite"] = _run(settings, "bench.accepts", str(count), *addresses)
    return measured


def imported(side: Side) -> list[tuple[str, float]]:
    """Start, import and create once; gives each module that was imported, with the milliseconds of its own."""
    with emulators(1) as environment:
        command = [PYTHON, "-X", "importtime", "-m", "bench.cold", side.module]
        lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines[1:] if line.startswith("import time:")]
    return [(name.strip(), int(own) / 1000) for own, _, name in rows]


def _warm(side: Side, creates: int, in_flight: tuple[int, ...]) -> Measured:
    configurations = math.ceil((creates * len(in_flight) + WARM_UP_CREATES) / GROUPS)
    with emulators(configurations) as environment:
        stages = [f"{each}:{creates}" for each in in_flight]
        return _run(environment, "bench.warm", side.module, str(configurations), *stages)


def _run(environment: dict[str, str], *arguments: str) -> Measured:
    command = [PYTHON, "-m", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    measured: Measured = json.loads(done.stdout.splitlines()[-1])
    return measured
