"""Evidence of exactly-once writing: for each place of an assignment, what was sent to it, and when somebody looked.

A POST is blind where an earlier one for the same place, sent under the same `client-request-id`, may have landed, and
nothing under this id has read the assignments of the configuration since.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

from sandbox.assignment_types import read_assignment
from sandbox.graph_errors import GraphError
from sandbox.journal import SUCCESS, Entry

PATH = re.compile(r"/deviceManagement/deviceConfigurations(?:/(?P<configuration>[^/]+)(?P<assignments>/assignments)?)?")
AMBIGUOUS = frozenset({None, 408, *range(500, 600)})
FORGING = frozenset({"body", "html"})  # the faults that put another body in the place of the true one

Place = tuple[str, str | None]  # a configuration, and who writes there or looks


@dataclass(slots=True)
class Post:
    """One POST; `number` is its rank among all requests, `answered` None where no answer has been sent."""

    configuration: str
    slot: str
    caller: str | None
    number: int
    answered: int | None = None
    landed: bool | Literal["late"] = False

    def shown(self) -> dict[str, object]:
        """Write the event."""
        return {"event": "post", "answered": self.answered, "landed": self.landed, "clientRequestId": self.caller}


@dataclass(slots=True, frozen=True)
class Read:
    """One GET, shared by all the configurations whose assignments it showed."""

    caller: str | None

    def shown(self) -> dict[str, object]:
        """Write the event."""
        return {"event": "read", "clientRequestId": self.caller}


class Writes:
    """Watches the requests of an exchange; a POST that is no assignment has no place and is left out."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.blind_reposts = 0
        self._requests = 0
        self._numbers: dict[str, int] = {}
        self._posts: dict[str, Post] = {}
        self._events: dict[str, list[Post | Read]] = {}
        self._doubts: dict[Place, list[Post]] = {}

    def arrived(self, entry: Entry) -> None:
        """Note a request. A POST is in doubt from here on: whoever sends another before an answer has awaited none."""
        self._requests += 1
        self._numbers[entry.request_id] = self._requests
        if post := _post(entry, self._requests):
            doubts = self._doubts.setdefault((post.configuration, post.caller), [])
            self.blind_reposts += any(one.slot == post.slot for one in doubts)
            doubts.append(post)
            self._posts[entry.request_id] = post
            self._events.setdefault(post.configuration, []).append(post)

    def answered(self, entry: Entry, shown: Response | None) -> None:
        """Note the answer: it may settle the POST itself, or show what has become of those before.

        A request that has come before everything was forgotten is forgotten with it.
        """
        number, post = self._numbers.pop(entry.request_id, 0), self._posts.pop(entry.request_id, None)
        if post is not None:
            post.answered = entry.status
            post.landed = "late" if entry.fault == "late" else entry.carried_out in SUCCESS
            forged = entry.succeeded and entry.fault in FORGING
            if entry.status not in AMBIGUOUS and not forged:
                self._settle((post.configuration, post.caller), [post])
        elif number and shown is not None and entry.succeeded:
            read = Read(_caller(entry))
            for configuration in _configurations(entry, shown):
                place = configuration, read.caller
                self._events.setdefault(configuration, []).append(read)
                self._settle(place, [one for one in self._doubts.get(place, []) if one.number < number])

    def report(self) -> dict[str, object]:
        """Give the events by configuration and assignment id, in their order, and how many POSTs were blind."""
        writes = {configuration: slots for configuration, of in self._events.items() if (slots := _by_slot(of))}
        return {"blindReposts": self.blind_reposts, "writes": writes}

    def _settle(self, place: Place, posts: list[Post]) -> None:
        doubts = [one for one in self._doubts.pop(place, []) if one not in posts]
        if doubts:
            self._doubts[place] = doubts


def _post(entry: Entry, number: int) -> Post | None:
    """Read the POST that an entry is, if it is one: the place is found as Graph finds it."""
    path = PATH.fullmatch(entry.path)
    if entry.method != "POST" or not (path and path["assignments"]):
        return None
    configuration = path["configuration"].lower()
    try:
        body = json.loads(entry.body)
        slot = read_assignment(body, configuration, str(entry.version)).id if isinstance(body, dict) else None
    except (GraphError, ValueError):
        slot = None
    return Post(configuration, slot, _caller(entry), number) if slot else None


def _configurations(entry: Entry, shown: Response) -> Iterator[str]:
    """List the configurations whose assignments an answer shows, of some perhaps not all."""
    path = PATH.fullmatch(entry.path)
    if entry.method != "GET" or path is None:
        return
    if path["assignments"] or entry.query.get("$expand") == "assignments":
        if path["configuration"]:
            yield path["configuration"].lower()
        else:
            yield from (one["id"] for one in json.loads(bytes(shown.body))["value"])


def _by_slot(events: list[Post | Read]) -> dict[str, list[dict[str, object]]]:
    slots = {one.slot: None for one in events if isinstance(one, Post)}
    return {slot: [one.shown() for one in events if isinstance(one, Read) or one.slot == slot] for slot in slots}


def _caller(entry: Entry) -> str | None:
    return entry.headers.get("client-request-id")
