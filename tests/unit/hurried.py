"""An event loop whose clock stands still until it jumps to the next timer: minutes are over at once, and measured."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _JumpingSelector(selectors.DefaultSelector):
    """Skips what it would wait."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready now; with nothing to come but a timer, let its time come."""
        ready = super().select(0 if timeout else timeout)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class _HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped


def run(work: Coroutine[Any, Any, Result]) -> tuple[Result, float]:
    """Run it to its end; give the result, and how many seconds it would have taken."""

    async def timed() -> tuple[Result, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        result = await work
        return result, loop.time() - started

    with asyncio.Runner(loop_factory=_HurriedLoop) as runner:
        return runner.run(timed())
