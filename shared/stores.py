"""Where accepted work and keys are kept: the ledger and the queue that the settings name. What they need loads here."""

from dataclasses import dataclass
from pathlib import Path

from shared.ledger import Ledger, Queue
from shared.settings import APP_FOLDER, FILE, OPERATIONS


@dataclass(frozen=True)
class Stores:
    """The ledger, and the queue that brings its operations to whoever carries them out."""

    ledger: Ledger
    queue: Queue


def open_stores(store: str, queue: str, client_id: str | None) -> Stores:
    """Give those that the settings name; in Azure they are opened with the app's managed identity."""
    if store.startswith(FILE):
        # A relative path starts at the app's own folder, as in the other settings.
        return _in_a_file(APP_FOLDER / store.removeprefix(FILE))
    return _in_azure(store, queue, client_id)


def _in_azure(tables: str, queues: str, client_id: str | None) -> Stores:
    from shared.identity import credential  # noqa: PLC0415 - the sandbox needs none of these three
    from shared.ledger_tables import TableRows, table  # noqa: PLC0415 - as above
    from shared.queue_storage import StorageQueue, queue  # noqa: PLC0415 - as above

    identity = credential(client_id)
    work, poison = (queue(queues, name, identity) for name in (OPERATIONS, f"{OPERATIONS}-poison"))
    return Stores(Ledger(TableRows(table(tables, OPERATIONS, identity))), StorageQueue(work, poison))


def _in_a_file(file: Path) -> Stores:
    from shared.ledger_sqlite import SqliteQueue, SqliteRows  # noqa: PLC0415 - Azure needs none of it

    return Stores(Ledger(SqliteRows(file)), SqliteQueue(file, OPERATIONS))
