"""A campaign of faults: from its begin on, each request may meet one, by chance that a seed makes repeatable.

What a request meets follows from the seed, its `client-request-id`, its method and path, and how manieth of such calls
it is; not from what happens beside it. Two runs of the same requests meet the same faults, in whatever order they come.
"""

import hashlib
from collections import Counter, OrderedDict
from typing import Annotated

from pydantic import Field

from sandbox.command import Command
from sandbox.faults import Drawable, StatusFault

# Callers whose calls are counted; whoever has not called for so many others begins anew.
REMEMBERED_CALLERS = 10_000

Drawn = Annotated[Drawable, Field(discriminator="kind")]


class Plan(Command):
    """With which probability a request meets one of the faults; none of them is consumed, and `times` says nothing."""

    seed: int = 0
    rate: Annotated[float, Field(ge=0, le=1)]
    faults: tuple[Drawn, ...] = ()


class Campaign:
    """Draws the faults, and counts what was played."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """End the campaign and forget what was played."""
        self._plan = Plan(rate=0)
        self._calls: OrderedDict[str, Counter[tuple[str, str]]] = OrderedDict()
        self._kinds: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()

    def follow(self, plan: Plan) -> None:
        """Begin anew with a plan; one whose rate is 0 ends the campaign and leaves the counts to be read."""
        if plan.rate:
            self.clear()
        self._plan = plan

    def draw(self, method: str, path: str, caller: str) -> Drawn | None:
        """Give the fault that a request meets, among those that are for it; callers without an id count as one."""
        faults = [one for one in self._plan.faults if one.meets(method, path)]
        if not self._plan.rate or not faults:
            return None
        number = self._number(method, path, caller)
        chance, choice = _chances(self._plan.seed, caller, method, path, number)
        if chance >= self._plan.rate:
            return None
        fault = faults[int(choice * len(faults))]
        self._kinds[fault.kind] += 1
        if isinstance(fault, StatusFault):
            self._statuses[fault.status] += 1
        return fault

    def played(self) -> dict[str, dict[str, int]]:
        """Count what was played by kind, and errors by status."""
        return {"kinds": dict(self._kinds), "statuses": {str(int(one)): of for one, of in self._statuses.items()}}

    def _number(self, method: str, path: str, caller: str) -> int:
        calls = self._calls.setdefault(caller, Counter())
        self._calls.move_to_end(caller)
        if len(self._calls) > REMEMBERED_CALLERS:
            self._calls.popitem(last=False)
        calls[method, path] += 1
        return calls[method, path]


def _chances(*parts: object) -> tuple[float, float]:
    """Make two numbers from 0 up to 1 of the parts: `random` would need a state, and `hash` differs from run to run."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    first, second = int.from_bytes(digest[:6]), int.from_bytes(digest[6:12])
    return first / 2**48, second / 2**48
