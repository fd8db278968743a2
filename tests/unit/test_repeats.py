"""Requests with an `Idempotency-Key` where it comes down to a moment, and where something goes wrong."""

import asyncio
import time
from pathlib import Path
from typing import Never

import azure.functions as func
import pytest

from shared.callers import KEY_CALLER
from shared.errors import GroupNotFound, InProgress, StoreUnavailable
from shared.ledger import Ledger, Row
from shared.ledger_sqlite import SqliteRows
from shared.repeats import Repeats
from shared.telemetry import Attempt
from tests.unit.hurried import run

REQUEST = func.HttpRequest("POST", "http://127.0.0.1/api/assignments", headers={"Idempotency-Key": "a key"}, body=b"")


class HastyRows(SqliteRows):
    """Rows that were always looked at before anybody had written."""

    async def read(self, place: str, key: str) -> Row | None:  # noqa: ARG002 - nothing is found under any
        return None


class StuckRows(SqliteRows):
    """Rows that take a key, if that, and do not answer any more then."""

    def __init__(self, *, takes: bool) -> None:
        super().__init__(Path())
        self.takes = takes

    async def read(self, place: str, key: str) -> Row | None:  # noqa: ARG002 - nothing is there yet
        return None

    async def create(self, row: Row) -> Row | None:
        return row if self.takes else await forever()

    async def replace(self, row: Row) -> Row | None:  # noqa: ARG002 - it does not matter
        return await forever()

    async def remove(self, place: str, key: str, etag: str | None = None) -> None:  # noqa: ARG002 - as above
        await forever()


async def forever() -> Never:
    await asyncio.Event().wait()
    raise AssertionError


def attempt() -> Attempt:
    return Attempt("an id", "create_assignment", asked={"groupName": "SG-Pilot"})


async def done() -> func.HttpResponse:
    return func.HttpResponse(b"\xff{}", status_code=201)


def test_of_two_that_find_the_key_free_at_the_same_moment_one_has_it(tmp_path: Path) -> None:
    repeats = Repeats(Ledger(HastyRows(tmp_path / "ledger.db")), 100)

    async def begun() -> func.HttpResponse:
        with pytest.raises(InProgress) as raised:
            await repeats.answered(REQUEST, KEY_CALLER, attempt(), done)
        assert raised.value.retry_after_seconds == 1
        return await done()

    assert asyncio.run(repeats.answered(REQUEST, KEY_CALLER, attempt(), begun)).status_code == 201


def test_a_bug_frees_the_key(tmp_path: Path) -> None:
    repeats = Repeats(Ledger(SqliteRows(tmp_path / "ledger.db")), 100)

    async def broken() -> func.HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(repeats.answered(REQUEST, KEY_CALLER, attempt(), broken))
    assert asyncio.run(repeats.answered(REQUEST, KEY_CALLER, attempt(), done)).get_body() == b"\xff{}"


def test_bytes_that_are_no_text_come_again_as_they_were(tmp_path: Path) -> None:
    repeats = Repeats(Ledger(SqliteRows(tmp_path / "ledger.db")), 100)
    first, again = (asyncio.run(repeats.answered(REQUEST, KEY_CALLER, attempt(), done)) for _ in range(2))
    assert first.get_body() == again.get_body() == b"\xff{}"
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_store_that_does_not_answer_has_as_long_as_the_request() -> None:
    async def asked() -> None:
        with pytest.raises(StoreUnavailable, match="nothing was written"):
            await Repeats(Ledger(StuckRows(takes=False)), 7).answered(REQUEST, KEY_CALLER, attempt(), done)

    assert run(asked()) == (None, 7)


@pytest.mark.parametrize(("seconds_left", "waited"), [(60, 5), (0, 0.3)])
def test_what_was_done_is_answered_soon_though_its_answer_cannot_be_kept(
    caplog: pytest.LogCaptureFixture, seconds_left: int, waited: float
) -> None:
    here = attempt()

    async def late() -> func.HttpResponse:
        here.ends = time.monotonic() + seconds_left
        return await done()

    repeats = Repeats(Ledger(StuckRows(takes=True)), 100)
    answer, seconds = run(repeats.answered(REQUEST, KEY_CALLER, here, late))
    assert (answer.status_code, seconds) == (201, waited)
    assert "has its key until the lease ends" in caplog.text


def test_what_was_refused_is_answered_soon_though_its_key_cannot_be_freed() -> None:
    async def refused() -> func.HttpResponse:
        raise GroupNotFound("There is none.")

    async def asked() -> None:
        with pytest.raises(GroupNotFound):
            await Repeats(Ledger(StuckRows(takes=True)), 100).answered(REQUEST, KEY_CALLER, attempt(), refused)

    assert run(asked()) == (None, 5)
