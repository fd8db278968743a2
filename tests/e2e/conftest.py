import json
import os
from collections.abc import Iterator

import pytest

from tests.e2e.principals import ENTRA
from tests.e2e.stack import Gateway, Stack

collect_ignore = [] if "GATEWAY_APP" in os.environ else ["test_package.py"]  # for `make package-test` alone


@pytest.fixture(scope="session")
def running_stack() -> Iterator[Stack]:
    with Stack.running() as stack:
        yield stack


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    running_stack.reset()
    yield running_stack
    assert running_stack.unplayed_faults() == []


@pytest.fixture(scope="session")
def running_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(running_gateway: Gateway, stack: Stack) -> Gateway:  # noqa: ARG001 - the emulators start from the seed
    return running_gateway


@pytest.fixture(scope="session")
def other_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def filtering_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway(ASSIGNMENT_FILTERS="beta") as gateway:
        yield gateway


@pytest.fixture(scope="session")
def open_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway(GUARDRAILS=json.dumps({"rules": [{"callers": ["*"], "targets": ["*"]}]})) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def running_entra_gateway(running_stack: Stack) -> Iterator[Gateway]:
    with running_stack.gateway(**ENTRA) as gateway:
        yield gateway


@pytest.fixture
def entra_gateway(running_entra_gateway: Gateway, stack: Stack) -> Gateway:  # noqa: ARG001 - from the seed
    return running_entra_gateway
