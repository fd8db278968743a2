import asyncio
import math
from typing import Never, cast

import pytest

from shared.assignments import Target
from shared.errors import IdentityUnavailable
from shared.exactly_once import Writer
from shared.graph_port import Intune
from shared.telemetry import Attempt
from shared.write_budget import WriteBudget

NO_TOKEN = IdentityUnavailable("There is no token.")


class Tokenless:
    """An Intune that the gateway has no token for."""

    def __init__(self) -> None:
        self.reads = 0

    async def create_assignment(self, *_: object) -> Never:
        raise NO_TOKEN

    async def configuration(self, *_: object) -> Never:
        self.reads += 1
        raise NO_TOKEN


def test_a_write_that_never_had_a_token_is_not_looked_for_and_is_not_said_to_be_sent() -> None:
    intune = Tokenless()
    writer = Writer(cast("Intune", intune), WriteBudget(1))
    attempt = Attempt("an id", "create_assignment", ends=math.inf)
    with pytest.raises(IdentityUnavailable):
        asyncio.run(writer.create("a configuration", Target("allDevices", {}), None, attempt))
    assert intune.reads == 0
