"""What the ledger and the queue promise, said of both stores alike."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.azurite import ACCOUNT, Azurite
from sandbox.programs import ROOT
from shared.errors import StoreUnavailable
from shared.idempotency import Answer, claim, claim_id, settle
from shared.ledger import Kept, Row
from shared.ledger_sqlite import SqliteQueue, SqliteRows
from shared.operations import Operation, accept, fail, finish, remind, start
from tests.contract.emulator import running
from tests.contract.stores import Store, azurite_here, azurite_store, sqlite_store

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL_THAT_TABLES_FORBID = "/\\#?\t\n\r\x00\x7f\x85 %+'\"ü😀" + "x" * 2000
REQUEST = {"configurationName": 'Bob\'s "kiosk" ü😀', "groupName": "SG-Pilot", "dryRun": False}
RIVALS = 20


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with azurite_here(tmp_path_factory.mktemp("azurite")) as azurite:
        yield azurite


@pytest.fixture(params=["sqlite", "azurite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield stack.enter_context(sqlite_store(tmp_path))
        else:
            yield stack.enter_context(azurite_store(request.getfixturevalue("azurite")))


def created(store: Store, event: str = "1", ticket: str | None = "INC1", now: datetime = NOW) -> Kept[Operation]:
    """Keep a new operation."""
    kept = asyncio.run(store.ledger.create(accept("jira", event, ticket, REQUEST, now)))
    assert kept is not None
    return kept


def changed(store: Store, kept: Kept[Operation], operation: Operation | None) -> Kept[Operation]:
    """Keep what has become of an operation."""
    assert operation is not None
    result = asyncio.run(store.ledger.replace(kept, operation))
    assert result is not None
    return result


def started(store: Store, kept: Kept[Operation], now: datetime = NOW) -> Kept[Operation]:
    """Take a lease on an operation."""
    return changed(store, kept, start(kept.thing, now, 100 * SECOND))


def overdue(store: Store, now: datetime) -> list[Operation]:
    """Give what the sweep would send again."""
    return [kept.thing for kept in asyncio.run(store.ledger.overdue(now))]


def test_an_operation_is_read_as_it_was_kept_whatever_its_words_are(store: Store) -> None:
    operation = accept(ALL_THAT_TABLES_FORBID, ALL_THAT_TABLES_FORBID, ALL_THAT_TABLES_FORBID, REQUEST, NOW)
    kept = asyncio.run(store.ledger.create(operation))
    assert kept == asyncio.run(store.ledger.read(operation.id))
    assert kept is not None
    assert kept.thing == operation


def test_there_is_nothing_to_read_before_something_is_kept_nor_under_what_is_no_id(store: Store) -> None:
    ledger = store.ledger
    assert asyncio.run(ledger.read("0" * 48)) is None
    assert asyncio.run(ledger.read("../#?'")) is None
    assert asyncio.run(ledger.of_ticket("INC1")) == []
    assert overdue(store, NOW + DAY) == []
    assert asyncio.run(ledger.clean(NOW, DAY)) == 0
    assert asyncio.run(store.rows.remove("open", "nothing")) is None


def test_the_same_event_is_kept_once(store: Store) -> None:
    first = created(store)
    assert asyncio.run(store.ledger.create(accept("jira", "1", "INC1", {}, NOW + HOUR))) is None
    assert asyncio.run(store.ledger.read(first.thing.id)) == first


def test_a_change_is_kept_only_by_who_has_seen_the_last_one(store: Store) -> None:
    accepted = created(store)
    running = started(store, accepted)
    again = start(accepted.thing, NOW, SECOND)
    assert again is not None
    assert asyncio.run(store.ledger.replace(accepted, again)) is None
    assert asyncio.run(store.ledger.read(running.thing.id)) == running


def test_a_change_of_what_has_been_removed_is_not_kept(store: Store) -> None:
    accepted = created(store)
    assert asyncio.run(store.ledger.clean(NOW + 2 * DAY, DAY)) == 1
    assert asyncio.run(store.ledger.replace(accepted, replace(accepted.thing, attempts=1))) is None
    assert asyncio.run(store.ledger.read(accepted.thing.id)) is None


def test_a_version_is_never_taken_for_that_of_an_earlier_row_of_the_same_name(store: Store) -> None:
    accepted = created(store)
    asyncio.run(store.ledger.clean(NOW + 2 * DAY, DAY))
    anew = created(store)
    assert anew.etag != accepted.etag
    assert asyncio.run(store.ledger.replace(accepted, replace(accepted.thing, attempts=1))) is None


def test_of_many_who_create_at_once_one_has_created_it(store: Store) -> None:
    async def all_at_once() -> list[Kept[Operation] | None]:
        operations = [accept("jira", "1", "INC1", {"number": number}, NOW) for number in range(RIVALS)]
        return await asyncio.gather(*map(store.ledger.create, operations))

    [winner] = [kept for kept in asyncio.run(all_at_once()) if kept]
    assert asyncio.run(store.ledger.read(winner.thing.id)) == winner


def test_of_many_who_start_at_once_one_has_started_it(store: Store) -> None:
    accepted = created(store)

    async def all_at_once() -> list[Kept[Operation] | None]:
        leases = [start(accepted.thing, NOW, number * SECOND) for number in range(RIVALS)]
        return await asyncio.gather(*(store.ledger.replace(accepted, lease) for lease in leases if lease))

    [winner] = [kept for kept in asyncio.run(all_at_once()) if kept]
    assert asyncio.run(store.ledger.read(winner.thing.id)) == winner


def test_of_many_who_claim_a_key_at_once_one_has_it(store: Store) -> None:
    def claims() -> list[object]:
        async def all_at_once() -> list[object]:
            seen = await store.ledger.read_claim(claim_id("flow", "key"))
            made = [claim(claim_id("flow", "key"), str(number), NOW, SECOND) for number in range(RIVALS)]
            return await asyncio.gather(*(store.ledger.claim(each, seen) for each in made))

        return [kept for kept in asyncio.run(all_at_once()) if kept]

    assert len(claims()) == 1
    assert len(claims()) == 1  # over the first one's lease


def test_several_processes_share_one_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.contract.rivals", str(tmp_path / "ledger.db"), "50"]
    rivals = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    wins = [tuple(map(int, rival.communicate(timeout=30)[0].split())) for rival in rivals]
    assert [sum(each) for each in zip(*wins, strict=True)] == [50, 50]


def test_a_tickets_operations_are_found_by_its_number_and_no_others(store: Store) -> None:
    later = created(store, "2", " inc1 ", NOW + HOUR)
    first = created(store, "1", "INC1")
    created(store, "3", "INC11")
    created(store, "4", None)
    same_hash = replace(accept("jira", "5", "INC1", REQUEST, NOW), ticket="INC5")
    assert asyncio.run(store.ledger.create(same_hash)) is not None
    assert asyncio.run(store.ledger.of_ticket("INC1")) == [first.thing, later.thing]
    assert asyncio.run(store.ledger.of_ticket("INC2")) == []


def test_what_stays_accepted_is_overdue_after_two_minutes(store: Store) -> None:
    accepted = created(store)
    assert overdue(store, NOW + 2 * MINUTE - SECOND) == []
    assert overdue(store, NOW + 2 * MINUTE) == [accepted.thing]


def test_what_is_past_its_lease_is_overdue_two_minutes_after_it(store: Store) -> None:
    running = started(store, created(store))
    assert overdue(store, running.thing.due + 2 * MINUTE - SECOND) == []
    assert overdue(store, running.thing.due + 2 * MINUTE) == [running.thing]


def test_what_was_put_off_is_overdue_two_minutes_after_its_pause(store: Store) -> None:
    running = started(store, created(store))
    waiting = changed(store, running, fail(running.thing, NOW, {}, 10 * MINUTE))
    assert overdue(store, NOW + 12 * MINUTE - SECOND) == []
    assert overdue(store, NOW + 12 * MINUTE) == [waiting.thing]


def test_what_the_sweep_has_sent_again_is_left_to_the_queue_for_as_long_as_it_is_old(store: Store) -> None:
    accepted = created(store)
    reminded = changed(store, accepted, remind(accepted.thing, NOW + 5 * MINUTE))
    assert overdue(store, NOW + 10 * MINUTE - SECOND) == []
    assert overdue(store, NOW + 10 * MINUTE) == [reminded.thing]


def test_what_is_finished_is_never_overdue_and_no_longer_among_the_open_ones(store: Store) -> None:
    running = started(store, created(store))
    finished = changed(store, running, finish(running.thing, NOW, "created", body="{}"))
    assert asyncio.run(store.rows.at("open")) == []
    assert overdue(store, NOW + DAY) == []
    assert asyncio.run(store.ledger.read(finished.thing.id)) == finished


def test_an_entry_among_the_open_ones_goes_when_its_operation_is_finished(store: Store) -> None:
    running = started(store, created(store))
    changed(store, running, finish(running.thing, NOW, "created"))
    assert asyncio.run(store.ledger.create(running.thing)) is None  # a late delivery: it enters it once more
    assert overdue(store, NOW + HOUR) == []
    assert asyncio.run(store.rows.at("open")) == []


def test_an_entry_that_no_operation_followed_goes_when_nobody_can_be_at_it_any_more(store: Store) -> None:
    asyncio.run(store.rows.create(Row("open", "0" * 48, "{}", NOW)))
    assert overdue(store, NOW + HOUR - SECOND) == []
    assert len(asyncio.run(store.rows.at("open"))) == 1
    assert overdue(store, NOW + HOUR) == []
    assert asyncio.run(store.rows.at("open")) == []


def test_what_has_not_changed_for_so_long_is_removed_and_nothing_else(store: Store) -> None:
    created(store, "old")
    young = created(store, "young", now=NOW + DAY)
    old_key, young_key = claim_id("flow", "old"), claim_id("flow", "young")
    assert asyncio.run(store.ledger.claim(claim(old_key, "", NOW, SECOND), None))
    assert asyncio.run(store.ledger.claim(claim(young_key, "", NOW + 90 * DAY, SECOND), None))
    assert asyncio.run(store.ledger.clean(NOW + 90 * DAY + SECOND, 90 * DAY)) == 2
    assert asyncio.run(store.ledger.of_ticket("INC1")) == [young.thing]
    assert asyncio.run(store.ledger.read_claim(old_key)) is None
    assert asyncio.run(store.ledger.read_claim(young_key)) is not None


def test_an_answer_is_kept_under_its_key_however_long_it_is(store: Store) -> None:
    id_ = claim_id("flow", "key")
    kept = asyncio.run(store.ledger.claim(claim(id_, "request", NOW, SECOND), None))
    assert kept is not None
    settled = settle(kept.thing, NOW, Answer(201, {"Location": "https://…"}, "ü😀" * 32_000))
    asyncio.run(store.ledger.settle(kept, settled))
    found = asyncio.run(store.ledger.read_claim(id_))
    assert found is not None
    assert found.thing == settled


def test_a_key_that_was_freed_can_be_claimed_anew(store: Store) -> None:
    claimed = claim(claim_id("flow", "key"), "request", NOW, SECOND)
    kept = asyncio.run(store.ledger.claim(claimed, None))
    assert kept is not None
    asyncio.run(store.ledger.settle(kept, None))
    assert asyncio.run(store.ledger.read_claim(claimed.id)) is None
    assert asyncio.run(store.ledger.claim(claimed, None)) is not None


def test_who_has_lost_a_key_neither_frees_it_nor_answers_under_it(store: Store) -> None:
    claimed = claim(claim_id("flow", "key"), "request", NOW, SECOND)
    lost = asyncio.run(store.ledger.claim(claimed, None))
    assert lost is not None
    taken = asyncio.run(store.ledger.claim(replace(claimed, until=NOW + HOUR), lost))
    asyncio.run(store.ledger.settle(lost, None))
    asyncio.run(store.ledger.settle(lost, settle(claimed, NOW, Answer(200, {}, "{}"))))
    assert asyncio.run(store.ledger.read_claim(claimed.id)) == taken


def test_what_is_sent_comes_out_when_its_delay_has_passed(store: Store) -> None:
    asyncio.run(store.queue.send("now", timedelta()))
    asyncio.run(store.queue.send("later", HOUR))
    assert [(message.body, message.poisoned) for message in store.messages()] == [("now", False)]


def test_the_first_messages_may_be_sent_at_once(store: Store) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*(store.queue.send(str(number), timedelta()) for number in range(RIVALS)))

    asyncio.run(all_at_once())
    assert sorted(int(message.body) for message in store.messages()) == list(range(RIVALS))


def test_what_has_failed_for_good_lies_in_the_poison_queue(store: Store) -> None:
    asyncio.run(store.queue.bury("gone"))
    assert [(message.body, message.poisoned) for message in store.messages()] == [("gone", True)]


def test_a_file_that_cannot_be_used_is_a_store_that_is_not_available(tmp_path: Path) -> None:
    for work in (SqliteRows(tmp_path).at("open"), SqliteQueue(tmp_path, "operations").bury("gone")):
        with pytest.raises(StoreUnavailable) as refused:
            asyncio.run(work)
        assert refused.value.retryable
        assert str(tmp_path.parent) not in refused.value.detail


def test_an_account_that_does_not_answer_is_a_store_that_is_not_available() -> None:
    nowhere = Azurite(f"http://127.0.0.1:9/{ACCOUNT}", f"http://127.0.0.1:9/{ACCOUNT}")
    with azurite_store(nowhere) as store:
        for work in (store.rows.create(Row("open", "1", "{}", NOW)), store.queue.bury("gone")):
            with pytest.raises(StoreUnavailable) as refused:
                asyncio.run(work)
            assert refused.value.retryable
            assert "Contributor" in refused.value.detail


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_who_does_not_hear_that_a_write_was_stored_learns_it_when_it_is_sent_again(
    azurite: Azurite, method: str
) -> None:
    made = {"POST": 201, "PUT": 204}
    lost: list[str] = []
    account = httpx.Client(base_url=azurite.tables.removesuffix(f"/{ACCOUNT}"))

    def forwarded(request: Request, body: bytes) -> Response:
        path = str(request.url).removeprefix(str(request.base_url))
        answer = account.request(request.method, path, headers=request.headers.raw, content=body)
        if answer.status_code == made[method] and "Tables" not in path and not lost:
            lost.append(request.method)
            return Response(status_code=503)
        return Response(answer.content, answer.status_code, dict(answer.headers))

    async def forward(request: Request) -> Response:
        return await asyncio.to_thread(forwarded, request, await request.body())

    methods = ["GET", "POST", "PUT", "DELETE"]
    way = running(Starlette(routes=[Route("/{path:path}", forward, methods=methods)]))
    with account, way as client, azurite_store(azurite, str(client.base_url).rstrip("/") + f"/{ACCOUNT}") as store:
        row = asyncio.run(store.rows.create(Row("place", "key", "{}", NOW)))
        assert row is not None
        row = asyncio.run(store.rows.replace(replace(row, document="[]")))
        assert row is not None
        assert asyncio.run(store.rows.read("place", "key")) == row
        assert row.document == "[]"
    assert lost == [method]
