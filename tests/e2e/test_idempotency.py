"""`Idempotency-Key`: the first answer again, whichever worker process is asked, and nobody blocked by one that died."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from sandbox.programs import stores
from sandbox.tenant import PILOT, SALES, WIFI_HQ
from shared.idempotency import claim_id
from shared.ledger import Ledger
from shared.ledger_sqlite import SqliteRows
from tests.e2e.principals import DESK_APP, DESK_OBJECT, ENTRA, WRITE, application, principal
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Json, Stack, eventually, problem

ASSIGNMENTS = f"/v1.0/deviceManagement/deviceConfigurations/{WIFI_HQ}/assignments"
HELD: Json = {"kind": "barrier", "method": "POST", "path": f"{ASSIGNMENTS}$", "times": 2}
"""Holds the write until the test asks for the same."""
ANOTHER_JOB = {**MAIN_JOB, "groupId": SALES}
NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
REPLAYED = "idempotent-replayed"

Pair = tuple[Gateway, Gateway]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def running_pair(running_stack: Stack, folder: Path) -> Iterator[Pair]:
    with running_stack.gateway(**stores(folder)) as one, running_stack.gateway(**stores(folder)) as other:
        yield one, other


@pytest.fixture
def pair(running_pair: Pair, stack: Stack) -> Pair:  # noqa: ARG001 - the emulators start from the seed
    return running_pair


@pytest.fixture
def key() -> str:
    return f"ticket {uuid.uuid4()}"


@contextmanager
def running_first(stack: Stack, gateway: Gateway, key: str) -> Iterator["Future[httpx.Response]"]:
    """Send the main request with a key, and have Graph hold its write meanwhile."""
    stack.graph.fail(**HELD)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(gateway.create, MAIN_JOB, Idempotency_Key=key)
        assert eventually(lambda: bool(stack.graph.requests("POST")))
        yield first
        httpx.post(f"{stack.graph.url}{ASSIGNMENTS}")


def end_lease(folder: Path, key: str) -> timedelta:
    """Let a lease be over, as if its time had passed; give how long it would have been."""
    ledger = Ledger(SqliteRows(folder / "operations.sqlite"))

    async def end() -> timedelta:
        kept = await ledger.read_claim(claim_id("key", key))
        assert kept is not None
        assert await ledger.claim(replace(kept.thing, until=datetime.now(UTC)), kept)
        return kept.thing.until - kept.thing.updated

    return asyncio.run(end())


def replays(again: httpx.Response, first: httpx.Response) -> bool:
    """Whether an answer is the first one again, apart from what belongs to one request alone."""
    kept = ("location", "assignment-outcome", "assignment-warning", "content-type")
    same = all(again.headers.get(name) == first.headers.get(name) for name in kept)
    own = again.headers["client-request-id"] != first.headers["client-request-id"] and "request-id" not in again.headers
    marked = again.headers.get(REPLAYED) == "true" and REPLAYED not in first.headers
    return (again.status_code, again.content) == (first.status_code, first.content) and same and own and marked


def test_the_first_answer_comes_again_from_any_process_though_things_have_changed_since(
    pair: Pair, stack: Stack, key: str
) -> None:
    first = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    assert (first.status_code, first.headers["assignment-outcome"]) == (201, "created")
    stack.reset()
    other_order = json.dumps({"dryRun": False, **dict(reversed(list(MAIN_JOB.items())))}, indent=2).encode()
    for gateway in pair:
        again = gateway.send(other_order, Content_Type="application/json", Idempotency_Key=key)
        assert replays(again, first)
        event = gateway.audit(again)
        assert (event["outcome"], event["graphCalls"]) == ("replayed", 0)
    assert stack.graph.requests() == []


def test_graphs_bytes_come_again_as_they_were(pair: Pair, stack: Stack, key: str) -> None:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": PILOT}
    body = json.dumps({"id": f"{WIFI_HQ}_{PILOT}", "target": target, "x": "ü \N{GRINNING FACE}"}, indent=3)
    raw = body.replace("\\u00fc", "ü")
    stack.graph.fail(kind="body", method="POST", status=201, body=raw)
    first = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    assert (first.status_code, first.content) == (201, raw.encode())
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=key), first)


def test_what_was_there_already_is_answered_again_after_it_is_gone(pair: Pair, stack: Stack, key: str) -> None:
    assert pair[0].create(MAIN_JOB).status_code == 201
    first = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    assert (first.status_code, first.headers["assignment-outcome"]) == (200, "unchanged")
    stack.reset()
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=key), first)


def test_a_warning_comes_again_too(pair: Pair, stack: Stack, key: str) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups/", status=403, code="Authorization_RequestDenied")
    first = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    assert first.headers["assignment-warning"] == "group-unverified"
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=key), first)


def test_a_dry_run_is_answered_again_and_is_another_request_than_the_real_one(
    pair: Pair, stack: Stack, key: str
) -> None:
    tried = pair[0].create({**MAIN_JOB, "dryRun": True}, Idempotency_Key=key)
    assert (tried.status_code, tried.headers["assignment-outcome"]) == (200, "planned")
    assert replays(pair[1].create({**MAIN_JOB, "dryRun": True}, Idempotency_Key=key), tried)
    problem(pair[0].create(MAIN_JOB, Idempotency_Key=key), 422, "idempotency-key-reused")
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("request_", [ANOTHER_JOB, {**MAIN_JOB, "ticket": "INC1"}], ids=["target", "ticket"])
def test_422_idempotency_key_reused(pair: Pair, stack: Stack, key: str, request_: Json) -> None:
    assert pair[0].create(MAIN_JOB, Idempotency_Key=key).status_code == 201
    answer = problem(pair[1].create(request_, Idempotency_Key=key), 422, "idempotency-key-reused")
    assert "Nothing was written" in answer["detail"]
    assert len(stack.graph.requests("POST")) == 1


def test_503_in_progress_while_the_first_is_running_and_its_answer_afterwards(
    pair: Pair, stack: Stack, key: str
) -> None:
    with running_first(stack, pair[0], key) as running:
        second = pair[1].create(MAIN_JOB, Idempotency_Key=key)
        other = pair[1].create(ANOTHER_JOB, Idempotency_Key=key)
    problem(second, 503, "in-progress")
    assert second.headers["retry-after"] == "30"
    problem(other, 422, "idempotency-key-reused")
    first = running.result()
    assert first.status_code == 201
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=key), first)
    assert len(stack.graph.assignments()) == 1


def test_a_worker_that_is_killed_blocks_nobody_after_its_lease(
    pair: Pair, stack: Stack, folder: Path, key: str
) -> None:
    stack.graph.fail(kind="delay", method="POST", seconds=3, when="after")
    settings = {**stores(folder), "REQUEST_DEADLINE_SECONDS": "5"}
    with stack.gateway(**settings) as doomed, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(doomed.create, MAIN_JOB, Idempotency_Key=key)
        assert eventually(lambda: bool(stack.graph.requests("POST")))
        doomed.host.kill()
        with pytest.raises(httpx.TransportError):
            asked.result()
    held = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    problem(held, 503, "in-progress")
    assert 1 <= int(held.headers["retry-after"]) <= 16
    assert end_lease(folder, key) == timedelta(seconds=5 + 10)
    found = pair[0].create(MAIN_JOB, Idempotency_Key=key)
    assert (found.status_code, found.headers["assignment-outcome"]) == (200, "unchanged")
    assert REPLAYED not in found.headers
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=key), found)
    assert len(stack.graph.requests("POST")) == 1


@pytest.mark.parametrize(
    ("request_", "fault", "refused"),
    [
        ({"configurationId": WIFI_HQ, "targetType": "allDevices"}, None, (403, "guardrail")),
        ({**MAIN_JOB, "groupId": NOWHERE}, None, (404, "group-not-found")),
        ({**MAIN_JOB, "groupId": ""}, None, (422, "invalid-request")),
        (MAIN_JOB, {"method": "GET", "kind": "status", "status": 429, "retryAfter": "9"}, (429, "throttled")),
        (MAIN_JOB, {"method": "GET", "kind": "delay", "seconds": 2}, (503, "graph-unavailable")),
        (MAIN_JOB, {"method": "POST", "kind": "delay", "seconds": 2}, (503, "outcome-unknown")),
    ],
    ids=lambda each: each[1] if isinstance(each, tuple) else "",
)
def test_any_answer_but_a_success_frees_the_key(
    pair: Pair, stack: Stack, request_: Json, fault: Json | None, refused: tuple[int, str]
) -> None:
    key = str(uuid.uuid4())
    if fault:
        stack.graph.keep_failing(**fault)
    problem(pair[0].create(request_, Idempotency_Key=key, **HASTY), *refused)
    stack.reset()
    another = pair[1].create({**ANOTHER_JOB, "ticket": "INC1"}, Idempotency_Key=key)
    assert (another.status_code, REPLAYED in another.headers) == (201, False)


def test_the_same_key_of_another_caller_is_another_key(stack: Stack, key: str) -> None:
    flow = principal(application(WRITE))
    desk = principal(application(WRITE, app=DESK_APP, object_id=DESK_OBJECT))
    with stack.gateway(**ENTRA) as gateway:
        first = gateway.create(MAIN_JOB, Idempotency_Key=key, **flow)
        others = gateway.create(ANOTHER_JOB, Idempotency_Key=key, **desk)
        assert replays(gateway.create(MAIN_JOB, Idempotency_Key=key, **flow), first)
        assert replays(gateway.create(ANOTHER_JOB, Idempotency_Key=key, **desk), others)
    assert [each.status_code for each in (first, others)] == [201, 201]
    assert first.content != others.content


@pytest.mark.parametrize("bad", [b"", b"x" * 256, "ü".encode("latin-1"), b"a\tb"], ids=["empty", "long", "ü", "tab"])
def test_a_key_that_cannot_be_one_is_refused_by_the_headers_name(pair: Pair, stack: Stack, bad: bytes) -> None:
    refused = pair[0].client.post("assignments", json=MAIN_JOB, headers={b"Idempotency-Key": bad})
    answer = problem(refused, 422, "invalid-request")
    [error] = answer["errors"]
    assert error["field"] == "Idempotency-Key"
    assert "255" in error["message"]
    assert stack.graph.requests() == []


def test_the_longest_key_is_taken(pair: Pair, key: str) -> None:
    longest = key.ljust(255, "~")
    first = pair[0].create(MAIN_JOB, Idempotency_Key=longest)
    assert replays(pair[1].create(MAIN_JOB, Idempotency_Key=longest), first)


def test_503_store_unavailable_for_a_request_with_a_key_alone(stack: Stack, tmp_path: Path, key: str) -> None:
    with stack.gateway(**stores(tmp_path / "nowhere")) as gateway:
        problem(gateway.create(MAIN_JOB, Idempotency_Key=key), 503, "store-unavailable")
        assert stack.graph.requests() == []
        assert gateway.create(MAIN_JOB).status_code == 201


def test_without_a_store_a_key_is_refused_by_the_settings_name(stack: Stack, key: str) -> None:
    with stack.gateway(OPERATIONS_STORE="", OPERATIONS_QUEUE="") as gateway:
        answer = problem(gateway.create(MAIN_JOB, Idempotency_Key=key), 424, "misconfigured")
        assert gateway.create(MAIN_JOB).status_code == 201
    assert {error["field"] for error in answer["errors"]} == {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}
