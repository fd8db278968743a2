"""The ledger's stores as tests use them: SQLite in a file, Azure Storage as Azurite emulates it."""

import base64
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from sandbox.azurite import ACCOUNT, KEY, MISSING, Azurite, is_installed, running_azurite
from shared.ledger import Ledger, Queue, Rows
from shared.ledger_sqlite import SqliteQueue, SqliteRows
from shared.ledger_tables import TableRows, table
from shared.queue_storage import StorageQueue, queue

CREDENTIAL = AzureNamedKeyCredential(ACCOUNT, KEY)
"""What Azurite takes in place of a managed identity."""


@dataclass(frozen=True)
class Message:
    """One message as the trigger would get it, in the bytes that stand in the queue."""

    body: str
    poisoned: bool


@dataclass(frozen=True)
class Store:
    """One store: the ledger in it, its rows, its queue, and a look at what can be taken out of the queue by now."""

    rows: Rows
    queue: Queue
    messages: Callable[[], list[Message]]

    @property
    def ledger(self) -> Ledger:
        """The ledger over the rows."""
        return Ledger(self.rows)


@contextmanager
def azurite_here(folder: Path) -> Iterator[Azurite]:
    """Run Azurite; skips the test where it is not installed."""
    if not is_installed():
        pytest.skip(MISSING)
    with running_azurite(folder) as azurite:
        yield azurite


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """Give a store in a file of its own."""
    file = folder / "ledger.db"

    def messages() -> list[Message]:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute(
                "SELECT body, queue FROM messages WHERE visible_at <= ? ORDER BY id", (time.time(),)
            ).fetchall()
        return [Message(body, name == "operations-poison") for body, name in found]

    yield Store(SqliteRows(file), SqliteQueue(file, "operations"), messages)


@contextmanager
def azurite_store(azurite: Azurite, tables: str | None = None) -> Iterator[Store]:
    """Give a store in a table and queues of its own, none of which is there yet; `tables` is an address before it."""
    name = f"operations{uuid.uuid4().hex}"
    with ExitStack() as clients:
        rows = clients.enter_context(table(tables or azurite.tables, name, CREDENTIAL))
        work = clients.enter_context(queue(azurite.queues, name, CREDENTIAL))
        poison = clients.enter_context(queue(azurite.queues, f"{name}-poison", CREDENTIAL))

        def messages() -> list[Message]:
            both = [(name, False), (f"{name}-poison", True)]
            return [Message(body, poisoned) for each, poisoned in both for body in _peeked(azurite, each)]

        yield Store(TableRows(rows), StorageQueue(work, poison), messages)


def _peeked(azurite: Azurite, name: str) -> list[str]:
    """Look into a queue without the library's own decoding, as the trigger does."""
    with QueueClient(azurite.queues, name, credential=CREDENTIAL) as client:
        try:
            return [base64.b64decode(each.content, validate=True).decode() for each in client.peek_messages(32)]
        except ResourceNotFoundError:
            return []
