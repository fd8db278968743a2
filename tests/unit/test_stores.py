"""Where the settings say that work is kept, and whoever is at it while somebody else changes it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import operations
from shared.ledger import Ledger, Row
from shared.ledger_sqlite import SqliteQueue, SqliteRows
from shared.ledger_tables import TableRows
from shared.queue_storage import StorageQueue
from shared.settings import APP_FOLDER, OPERATIONS
from shared.stores import Stores, open_stores
from shared.worker import Worker

ACCEPTED = operations.accept("jira", "1", None, {"groupId": "nobody"}, datetime.now(UTC))


class Overtaken(SqliteRows):
    """Rows of which somebody else changes one right before it is first replaced."""

    overtaken = False

    async def replace(self, row: Row) -> Row | None:
        if not self.overtaken:
            self.overtaken = True
            assert await super().replace(row)
        return await super().replace(row)


def test_azures_stores_are_opened_without_asking_anybody() -> None:
    stores = open_stores("https://a.table.core.windows.net", "https://a.queue.core.windows.net", None)
    assert isinstance(stores.ledger._rows, TableRows)  # noqa: SLF001 - which it is, is the point
    assert isinstance(stores.queue, StorageQueue)


def test_a_files_path_starts_at_the_apps_folder(tmp_path: Path) -> None:
    for file in ("ledger", str(tmp_path / "ledger")):
        rows: Any = open_stores(f"sqlite:///{file}", f"sqlite:///{file}", None).ledger._rows  # noqa: SLF001 - as above
        assert vars(rows) == {"_file": APP_FOLDER / file}


def test_whoever_is_overtaken_looks_again(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    ledger = Ledger(Overtaken(file))
    never_asked: Any = None
    worker = Worker(Stores(ledger, SqliteQueue(file, OPERATIONS)), never_asked, 100, timedelta(days=1))

    async def work() -> str:
        await ledger.create(ACCEPTED)
        await worker.process(ACCEPTED.id)
        kept = await ledger.read(ACCEPTED.id)
        assert kept
        return kept.thing.state

    # Whoever was faster has the lease now.
    assert asyncio.run(work()) == "running"


@pytest.mark.parametrize("identifier", ["", "unknown", "0" * 48])
def test_what_is_not_in_the_ledger_is_left_out(tmp_path: Path, identifier: str) -> None:
    never_asked: Any = None
    worker = Worker(open_stores(f"sqlite:///{tmp_path}/a", "", None), never_asked, 100, timedelta(days=1))
    asyncio.run(worker.process(identifier))
