"""What a flood is made of: events of a ticket system, each delivered up to three times, and forged ones among them."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

SECRET, GUESSED = "made-up", "guessed"
MOST_DELIVERIES = 3
FORGED_SHARE = 0.05
YESTERDAY_SECONDS = 86_400.0

Kind = Literal["genuine", "another secret", "one byte changed", "of yesterday"]
FORGED: Sequence[Kind] = ("another secret", "one byte changed", "of yesterday")

_MAPPED: Mapping[str, Any] = {
    "when": "approved",
    "map": {"configurationId": "configuration", "groupId": "group"},
    "ticket": "ticket",
    "idempotencyKey": "ticket",
}
DOCUMENT = {
    "sources": {
        "plain": {**_MAPPED, "verify": {"scheme": "github", "secrets": ["FLOOD_SECRET"]}},
        "timed": {
            **_MAPPED,
            "verify": {
                "scheme": "hmac",
                "secrets": ["FLOOD_SECRET"],
                "header": "X-Signature",
                "timestampHeader": "X-Timestamp",
                "signed": "{timestamp}.{body}",
            },
        },
    }
}
TAKEN: Mapping[str, str] = {"WEBHOOKS": json.dumps(DOCUMENT), "FLOOD_SECRET": SECRET}
"""The settings of a gateway that takes them."""


@dataclass(frozen=True)
class Delivery:
    """One sending of an event, and where the assignment belongs that it asks for; `kind` says how it is forged."""

    event: int
    configuration: str
    group: str
    kind: Kind

    @property
    def place(self) -> tuple[str, str]:
        """The configuration and the group."""
        return self.configuration, self.group

    @property
    def source(self) -> str:
        """Which of the two sources it comes from; only one of them signs the time."""
        return "timed" if self.event % 2 or self.kind == "of yesterday" else "plain"

    def sent(self) -> tuple[bytes, dict[str, str]]:
        """Give the body and the headers, as of now."""
        told = {"approved": True, "configuration": self.configuration, "group": self.group}
        body = json.dumps({**told, "ticket": f"FLOOD-{self.event:05}"}).encode()
        secret = GUESSED if self.kind == "another secret" else SECRET
        moment = str(int(time.time() - (YESTERDAY_SECONDS if self.kind == "of yesterday" else 0)))
        if self.source == "plain":
            headers = {"X-Hub-Signature-256": f"sha256={_mac(secret, body)}"}
        else:
            headers = {"X-Timestamp": moment, "X-Signature": _mac(secret, f"{moment}.".encode() + body)}
        return body.replace(b"FLOOD", b"FLOOE") if self.kind == "one byte changed" else body, headers


def deliveries(wanted: int, seed: int, configurations: Sequence[str], groups: Sequence[str]) -> list[Delivery]:
    """Make so many deliveries, in disorder. What a forged one asks for, no genuine one asks for."""
    chance = random.Random(seed)  # noqa: S311 - the same seed has to make the same flood
    places = [(one, other) for one in configurations for other in groups]
    made = [_delivery(number, places, chance.choice(FORGED)) for number in range(round(wanted * FORGED_SHARE))]
    for number in range(len(made), len(places)):
        left = wanted - len(made)
        made += [_delivery(number, places, "genuine")] * min(chance.randint(1, MOST_DELIVERIES), left)
    chance.shuffle(made)
    return made


def _mac(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _delivery(number: int, places: Sequence[tuple[str, str]], kind: Kind) -> Delivery:
    configuration, group = places[number]
    return Delivery(number, configuration, group, kind)
