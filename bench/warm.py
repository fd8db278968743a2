"""The child process of the warm measurements: `python -m bench.warm MODULE CONFIGURATIONS IN_FLIGHT:CREATES ...`.

Imports one function app, warms it up and runs the stages on one event loop, as the Functions worker does. Prints one
JSON object: the peak of memory after the first create (`first_kib`) and after the last (`peak_kib`), and of each stage
CPU and wall time in seconds, and each create's latency in milliseconds at the percentiles 50 and 99.
"""

import asyncio
import importlib
import itertools
import json
import logging
import os
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus

import azure.functions as func

from bench.creates import create_request
from bench.process import peak_kib

Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]

WARM_UP_CREATES = 20


class Run:
    """Sends creates to a handler, each another one; fails where any is not answered with 201."""

    def __init__(self, handler: Handler, configurations: int) -> None:
        self._handler = handler
        self._configurations = configurations
        self._numbers: Iterator[int] = itertools.count()

    async def creates(self, count: int, in_flight: int) -> "array[float]":
        """Send so many creates with so many in flight; give the latency of each, in milliseconds."""
        latencies = array("d")
        turns = iter(range(count))
        await asyncio.gather(*(self._take_turns(turns, latencies) for _ in range(in_flight)))
        return latencies

    async def stage(self, in_flight: int, count: int) -> dict[str, float]:
        """Measure a number of creates."""
        cpu, wall = time.process_time(), time.perf_counter()
        latencies = sorted(await self.creates(count, in_flight))
        return {
            "in_flight": in_flight,
            "creates": count,
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "p50": latencies[count // 2],
            "p99": latencies[count * 99 // 100],
        }

    async def _take_turns(self, turns: Iterator[int], latencies: "array[float]") -> None:
        for _ in turns:
            request = create_request(next(self._numbers), self._configurations)
            started = time.perf_counter()
            response = await self._handler(request)
            latencies.append((time.perf_counter() - started) * 1000)
            if response.status_code != HTTPStatus.CREATED:
                sys.exit(f"{response.status_code} {response.get_body().decode()}")


async def _measure(handler: Handler, configurations: int, stages: list[str]) -> dict[str, object]:
    run = Run(handler, configurations)
    await run.creates(1, 1)
    first = peak_kib()
    await run.creates(WARM_UP_CREATES, 1)
    measured = [await run.stage(*map(int, stage.split(":"))) for stage in stages]
    return {"first_kib": first, "peak_kib": peak_kib(), "stages": measured}


def main() -> None:
    """Import, create, tell."""
    module, configurations, *stages = sys.argv[1:]
    # The worker has a handler for whatever is logged; a line is made and written here as well.
    logging.basicConfig(level=logging.INFO, filename=os.devnull)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    app = importlib.import_module(module)
    print(json.dumps(asyncio.run(_measure(app.create_assignment, int(configurations), stages))))


if __name__ == "__main__":
    main()
