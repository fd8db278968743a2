"""`python -m tests.contract.rivals FILE NUMBER`: creates and starts what others want too; prints its wins."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.ledger import Ledger
from shared.ledger_sqlite import SqliteRows
from shared.operations import accept, start

NOW = datetime(2026, 11, 25, tzinfo=UTC)


async def wins(file: Path, number: int) -> tuple[int, int]:
    """Give how many operations this process was the one to create, and how many to start."""
    ledger = Ledger(SqliteRows(file))
    created = started = 0
    for each in range(number):
        operation = accept("jira", f"event {each}", "INC1", {}, NOW)
        created += await ledger.create(operation) is not None
        kept = await ledger.read(operation.id)
        assert kept is not None
        if running := start(kept.thing, NOW, timedelta(minutes=5)):
            started += await ledger.replace(kept, running) is not None
    return created, started


if __name__ == "__main__":
    print(*asyncio.run(wins(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - to the test that started it
