"""The ledger's rows and the queue in one SQLite file, for the sandbox: several processes may use it at once."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from shared.errors import StoreUnavailable
from shared.ledger import Row

Result = TypeVar("Result")

PATIENCE_SECONDS = 10
"""How long one process waits for the writes of the others."""

# Whoever plays the trigger reads `messages`: takes what is visible, hides it for a while, deletes it when it is done.
_SCHEMA = """
CREATE TABLE rows (
    place TEXT, key TEXT, document TEXT NOT NULL, changed TEXT NOT NULL, etag TEXT NOT NULL, PRIMARY KEY (place, key)
) WITHOUT ROWID;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, visible_at REAL NOT NULL,
    dequeue_count INTEGER NOT NULL DEFAULT 0
);
"""
_COLUMNS = "place, key, document, changed, etag"


class SqliteRows:
    """Rows in a file; each change is one statement."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def create(self, row: Row) -> Row | None:
        """Store a row; None where there is one with these keys."""
        stored = replace(row, etag=uuid.uuid4().hex)
        statement = f"INSERT INTO rows ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
        values = (row.place, row.key, row.document, _text(row.changed), stored.etag)
        return stored if await _asked(self._file, lambda file: file.execute(statement, values).rowcount) else None

    async def read(self, place: str, key: str) -> Row | None:
        """Give a row; None where there is none."""
        found = await self._rows("place = ? AND key = ?", place, key)
        return found[0] if found else None

    async def replace(self, row: Row) -> Row | None:
        """Store it in place of the version that its ETag names; None where that has been changed or removed."""
        stored = replace(row, etag=uuid.uuid4().hex)
        statement = "UPDATE rows SET document = ?, changed = ?, etag = ? WHERE place = ? AND key = ? AND etag = ?"
        values = (row.document, _text(row.changed), stored.etag, row.place, row.key, row.etag)
        return stored if await _asked(self._file, lambda file: file.execute(statement, values).rowcount) else None

    async def remove(self, place: str, key: str, etag: str | None = None) -> None:
        """Remove a row; with an ETag, only that version. Nothing happens where there is none."""
        statement = "DELETE FROM rows WHERE place = ? AND key = ? AND etag = coalesce(?, etag)"
        await _asked(self._file, lambda file: file.execute(statement, (place, key, etag)))

    async def at(self, place: str) -> list[Row]:
        """Give the rows of one place."""
        return await self._rows("place = ?", place)

    async def remove_older(self, places: str, before: datetime) -> int:
        """Remove all rows of places whose names begin so, if they have not changed since; give how many."""
        statement = "DELETE FROM rows WHERE substr(place, 1, ?) = ? AND changed < ?"
        values = (len(places), places, _text(before))
        return await _asked(self._file, lambda file: file.execute(statement, values).rowcount)

    async def _rows(self, condition: str, *values: str) -> list[Row]:
        statement = f"SELECT {_COLUMNS} FROM rows WHERE {condition}"  # noqa: S608 - conditions stand above
        found = await _asked(self._file, lambda file: file.execute(statement, values).fetchall())
        return [Row(place, key, text, datetime.fromisoformat(at), etag) for place, key, text, at, etag in found]


class SqliteQueue:
    """A queue in the same file."""

    def __init__(self, file: Path, name: str) -> None:
        self._file = file
        self._name = name

    async def send(self, operation_id: str, delay: timedelta) -> None:
        """Send an operation's id, not to be seen before the delay has passed."""
        await self._put(self._name, operation_id, delay)

    async def bury(self, operation_id: str) -> None:
        """Put an operation's id into the poison queue, which has the name that the platform gives it."""
        await self._put(f"{self._name}-poison", operation_id, timedelta())

    async def _put(self, queue: str, body: str, delay: timedelta) -> None:
        statement = "INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, ?)"
        values = (queue, body, (datetime.now(UTC) + delay).timestamp())
        await _asked(self._file, lambda file: file.execute(statement, values))


async def _asked(file: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    def ask() -> Result:
        with _open(file) as connection:
            return work(connection)

    try:
        return await asyncio.to_thread(ask)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"The file of the ledger cannot be used: {file.name}.") from error


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    # For each statement anew: that is quick, and a connection belongs to one thread.
    if not file.exists():
        _make(file)
    with closing(sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")  # outlives every process, not a power cut: it is a sandbox
        yield connection


def _make(file: Path) -> None:
    """Make the file elsewhere and link it to its place: two who change one to WAL at once get in each other's way."""
    draft = file.with_name(f"{file.name}-{uuid.uuid4().hex}")
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    with suppress(FileExistsError):  # somebody else was faster
        file.hardlink_to(draft)
    draft.unlink()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")  # of one length: as text it sorts as time does
