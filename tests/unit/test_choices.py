"""How long a drop-down's list is kept, told by a clock of the test's own and a fake of Graph."""

import asyncio
from typing import cast

from shared.callers import KEY_CALLER
from shared.choices import KEPT_SECONDS, Choices
from shared.details import Choice
from shared.graph_port import Entra, Graph, Intune
from shared.guardrails import NARROW
from shared.telemetry import Attempt

ATTEMPT = Attempt("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "list_configurations")


class FakeIntune:
    """Has as many configurations as it has been asked times."""

    def __init__(self) -> None:
        self.asked = 0

    async def configuration_names(self, attempt: Attempt) -> list[Choice]:  # noqa: ARG002 - the port's signature
        self.asked += 1
        return [Choice(str(number), f"Number {number}") for number in range(self.asked)]


def test_a_list_is_kept_for_a_minute_and_then_read_anew() -> None:
    now = 0.0
    intune = FakeIntune()
    choices = Choices(Graph(cast("Intune", intune), cast("Entra", None)), NARROW, filters=False, clock=lambda: now)

    def offered() -> int:
        return len(asyncio.run(choices.configurations("number", KEY_CALLER, ATTEMPT)))

    assert (offered(), offered()) == (1, 1)
    now = KEPT_SECONDS - 1
    assert offered() == 1
    now = KEPT_SECONDS
    assert offered() == 2
