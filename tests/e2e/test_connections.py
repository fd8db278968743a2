"""Connections to Graph: which protocol they speak, how they end, and what comes over them that nobody can use."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from sandbox.programs import sample_settings
from sandbox.serving import LOOPBACK
from sandbox.tenant import WIFI_HQ
from shared.errors import GraphUnavailable
from shared.graph_calls import GraphCalls
from shared.graph_intune import GraphIntune
from shared.retries import passes
from shared.settings import CLOUDS
from shared.telemetry import Attempt
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Stack, problem

IN_FLIGHT = 16
TO_MANY = 100
REQUESTS_OF_A_CONNECTION = 10
CREATION_CALLS = 3

HANDSHAKE = b"\x16\x03"
ONLY_HTTP_1_1 = b"\x00\x10\x00\x0b\x00\x09\x08http/1.1"
"""The extension `application_layer_protocol_negotiation` (RFC 7301 §3.1) of a client that offers this and no other."""
THIRTY_MEGABYTES = 30_000_000


def groups(stack: Stack) -> list[Mapping[str, str]]:
    """Add groups, and give the requests that assign the same configuration to each of them."""
    added = stack.graph.add(groups=[{"name": f"SG-{number}"} for number in range(TO_MANY)])["groups"]
    return [{**MAIN_JOB, "groupId": each} for each in added]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
def test_no_answer_is_lost_on_connections_that_graph_retires(gateway: Gateway, stack: Stack, announced: bool) -> None:  # noqa: FBT001 - pytest hands parameters over by name
    requests = groups(stack)
    stack.graph.tell("connections", {"requests": REQUESTS_OF_A_CONNECTION, "announce": announced})
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        answers = list(threads.map(gateway.create, requests))
    assert {answer.status_code for answer in answers} == {201}
    assert len(stack.graph.assignments()) == TO_MANY
    journal = stack.graph.requests()
    assert len([entry for entry in journal if entry["method"] == "POST"]) == TO_MANY
    assert len({entry["clientPort"] for entry in journal}) >= TO_MANY * CREATION_CALLS / REQUESTS_OF_A_CONNECTION
    assert {entry["httpVersion"] for entry in journal} == {"1.1"}


def test_connections_that_graph_closes_when_nobody_uses_them_cost_no_answer() -> None:
    with Stack.running("--idle-seconds", "0") as stack, stack.gateway() as gateway:
        assert [gateway.create(request).status_code for request in groups(stack)[:20]] == [201] * 20
        journal = stack.graph.requests()
    assert len([entry for entry in journal if entry["method"] == "POST"]) == 20
    assert len({entry["clientPort"] for entry in journal}) > 20


@contextmanager
def listening_without_tls(greetings: list[bytes]) -> Iterator[int]:
    """Take whatever connects, write down how it begins, and close it; give the port."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    greetings.append(connection.recv(16_384))

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_failing_tls_handshake_is_an_unavailable_graph_and_only_http_1_1_was_offered_in_it(stack: Stack) -> None:
    greetings: list[bytes] = []
    with (
        listening_without_tls(greetings) as port,
        stack.gateway(GRAPH_BASE_URL=f"https://{LOOPBACK}:{port}") as gateway,
    ):
        problem(gateway.create(MAIN_JOB, **HASTY), 503, "graph-unavailable")
    begun = [each for each in greetings if each]  # a try may end before it has said anything
    assert begun
    assert all(each.startswith(HANDSHAKE) and ONLY_HTTP_1_1 in each for each in begun)


def test_a_name_that_does_not_resolve_is_an_unavailable_graph_and_worth_another_try(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No setting leads there: a gateway has one of the clouds' own hosts, or this machine.
    monkeypatch.setenv("IDENTITY_ENDPOINT", stack.settings["IDENTITY_ENDPOINT"])
    monkeypatch.setenv("IDENTITY_HEADER", sample_settings()["IDENTITY_HEADER"])

    async def read() -> None:
        calls = GraphCalls("https://graph.invalid", CLOUDS["global"].scope, None)
        attempt = Attempt("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "list_assignments", ends=time.monotonic() + 2)
        await GraphIntune(calls, beta_filters=False).configuration(WIFI_HQ, attempt)

    with pytest.raises(GraphUnavailable) as unavailable:
        asyncio.run(read())
    assert passes(unavailable.value)
    assert len(stack.identity.requests()) == 1


@pytest.mark.parametrize("path", [f"{WIFI_HQ}$", "/groups/"])
@pytest.mark.parametrize("truncate", [True, False], ids=["cut off", "whole"])
def test_thirty_megabytes_that_say_nothing_are_an_unavailable_graph(
    gateway: Gateway, stack: Stack, path: str, *, truncate: bool
) -> None:
    stack.graph.keep_failing(kind="body", method="GET", path=path, size=THIRTY_MEGABYTES, truncate=truncate)
    problem(gateway.create(MAIN_JOB, **HASTY), 503, "graph-unavailable")
    assert stack.graph.requests("POST") == []


@pytest.mark.parametrize("truncate", [True, False], ids=["cut off", "whole"])
def test_a_write_that_is_answered_with_thirty_megabytes_is_looked_for(
    gateway: Gateway, stack: Stack, *, truncate: bool
) -> None:
    body = {"status": 201, "size": THIRTY_MEGABYTES, "truncate": truncate, "commit": True}
    stack.graph.fail(kind="body", method="POST", **body)
    assert gateway.create(MAIN_JOB).status_code == 201
    assert len(stack.graph.requests("POST")) == 1
