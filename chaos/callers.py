"""Callers that retry like Logic Apps: 408, 429 and 5xx, four times, with a new request each time (facts.md §3)."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from chaos.wishes import Wish
from sandbox.functions_host import FUNCTION_KEY

RETRIES = 4
SHORTENED = 1 / 50
"""Logic Apps waits 5 to 45 seconds; nobody wants to watch that 10 000 times."""
WAIT_SECONDS = 10


@dataclass
class Story:
    """What became of one wish: the codes of all answers in their order, `created` and the like among them."""

    wish: Wish
    codes: list[str] = field(default_factory=list)
    longest_seconds: float = 0

    @property
    def last(self) -> str:
        """The answer that the caller was left with."""
        return self.codes[-1]


class Callers:
    """So many callers at once, each sending one request to one of the gateways after the other."""

    def __init__(self, gateways: Sequence[str], in_flight: int, seed: int, told: Callable[[], object]) -> None:
        self._gateways = gateways
        self._seed = seed
        self._places = asyncio.Semaphore(in_flight)
        self._told = told
        self.statuses: Counter[str] = Counter()

    async def send_all(self, wanted: Sequence[Wish]) -> list[Story]:
        """Have every wish sent, until it is answered for good or the caller has given up."""
        headers = {"x-functions-key": FUNCTION_KEY, "Prefer": f"wait={WAIT_SECONDS}"}
        async with httpx.AsyncClient(headers=headers, timeout=WAIT_SECONDS + 20) as client:
            return list(await asyncio.gather(*(self._send(client, number, wish) for number, wish in enumerate(wanted))))

    async def _send(self, client: httpx.AsyncClient, number: int, wish: Wish) -> Story:
        story = Story(wish)
        async with self._places:
            for tries in range(RETRIES + 1):
                gateway = self._gateways[(number + tries) % len(self._gateways)]
                started = time.monotonic()
                # The faults of a request follow from its id: the same seed makes the same campaign.
                own_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._seed} {number} {tries}"))
                headers = {"client-request-id": own_id}
                response = await client.post(f"{gateway}/api/assignments", json=wish.request, headers=headers)
                story.longest_seconds = max(story.longest_seconds, time.monotonic() - started)
                code = _code(response)
                story.codes.append(code)
                self.statuses[f"{response.status_code} {code}"] += 1
                if response.status_code not in {408, 429} and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    break
                await asyncio.sleep(float(response.headers.get("Retry-After", "10")) * SHORTENED)
        self._told()
        return story


def _code(response: httpx.Response) -> str:
    if response.is_success:
        return response.headers["assignment-outcome"]
    return str(response.json()["code"]) if response.content else "(no body)"
