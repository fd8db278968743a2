"""Webhooks as tests send them, and what becomes of them: operations, the file with them, and time that passes."""

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.functions_host import MASTER_KEY
from sandbox.programs import ROOT
from shared.sources import Sources
from tests.e2e.stack import Gateway, Json, eventually
from tests.senders import SIGNED, Sign, freshservice, servicenow

FOLDER = ROOT / "docs/webhooks"
DOCUMENT = (FOLDER / "webhooks.json").read_text("utf-8")
SOURCES = Sources.parse(DOCUMENT).sources
SENDERS: Mapping[str, Sign] = {**SIGNED, "freshservice": freshservice, "servicenow": servicenow}
SECRET = "made-up"
TAKEN: Mapping[str, str] = {
    "WEBHOOKS": DOCUMENT,
    **{name: SECRET for source in SOURCES.values() for name in source.verify.secrets},
}
"""The settings of a gateway that takes the webhooks of all ready sources."""
LONG = timedelta(hours=2)


def payload(name: str) -> bytes:
    """Give a source's ready payload."""
    return (FOLDER / f"fixtures/{name}.json").read_bytes()


def deliver(
    gateway: Gateway, name: str, body: bytes | None = None, secret: str = SECRET, **query: str
) -> httpx.Response:
    """Send a webhook as its source signs it, without a key."""
    content = payload(name) if body is None else body
    headers = {**SENDERS[name](secret, content, time.time()), "x-functions-key": ""}
    return gateway.client.post(f"webhooks/{name}", content=content, headers=headers, params=query)


def operation(gateway: Gateway, accepted: httpx.Response) -> Json:
    """Wait until accepted work is finished, five seconds at most; give what is told of it."""
    assert accepted.status_code == 202, accepted.text
    return finished(gateway, accepted.headers["location"])


def finished(gateway: Gateway, address: str) -> Json:
    """The same, by its address."""
    assert eventually(lambda: gateway.client.get(address).status_code == 200), gateway.client.get(address).text
    told: Json = gateway.client.get(address).json()
    return told


def of_ticket(gateway: Gateway, ticket: str) -> list[Json]:
    """List a ticket's operations."""
    listed: list[Json] = gateway.client.get("operations", params={"ticket": ticket}).raise_for_status().json()["value"]
    return listed


def start_timer(gateway: Gateway, function: str) -> None:
    """Start a timer's function by hand, as an administrator may, and wait for its end."""
    root = str(gateway.client.base_url).removesuffix("/api/")
    answer = gateway.client.post(f"{root}/admin/functions/{function}", headers={"x-functions-key": MASTER_KEY})
    assert answer.status_code == 202


def ask(file: Path, statement: str, *values: object) -> list[Any]:
    """Ask the file in which a gateway keeps its work."""
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def kept(file: Path) -> list[Json]:
    """Give the operations in a file."""
    return [json.loads(text) for (text,) in ask(file, "SELECT document FROM rows WHERE place LIKE 'operation-%'")]


def put_off(file: Path, operation_id: str) -> bool:
    """Wait until an operation is put off: its one message is a new one that is not to be seen yet."""

    def over() -> bool:
        statement = "SELECT dequeue_count, visible_at > ? FROM messages WHERE body = ? AND queue = 'operations'"
        return ask(file, statement, time.time(), operation_id) == [(0, 1)]

    return eventually(over)


def pass_time(file: Path, time_passed: timedelta = LONG, **changed: object) -> None:
    """Have time pass for what is in a file, by moving it into the past; change its operations besides."""
    for place, key, text, moment in ask(file, "SELECT place, key, document, changed FROM rows"):
        document = json.loads(text)
        for name in document.keys() & {"created", "updated", "due"}:
            document[name] = (datetime.fromisoformat(document[name]) - time_passed).isoformat()
        document |= changed if document else {}
        then = (datetime.fromisoformat(moment) - time_passed).isoformat(timespec="microseconds")
        statement = "UPDATE rows SET document = ?, changed = ? WHERE place = ? AND key = ?"
        ask(file, statement, json.dumps(document), then, place, key)
    ask(file, "UPDATE messages SET visible_at = visible_at - ?", time_passed.total_seconds())  # last: now it starts
