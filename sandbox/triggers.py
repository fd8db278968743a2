"""What starts functions besides HTTP: the queue in the sandbox's SQLite file, and the clock."""

import asyncio
import inspect
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func  # noqa: TID251 - because this is the host's side of azure.functions
from azure.functions.queue import QueueMessage  # noqa: TID251 - as above
from starlette.requests import Request
from starlette.types import Receive, Send

from sandbox.functions_index import IndexedFunction, host_settings

SQLITE = "sqlite:///"
POLL_SECONDS = 0.05
MOST_AT_ONCE = 16
HELD_SECONDS = 600
"""How long a message stays away while its function runs; the real host holds it as long, and renews that."""

_logger = logging.getLogger("sandbox.functions_host")


class TimerRequest(func.TimerRequest):
    """What a timer's function gets."""

    past_due = False


@dataclass(frozen=True)
class QueueSettings:
    """What host.json says of queues: how long a failed message waits, and how often it is tried."""

    wait: timedelta
    most_tries: int

    @classmethod
    def of(cls, host: Mapping[str, Any]) -> "QueueSettings":
        """Read them, with the host's own values for what is not said."""
        queues = host.get("extensions", {}).get("queues", {})
        hours, minutes, seconds = (int(part) for part in queues.get("visibilityTimeout", "00:00:00").split(":"))
        wait = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return cls(wait, int(queues.get("maxDequeueCount", 5)))


class QueueFile:
    """Messages as whoever sends them keeps them: visible at a time, in one of several queues."""

    def __init__(self, file: Path, queue: str, settings: QueueSettings) -> None:
        self._file = file
        self._queue = queue
        self._settings = settings

    def take(self) -> tuple[int, str, int] | None:
        """Take the first visible message, and hide it: its id, what it says, and the number of the try."""
        if not self._file.exists():
            return None
        statement = (
            "UPDATE messages SET visible_at = ?, dequeue_count = dequeue_count + 1 WHERE id = (SELECT id FROM messages "
            "WHERE queue = ? AND visible_at <= ? ORDER BY visible_at LIMIT 1) RETURNING id, body, dequeue_count"
        )
        now = time.time()
        with self._open() as connection:
            found: list[tuple[int, str, int]] = connection.execute(
                statement, (now + HELD_SECONDS, self._queue, now)
            ).fetchall()
        return found[0] if found else None

    def done(self, identifier: int) -> None:
        """Delete a message whose function has ended well."""
        with self._open() as connection:
            connection.execute("DELETE FROM messages WHERE id = ?", (identifier,))

    def failed(self, identifier: int, tries: int) -> None:
        """Have a message come again, or put it into the poison queue after the last try."""
        with self._open() as connection:
            if tries >= self._settings.most_tries:
                poison = (f"{self._queue}-poison", identifier)
                connection.execute("UPDATE messages SET queue = ?, visible_at = 0 WHERE id = ?", poison)
            else:
                again = time.time() + self._settings.wait.total_seconds()
                connection.execute("UPDATE messages SET visible_at = ? WHERE id = ?", (again, identifier))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=10, isolation_level=None)) as connection:
            yield connection


class Triggers:
    """Starts the functions of queues and timers, on the loop on which HTTP functions run as well."""

    def __init__(self, functions: Sequence[IndexedFunction], app_folder: Path) -> None:
        self._functions = {each.name: each for each in functions if each.trigger["type"] != "httpTrigger"}
        self._settings = QueueSettings.of(host_settings(app_folder))
        place = os.environ.get("OPERATIONS_QUEUE", "")
        self._file = app_folder / place.removeprefix(SQLITE) if place.startswith(SQLITE) else None
        self._running: set[asyncio.Task[None]] = set()

    def plays(self, function: IndexedFunction) -> bool:
        """Tell whether something here starts this function."""
        return function.trigger["type"] == "timerTrigger" or bool(self._file)

    def meant(self, request: Request) -> IndexedFunction | None:
        """Give the timer's function that an administrator starts by hand: POST `/admin/functions/{name}`."""
        name = request.url.path.removeprefix("/admin/functions/") if request.method == "POST" else ""
        function = self._functions.get(name)
        return function if function and function.trigger["type"] == "timerTrigger" else None

    async def live(self, receive: Receive, send: Send) -> None:
        """Play from the server's start to its end (ASGI's lifespan)."""
        await receive()
        playing = asyncio.create_task(self.play())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        playing.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def fire(self, function: IndexedFunction) -> None:
        """Start a timer's function now."""
        await _invoke(function, TimerRequest())

    async def play(self) -> None:
        """Start functions until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for function in self._functions.values():
                if os.environ.get(f"AzureWebJobs.{function.name}.Disabled") == "true":
                    continue  # an administrator can start it all the same
                kind = function.trigger["type"]
                if kind == "timerTrigger":
                    group.create_task(self._keep_time(function, function.trigger["schedule"].split()))
                elif kind == "queueTrigger" and self._file:
                    queue = QueueFile(self._file, function.trigger["queueName"], self._settings)
                    group.create_task(self._listen(function, queue))

    async def _keep_time(self, function: IndexedFunction, schedule: Sequence[str]) -> None:
        while True:
            await asyncio.sleep(1 - time.time() % 1)
            if due(schedule, datetime.now(UTC)):
                await self.fire(function)

    async def _listen(self, function: IndexedFunction, queue: QueueFile) -> None:
        while True:
            message = _safely(queue.take) if len(self._running) < MOST_AT_ONCE else None
            if message is None:
                await asyncio.sleep(POLL_SECONDS)
                continue
            task = asyncio.create_task(self._deliver(function, queue, message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _deliver(self, function: IndexedFunction, queue: QueueFile, message: tuple[int, str, int]) -> None:
        identifier, body, tries = message
        if await _invoke(function, _message(identifier, body)):
            _safely(lambda: queue.done(identifier))
        else:
            _safely(lambda: queue.failed(identifier, tries))


def _message(identifier: int, body: str) -> QueueMessage:
    message: QueueMessage = QueueMessage(id=str(identifier), body=body.encode())  # type: ignore[no-untyped-call]
    return message


def due(schedule: Sequence[str], now: datetime) -> bool:
    """Tell whether a schedule (second, minute, hour, day, month, weekday; each a number or `*`) means this second."""
    given = (now.second, now.minute, now.hour, now.day, now.month, now.isoweekday() % 7)
    return all(field in ("*", str(value)) for field, value in zip(schedule, given, strict=True))


async def _invoke(function: IndexedFunction, trigger: object) -> bool:
    """Run a function; tells whether it has ended well."""
    started = time.perf_counter()
    try:
        result = function.handler(**{function.trigger["name"]: trigger})
        if inspect.isawaitable(result):
            await result
    except Exception:
        _logger.exception("Exception while executing function: Functions.%s", function.name)
        return False
    print(f"host     {function.name}  {(time.perf_counter() - started) * 1000:.0f} ms", flush=True)
    return True


def _safely(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the work gives
    try:
        return work()
    except sqlite3.Error:  # made only now, or somebody else writes for long: the message comes again
        return None
