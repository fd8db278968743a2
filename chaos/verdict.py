"""The verdict: what is assigned in the end, held against what was wanted and what the callers were told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaos.callers import WAIT_SECONDS, Story
from chaos.wishes import by_place

GRACE_SECONDS = 0.5
DONE = frozenset({"created", "unchanged"})
NOTHING_WRITTEN = frozenset(
    {"graph-unavailable", "identity-unavailable", "throttled", "rate-limited", "graph-rejected"}
)


@dataclass(frozen=True)
class Verdict:
    """Counts; all but the first two and `longest_seconds` have to be 0."""

    wanted: int
    there: int
    lost: int
    duplicated: int
    wider: int
    untrue: int
    late: int
    longest_seconds: float

    @property
    def kept(self) -> bool:
        """Tell whether every promise was kept."""
        return not (self.lost or self.duplicated or self.wider or self.untrue or self.late)


def verdict(stories: Sequence[Story], stored: dict[str, list[dict[str, Any]]], blind: int) -> Verdict:
    """Judge; `stored` is what is assigned by configuration, `blind` the POSTs that were repeated without a look."""
    wanted = by_place(story.wish for story in stories)
    targets = {(key, each["target"]["groupId"]): each["target"] for key, of in stored.items() for each in of}
    met = {place for place, wish in wanted.items() if place in targets and wish.is_met_by(targets[place])}
    told = {(story.wish.configuration, story.wish.group) for story in stories if story.last in DONE}
    return Verdict(
        wanted=len(wanted),
        there=len(met),
        lost=len(told - met),
        duplicated=blind + sum(len(of) for of in stored.values()) - len(targets),
        wider=len(targets.keys() - met),
        untrue=len(_denied(stories) & met),
        late=sum(story.longest_seconds > WAIT_SECONDS + GRACE_SECONDS for story in stories),
        longest_seconds=max(story.longest_seconds for story in stories),
    )


def _denied(stories: Sequence[Story]) -> set[tuple[str, str]]:
    """Give the places of which every caller was always told that nothing had been written."""
    codes: dict[tuple[str, str], set[str]] = {}
    for story in stories:
        codes.setdefault((story.wish.configuration, story.wish.group), set()).update(story.codes)
    return {place for place, told in codes.items() if told <= NOTHING_WRITTEN}
