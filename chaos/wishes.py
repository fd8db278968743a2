"""What the callers want: assignments by id and by name, with and without a filter, some of them twice at once."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.tenant import CORPORATE_WINDOWS

GROUPS_OF_A_CONFIGURATION = 10
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_MODE = "deviceAndAppManagementAssignmentFilterType"
ZEROS = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Wish:
    """One assignment that is wanted; `request` is what a caller sends for it."""

    configuration: str
    group: str
    kind: str
    filtered: bool
    request: dict[str, str]

    def is_met_by(self, target: dict[str, Any]) -> bool:
        """Tell whether a stored target is exactly this: the same group on the same side with the same filter."""
        chosen = (CORPORATE_WINDOWS, "include") if self.filtered else None
        identifier = target.get(FILTER_ID)
        there = None if identifier in {None, ZEROS} else (identifier, target.get(FILTER_MODE))
        return (target["@odata.type"], target["groupId"], there) == (
            f"#microsoft.graph.{self.kind}AssignmentTarget",
            self.group,
            chosen,
        )


def tenant(requests: int) -> dict[str, list[dict[str, str]]]:
    """Make what has to be added to the tenant for so many requests."""
    configurations = requests // GROUPS_OF_A_CONFIGURATION + 1
    return {
        "configurations": [{"name": f"Configuration {number:05}"} for number in range(configurations)],
        "groups": [{"name": f"SG-{number:02}"} for number in range(GROUPS_OF_A_CONFIGURATION)],
    }


def wishes(requests: int, seed: int, configurations: list[str], groups: list[str]) -> list[Wish]:
    """Make the wishes in the order in which they are sent; every tenth is sent again right behind the first."""
    chance = random.Random(seed)  # noqa: S311 - the same seed has to make the same campaign
    places = ((number, position) for number in range(len(configurations)) for position in range(len(groups)))
    made: list[Wish] = []
    for number, position in places:
        wish = _wish(chance, (configurations[number], number), (groups[position], position))
        made += [wish, wish] if chance.random() < 1 / 10 else [wish]
        if len(made) >= requests:
            break
    return made[:requests]


def _wish(chance: random.Random, configuration: tuple[str, int], group: tuple[str, int]) -> Wish:
    by_name, kind = chance.random() < 1 / 5, "exclusionGroup" if chance.random() < 1 / 4 else "group"
    filtered = kind == "group" and chance.random() < 1 / 3
    request = {"targetType": kind}
    if by_name:
        request |= {"configurationName": f"configuration {configuration[1]:05}", "groupName": f"sg-{group[1]:02}"}
    else:
        request |= {"configurationId": configuration[0], "groupId": group[0]}
    if filtered:
        request |= {"filterName": "Corporate Windows", "filterMode": "include"}
    return Wish(configuration[0], group[0], kind, filtered, request)


def by_place(made: Iterable[Wish]) -> dict[tuple[str, str], Wish]:
    """Give each wish once, by its configuration and group."""
    return {(wish.configuration, wish.group): wish for wish in made}
