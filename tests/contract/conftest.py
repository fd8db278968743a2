from collections.abc import Iterator

import httpx
import pytest

from tests.contract.emulator import emulated_graph


@pytest.fixture(scope="module")
def running_graph() -> Iterator[httpx.Client]:
    with emulated_graph() as client:
        yield client


@pytest.fixture
def graph(running_graph: httpx.Client) -> httpx.Client:
    running_graph.post("/_sandbox/reset").raise_for_status()
    return running_graph
