"""The ledger: accepted work and idempotency keys, in rows that only change for whoever has seen them last."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from shared import idempotency, operations
from shared.idempotency import Claim
from shared.operations import PATIENCE, Operation

Thing = TypeVar("Thing")

MORE_THAN_ANY_REQUEST = timedelta(hours=1)
"""After that, an entry among the open ones that no operation has followed belongs to a worker that is gone."""

_OPERATIONS, _OPEN, _KEYS = "operation-", "open", "key-"


@dataclass(frozen=True)
class Row:
    """One row of a store: two keys of letters, digits and `-`, JSON in ASCII, and the ETag of this version of it."""

    place: str
    key: str
    document: str
    changed: datetime
    etag: str = ""


class Rows(Protocol):
    """A store of rows. Every method raises StoreUnavailable where it cannot tell what is so."""

    async def create(self, row: Row) -> Row | None:
        """Store a row; None where there is one with these keys."""

    async def read(self, place: str, key: str) -> Row | None:
        """Give a row; None where there is none."""

    async def replace(self, row: Row) -> Row | None:
        """Store it in place of the version that its ETag names; None where that has been changed or removed."""

    async def remove(self, place: str, key: str, etag: str | None = None) -> None:
        """Remove a row; with an ETag, only that version. Nothing happens where there is none."""

    async def at(self, place: str) -> list[Row]:
        """Give the rows of one place."""

    async def remove_older(self, places: str, before: datetime) -> int:
        """Remove all rows of places whose names begin so, if they have not changed since; give how many."""


class Queue(Protocol):
    """Brings operations to whoever carries them out, once at least. Raises StoreUnavailable."""

    async def send(self, operation_id: str, delay: timedelta) -> None:
        """Send an operation's id, not to be seen before the delay has passed."""

    async def bury(self, operation_id: str) -> None:
        """Put an operation's id where people look for what has failed for good."""


@dataclass(frozen=True)
class Kept(Generic[Thing]):
    """Something in the ledger, and the version that was seen of it."""

    thing: Thing
    etag: str


class Ledger:
    """What the gateway has promised, over any store of rows.

    Unfinished operations stand in a list of open ones besides, so that nobody has to look through all: entered before
    the operation is written, taken out after it is finished. An entry may so be without its operation, or too many;
    an unfinished operation is never without its entry.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def create(self, operation: Operation) -> Kept[Operation] | None:
        """Keep a new operation; None where there is one of that id."""
        await self._rows.create(Row(_OPEN, operation.id, "{}", operation.created))
        row = await self._rows.create(_operation_row(operation))
        return Kept(operation, row.etag) if row else None

    async def read(self, operation_id: str) -> Kept[Operation] | None:
        """Give an operation; None where there is none, or the id cannot be one."""
        if not operations.is_operation_id(operation_id):
            return None
        row = await self._rows.read(_OPERATIONS + operations.place(operation_id), operation_id)
        return Kept(operations.decoded(row.document), row.etag) if row else None

    async def replace(self, kept: Kept[Operation], changed: Operation) -> Kept[Operation] | None:
        """Keep what has become of an operation; None where somebody else has changed it since it was read."""
        row = await self._rows.replace(replace(_operation_row(changed), etag=kept.etag))
        if row and changed.state == "finished":
            await self._rows.remove(_OPEN, changed.id)
        return Kept(changed, row.etag) if row else None

    async def of_ticket(self, ticket: str) -> list[Operation]:
        """Give a ticket's operations, the oldest first."""
        rows = await self._rows.at(_OPERATIONS + operations.ticket_place(ticket))
        found = [operations.decoded(row.document) for row in rows]
        wanted = operations.same_ticket(ticket)
        of_it = [each for each in found if each.ticket and operations.same_ticket(each.ticket) == wanted]
        return sorted(of_it, key=lambda operation: (operation.created, operation.id))

    async def overdue(self, now: datetime) -> list[Kept[Operation]]:
        """Give what the sweep should send again; clears the list of open ones of what does not belong there."""
        old = [row for row in await self._rows.at(_OPEN) if row.changed + PATIENCE <= now]
        found = await asyncio.gather(*(self._overdue(row, now) for row in old))
        return [kept for kept in found if kept]

    async def _overdue(self, entry: Row, now: datetime) -> Kept[Operation] | None:
        kept = await self.read(entry.key)
        if kept is None:
            if entry.changed + MORE_THAN_ANY_REQUEST <= now:
                await self._rows.remove(_OPEN, entry.key)
        elif kept.thing.state == "finished":
            await self._rows.remove(_OPEN, entry.key)
        elif kept.thing.overdue(now):
            return kept
        return None

    async def read_claim(self, claim_id: str) -> Kept[Claim] | None:
        """Give what is known of a caller's key."""
        row = await self._rows.read(_KEYS + operations.place(claim_id), claim_id)
        return Kept(idempotency.decoded(row.document), row.etag) if row else None

    async def claim(self, claim: Claim, seen: Kept[Claim] | None) -> Kept[Claim] | None:
        """Take a key that was free when it was looked at, or its lease over; None where somebody else was faster."""
        row = _claim_row(claim)
        stored = await (self._rows.replace(replace(row, etag=seen.etag)) if seen else self._rows.create(row))
        return Kept(claim, stored.etag) if stored else None

    async def settle(self, kept: Kept[Claim], settled: Claim | None) -> None:
        """Keep the answer under the key, or free it; nothing happens where somebody has taken it over since."""
        if settled:
            await self._rows.replace(replace(_claim_row(settled), etag=kept.etag))
        else:
            row = _claim_row(kept.thing)
            await self._rows.remove(row.place, row.key, kept.etag)

    async def clean(self, now: datetime, retention: timedelta) -> int:
        """Remove operations that have not changed for so long, and keys that are free again; give how many."""
        removed = await self._rows.remove_older(_OPERATIONS, now - retention)
        return removed + await self._rows.remove_older(_KEYS, now - 2 * idempotency.KEPT_FOR)


def _operation_row(operation: Operation) -> Row:
    place = _OPERATIONS + operations.place(operation.id)
    return Row(place, operation.id, operations.encoded(operation), operation.updated)


def _claim_row(claim: Claim) -> Row:
    return Row(_KEYS + operations.place(claim.id), claim.id, idempotency.encoded(claim), claim.updated)
