"""The emulators end connections: after a number of requests, with or without a word, and when nobody uses them."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import httpx
import pytest

from tests.contract.emulator import ROLES, bearer, journal, started, tell


@pytest.fixture
def connection(graph: httpx.Client) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection(graph.base_url.host, graph.base_url.port, timeout=10)) as opened:
        yield opened


def said_at_the_end(connection: HTTPConnection) -> str | None:
    connection.request("GET", "/v1.0/groups", headers=bearer(*ROLES))
    with connection.getresponse() as answer:
        assert answer.status == 200
        assert answer.read()
        return answer.getheader("Connection")


def is_closed(connection: HTTPConnection) -> bool:
    return connection.sock.recv(1) == b""


def test_the_last_answer_of_a_connection_announces_its_end(graph: httpx.Client, connection: HTTPConnection) -> None:
    tell(graph, "connections", {"requests": 3, "announce": True})
    assert [said_at_the_end(connection) for _ in range(6)] == [None, None, "close"] * 2
    first, _, third, fourth, *_ = [entry["clientPort"] for entry in journal(graph)]
    assert first == third != fourth


def test_a_connection_can_be_closed_without_a_word(graph: httpx.Client, connection: HTTPConnection) -> None:
    tell(graph, "connections", {"requests": 2, "announce": False})
    assert [said_at_the_end(connection) for _ in range(2)] == [None, None]
    assert is_closed(connection)


def test_the_end_is_announced_where_nothing_else_is_said(graph: httpx.Client, connection: HTTPConnection) -> None:
    tell(graph, "connections", {"requests": 1})
    assert said_at_the_end(connection) == "close"


@pytest.mark.parametrize("no_end", [b"null", b""])
def test_connections_live_on_where_no_end_is_set(
    graph: httpx.Client, connection: HTTPConnection, no_end: bytes
) -> None:
    tell(graph, "connections", {"requests": 2})
    graph.post("/_sandbox/connections", content=no_end).raise_for_status()
    assert {said_at_the_end(connection) for _ in range(4)} == {None}
    assert len({entry["clientPort"] for entry in journal(graph)}) == 1


def test_a_reset_lets_connections_live(graph: httpx.Client, connection: HTTPConnection) -> None:
    tell(graph, "connections", {"requests": 1})
    tell(graph, "reset")
    assert said_at_the_end(connection) is None


def test_commands_do_not_count(graph: httpx.Client) -> None:
    tell(graph, "connections", {"requests": 2})
    assert "connection" not in graph.get("/v1.0/groups").headers
    assert [graph.get("/_sandbox/requests").headers.get("connection") for _ in range(3)] == [None] * 3
    assert graph.get("/v1.0/groups").headers["connection"] == "close"


def test_a_connection_that_nobody_uses_is_closed() -> None:
    with started("sandbox.graph", "--idle-seconds", "0") as (base_url, _):
        address = httpx.URL(base_url)
        with closing(HTTPConnection(address.host, address.port, timeout=10)) as connection:
            assert said_at_the_end(connection) is None
            assert is_closed(connection)
