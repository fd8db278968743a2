"""Requests that are carried out late: after their answer, and after the read that was to tell what came of them."""

from sandbox.occasion import Occasion

# `/deviceManagement/deviceConfigurations/{id}`: what a late write and the read that looks for it have in common.
COLLECTION, CONFIGURATION = 2, 3

Stem = tuple[str, ...]


class LateRequests:
    """The requests that wait, by what they change; each is for a read that comes after it and succeeds."""

    def __init__(self) -> None:
        self._waiting: dict[Stem, list[Occasion]] = {}

    def add(self, occasion: Occasion) -> None:
        """Let a request wait."""
        self._waiting.setdefault(_stem(occasion.path), []).append(occasion)

    def clear(self) -> None:
        """Forget all that wait."""
        self._waiting.clear()

    def awaiting(self, method: str, path: str) -> list[Occasion]:
        """List those that wait for the request that comes in now: a read of the same configuration, or of all."""
        read = _stem(path)
        if method != "GET" or not self._waiting or len(read) < COLLECTION:
            return []
        if len(read) == CONFIGURATION:
            return list(self._waiting.get(read, ()))
        return [one for stem, waiting in self._waiting.items() if stem[:COLLECTION] == read for one in waiting]

    async def land(self, awaiting: list[Occasion]) -> None:
        """Carry out, in their order, those that still wait."""
        for one in awaiting:
            waiting = self._waiting.get(_stem(one.path), [])
            if one in waiting:
                waiting.remove(one)
                await one.land()


def _stem(path: str) -> Stem:
    return tuple(path.lower().strip("/").split("/")[:CONFIGURATION])
