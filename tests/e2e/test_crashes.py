"""The gateway is killed at each point of decision 10; afterwards there is one assignment, and a finished operation."""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import Program, sample_settings, stores
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.deliveries import TAKEN, ask, deliver, finished, kept, operation, pass_time, start_timer
from tests.e2e.nursery import launch
from tests.e2e.stack import Gateway, Output, Stack, eventually

Restarted = Callable[[Path], tuple[Gateway, Path]]

ASSIGNED = f"{WIFI_HQ}_{PILOT}"
POISON = "SELECT body FROM messages WHERE queue = 'operations-poison'"

# Which use of the store comes right after which step; the steps have the numbers of decision 10.
ACCEPTING_AND_WORKING = {
    "before step 1, the entry among the open ones": 1,
    "after step 1, before the operation": 2,
    "after step 2, before the message": 3,
    "after steps 3 and 4, the answer": 4,
    "before step 5, the lease": 5,
    "after steps 5 and 6, Graph has it": 6,
    "after step 7, the operation is finished": 7,
}
BY_HAND_ALONE = {"AzureWebJobs.sweep_operations.Disabled": "true"}
"""At the turn of a minute, the sweep would use the store as well, and another step would be the last."""
PUTTING_OFF = {"before step 9, the pause": 6, "after step 9, before the message": 7}
GIVING_UP = {"before step 11, the poison queue": 6, "after step 11, before the end": 7, "after the end": 8}
SWEEPING = {"before step 12, the message": 3, "after step 12, before the note": 4}
"""The sweep looks at the open ones first, and at the operation."""


def points(uses: Mapping[str, int]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("use", uses.values(), ids=uses.keys())


@contextmanager
def dying(stack: Stack, folder: Path, use: int) -> Iterator[Gateway]:
    """Give a gateway that is killed before its n-th use of the store; it has to be dead in the end."""
    output = Output()
    command = [sys.executable, "-m", "tests.e2e.dying_host", str(use)]
    settings = {**sample_settings(), **stack.settings, **TAKEN, **stores(folder), **BY_HAND_ALONE}
    with Program(command, settings, output.append, launch) as host:
        with httpx.Client(base_url=f"{host.url}/api/", headers={"x-functions-key": FUNCTION_KEY}, timeout=10) as client:
            yield Gateway(client, output, host)
        assert host.wait() == -9


def delivered(gateway: Gateway) -> bool:
    """Send the webhook; tell whether it was answered."""
    try:
        return deliver(gateway, "pagerduty").status_code == 202
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("healing")


@pytest.fixture(scope="module")
def healing(running_stack: Stack, shelf: Path) -> Iterator[Gateway]:
    """Give the process that finds what another one has left behind."""
    with running_stack.gateway(**TAKEN, **stores(shelf)) as gateway:
        gateway.client.get("operations", params={"ticket": "none"}).raise_for_status()  # now its file is there
        yield gateway


@pytest.fixture
def restarted(healing: Gateway, shelf: Path) -> Restarted:
    """Put what a dead process has left behind before the healing one, in place of what that one had."""

    def restart(left: Path) -> tuple[Gateway, Path]:
        file = shelf / "operations.sqlite"
        begun = left.exists()
        moved = [f"ATTACH '{left}' AS dead", "BEGIN IMMEDIATE", "DELETE FROM rows", "DELETE FROM messages"]
        if begun:
            moved += ["INSERT INTO rows SELECT * FROM dead.rows", "INSERT INTO messages SELECT * FROM dead.messages"]
        moved.append("COMMIT")
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as connection:
            for statement in moved:
                connection.execute(statement)
        return healing, file

    return restart


def heal(gateway: Gateway, file: Path) -> None:
    """Let time pass, and the sweep look."""
    pass_time(file)
    start_timer(gateway, "sweep_operations")


def check(stack: Stack, gateway: Gateway, file: Path) -> None:
    """Have one assignment, written once, and one finished operation that is among the open ones no more."""
    [told] = kept(file)
    told = finished(gateway, f"operations/{told['id']}")
    assert told["outcome"] in {"created", "unchanged"}
    assert [each["id"] for each in stack.graph.assignments()] == [ASSIGNED]
    assert len(stack.graph.requests("POST")) == 1
    heal(gateway, file)
    assert eventually(lambda: ask(file, "SELECT key FROM rows WHERE place = 'open'") == [])
    assert eventually(lambda: ask(file, "SELECT id FROM messages") == [])
    assert len(stack.graph.requests("POST")) == 1


@points(ACCEPTING_AND_WORKING)
def test_whoever_was_answered_gets_it_done_and_whoever_was_not_sends_again(
    stack: Stack, restarted: Restarted, tmp_path: Path, use: int
) -> None:
    file = tmp_path / "operations.sqlite"
    with dying(stack, tmp_path, use) as gateway:
        answered = delivered(gateway)
    assert answered or use <= 4
    healing, file = restarted(file)
    if not answered:
        operation(healing, deliver(healing, "pagerduty"))
    heal(healing, file)
    check(stack, healing, file)


def test_what_was_kept_is_done_also_where_the_sender_never_comes_back(
    stack: Stack, restarted: Restarted, tmp_path: Path
) -> None:
    file = tmp_path / "operations.sqlite"
    with dying(stack, tmp_path, ACCEPTING_AND_WORKING["after step 2, before the message"]) as gateway:
        assert not delivered(gateway)
    healing, file = restarted(file)
    heal(healing, file)
    check(stack, healing, file)


@points(PUTTING_OFF)
def test_what_was_being_put_off_is_done_later(stack: Stack, restarted: Restarted, tmp_path: Path, use: int) -> None:
    file = tmp_path / "operations.sqlite"
    stack.graph.fail(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    with dying(stack, tmp_path, use) as gateway:
        assert delivered(gateway)
    healing, file = restarted(file)
    heal(healing, file)
    check(stack, healing, file)


@points(GIVING_UP)
def test_what_was_being_given_up_is_failed_and_among_the_poison(
    stack: Stack, restarted: Restarted, tmp_path: Path, use: int
) -> None:
    file = tmp_path / "operations.sqlite"
    with dying(stack, tmp_path, ACCEPTING_AND_WORKING["after steps 3 and 4, the answer"]) as gateway:
        delivered(gateway)  # the work may begin, and the end come, before the answer is out
    pass_time(file, attempts=9)
    stack.graph.keep_failing(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    with dying(stack, tmp_path, use - 3):  # what was accepted is there already
        pass
    healing, file = restarted(file)
    heal(healing, file)
    [told] = kept(file)
    assert finished(healing, f"operations/{told['id']}")["outcome"] == "failed"
    assert (told["id"],) in ask(file, POISON)
    assert stack.graph.assignments() == []


@points(SWEEPING)
def test_what_the_sweep_was_at_is_done(stack: Stack, restarted: Restarted, tmp_path: Path, use: int) -> None:
    file = tmp_path / "operations.sqlite"
    with dying(stack, tmp_path, ACCEPTING_AND_WORKING["after step 2, before the message"]) as gateway:
        assert not delivered(gateway)
    pass_time(file)
    with dying(stack, tmp_path, use) as gateway, pytest.raises(httpx.TransportError):
        start_timer(gateway, "sweep_operations")
    healing, file = restarted(file)
    heal(healing, file)
    check(stack, healing, file)
