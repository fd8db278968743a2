"""The ledger's rows in Azure Table Storage; the only module that knows azure.data.tables."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, TableErrorCode, UpdateMode

from shared.errors import StoreUnavailable
from shared.ledger import Row

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

TIMEOUT_SECONDS = 5
MOST_RETRIES = 2
LONGEST_PROPERTY = 32_000
"""In characters: a text may have 64 KiB, of two bytes each."""
SILENT = (
    "The ledger's table cannot be used just now. If this lasts: does OPERATIONS_STORE name it, "
    "and has the managed identity the role Storage Table Data Contributor?"
)


def table(endpoint: str, name: str, credential: TokenCredential | AzureNamedKeyCredential) -> TableClient:
    """Give the client of one table; it may be used by several threads."""
    return TableClient(
        endpoint,
        name,
        credential=credential,
        retry_total=MOST_RETRIES,
        retry_backoff_factor=0.2,
        connection_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        use_env_settings=False,  # as with Graph and the identity: no proxy of the environment's
    )


class TableRows:
    """Rows of one table, which is made when it is missed.

    The synchronous client, in threads: the asynchronous one drags another HTTP client in (decision 8). It sends again
    what failed, and the second sending may meet the first (facts.md §7): each write bears a stamp, and where something
    is in its way, the stamp tells whether that is itself.
    """

    def __init__(self, client: TableClient) -> None:
        self._table = client

    async def create(self, row: Row) -> Row | None:
        """Store a row; None where there is one with these keys."""
        return await self._asked(self._create, row)

    async def read(self, place: str, key: str) -> Row | None:
        """Give a row; None where there is none."""
        found = await self._asked(self._read, place, key)
        return _row(found) if found else None

    async def replace(self, row: Row) -> Row | None:
        """Store it in place of the version that its ETag names; None where that has been changed or removed."""
        return await self._asked(self._replace, row)

    async def remove(self, place: str, key: str, etag: str | None = None) -> None:
        """Remove a row; with an ETag, only that version. Nothing happens where there is none."""
        await self._asked(self._remove, place, key, etag)

    async def at(self, place: str) -> list[Row]:
        """Give the rows of one place."""
        return [_row(entity) for entity in await self._asked(self._query, "PartitionKey eq @place", {"place": place})]

    async def remove_older(self, places: str, before: datetime) -> int:
        """Remove all rows of places whose names begin so, if they have not changed since; give how many."""
        condition = "PartitionKey ge @first and PartitionKey lt @end and Changed lt @before"
        end = places[:-1] + chr(ord(places[-1]) + 1)
        values = {"first": places, "end": end, "before": _text(before)}
        keys = ["PartitionKey", "RowKey"]
        old = await self._asked(self._query, condition, values, keys)
        for entity in old:
            await self._asked(self._remove, entity["PartitionKey"], entity["RowKey"], _etag(entity))
        return len(old)

    async def _asked(
        self, call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        def ask() -> Result:
            try:
                return call(*args, **kwargs)
            except ResourceNotFoundError:
                self._make_table()
                return call(*args, **kwargs)

        try:
            return await asyncio.to_thread(ask)
        except AzureError as error:
            raise StoreUnavailable(SILENT) from error

    def _make_table(self) -> None:
        with suppress(ResourceExistsError):  # somebody else was faster
            self._table.create_table()

    def _create(self, row: Row) -> Row | None:
        entity = _entity(row)
        try:
            stored = self._table.create_entity(entity)
        except ResourceExistsError:
            return self._ours(row, entity)
        return replace(row, etag=str(stored["etag"]))

    def _read(self, place: str, key: str) -> Mapping[str, Any] | None:
        try:
            return self._table.get_entity(place, key)
        except ResourceNotFoundError as error:
            _unless_it_is_the_table(error)
            return None

    def _replace(self, row: Row) -> Row | None:
        entity = _entity(row)
        unchanged = MatchConditions.IfNotModified
        try:
            stored = self._table.update_entity(entity, UpdateMode.REPLACE, etag=row.etag, match_condition=unchanged)
        except ResourceModifiedError:
            return self._ours(row, entity)
        except ResourceNotFoundError as error:
            _unless_it_is_the_table(error)
            return None
        return replace(row, etag=str(stored["etag"]))

    def _ours(self, row: Row, entity: Mapping[str, Any]) -> Row | None:
        """Tell whether the row that was in the way is what was to be written."""
        there = self._read(row.place, row.key)
        return replace(row, etag=_etag(there)) if there and there["Stamp"] == entity["Stamp"] else None

    def _remove(self, place: str, key: str, etag: str | None) -> None:
        unchanged = MatchConditions.IfNotModified if etag else None
        with suppress(ResourceModifiedError):
            self._table.delete_entity(place, key, etag=etag, match_condition=unchanged)

    def _query(
        self, condition: str, values: Mapping[str, str], select: list[str] | None = None
    ) -> list[Mapping[str, Any]]:
        return list(self._table.query_entities(condition, parameters=dict(values), select=select))


def _unless_it_is_the_table(error: ResourceNotFoundError) -> None:
    if getattr(error, "error_code", None) == TableErrorCode.TABLE_NOT_FOUND:
        raise error


def _entity(row: Row) -> dict[str, str]:
    """Give the entity; a document that is longer than a property may be goes into several."""
    text = row.document
    parts = [text[start : start + LONGEST_PROPERTY] for start in range(0, len(text), LONGEST_PROPERTY)]
    documents = {f"Document{number}": part for number, part in enumerate(parts)}
    keys = {"PartitionKey": row.place, "RowKey": row.key, "Changed": _text(row.changed), "Stamp": uuid.uuid4().hex}
    return {**keys, **documents}


def _row(entity: Mapping[str, Any]) -> Row:
    names = sorted((name for name in entity if name.startswith("Document")), key=lambda name: (len(name), name))
    document = "".join(entity[name] for name in names)
    changed = datetime.fromisoformat(entity["Changed"])
    return Row(entity["PartitionKey"], entity["RowKey"], document, changed, _etag(entity))


def _etag(entity: Any) -> str:  # noqa: ANN401 - the library's own mapping, with an attribute that no protocol has
    return str(entity.metadata["etag"])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")  # of one length: as text it sorts as time does
