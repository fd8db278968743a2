"""Names as people give them: compared exactly after trimming, without regard to case, never by a wildcard. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from shared.details import Choice
from shared.errors import AmbiguousName

MAX_CANDIDATES = 20


class Named(Protocol):
    """Whatever has an id and a name."""

    @property
    def id(self) -> str:
        """Graph's id."""

    @property
    def name(self) -> str:
        """Graph's `displayName`, as it stands there."""


Thing = TypeVar("Thing", bound=Named)


def key(name: str) -> str:
    """Give what two names have in common when they are the same to us."""
    return name.strip().casefold()


def the_one_named(name: str, things: Iterable[Thing], kind: str) -> Thing | None:
    """Pick the one thing of that name, None where there is none; raises AmbiguousName rather than choosing."""
    found = {thing.id: thing for thing in things if key(thing.name) == key(name)}
    if len(found) > 1:
        candidates = [Choice(each.id, each.name) for each in found.values()]
        raise AmbiguousName(
            f"{len(found)} {kind}s are called '{name}': ask for one by its id.", candidates=candidates[:MAX_CANDIDATES]
        )
    return next(iter(found.values()), None)
