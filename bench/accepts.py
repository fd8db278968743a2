"""The child process that accepts webhooks: `python -m bench.accepts COUNT [TABLES QUEUES]`.

Verifies, maps and keeps so many deliveries of the ready source for Jira, one after the other, each of another ticket:
in Azure Storage at these addresses, which take Azurite's key, or in the file that OPERATIONS_STORE names. Prints one
JSON object: CPU and wall time of one in milliseconds, and those of its dry run, which keeps nothing.
"""

import asyncio
import hmac
import json
import logging
import os
import sys
import time
import uuid
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import azure.functions as func
from azure.core.credentials import AzureNamedKeyCredential

from sandbox.azurite import ACCOUNT, KEY
from shared.bootstrap import parts
from shared.entrance import Entrance
from shared.ledger import Ledger
from shared.ledger_tables import TableRows, table
from shared.queue_storage import StorageQueue, queue
from shared.stores import Stores
from shared.tickets import Tickets

WEBHOOKS = Path(__file__).parent.parent / "docs" / "webhooks"
SETTINGS = {"WEBHOOKS": str(WEBHOOKS / "webhooks.json"), "JIRA_WEBHOOK_SECRET": "made-up"}
WARM_UP = 20


def delivery(*, dry_run: bool) -> func.HttpRequest:
    """Make one delivery."""
    payload = (WEBHOOKS / "fixtures" / "jira.json").read_bytes()
    body = payload.replace(b"HELP-42", f"HELP-{uuid.uuid4().hex}".encode())
    signature = hmac.digest(SETTINGS["JIRA_WEBHOOK_SECRET"].encode(), body, "sha256").hex()
    return func.HttpRequest(
        method="POST",
        url="http://127.0.0.1:7071/api/webhooks/jira" + ("?dryRun=true" if dry_run else ""),
        route_params={"source": "jira"},
        params={"dryRun": "true"} if dry_run else {},
        headers={"x-hub-signature": f"sha256={signature}", "x-atlassian-webhook-identifier": str(uuid.uuid4())},
        body=body,
    )


def tickets(addresses: list[str]) -> Tickets:
    """Wire the gateway's own parts, with the stores at these addresses if there are any."""
    wired = parts()
    if not addresses:
        return Tickets(Entrance(lambda: wired))
    credential = AzureNamedKeyCredential(ACCOUNT, KEY)
    work, poison = (queue(addresses[1], name, credential) for name in ("operations", "operations-poison"))
    stores = Stores(Ledger(TableRows(table(addresses[0], "operations", credential))), StorageQueue(work, poison))
    in_storage = replace(wired, stores=lambda: stores)
    return Tickets(Entrance(lambda: in_storage))


async def accept(receiver: Tickets, count: int, *, dry_run: bool) -> dict[str, float]:
    """Accept that many; give CPU and wall milliseconds of one."""
    deliveries = [delivery(dry_run=dry_run) for _ in range(count)]
    cpu, wall = time.process_time(), time.perf_counter()
    for each in deliveries:
        response = await receiver.receive_webhook(each)
        if response.status_code != (HTTPStatus.OK if dry_run else HTTPStatus.ACCEPTED):
            sys.exit(f"{response.status_code} {response.get_body().decode()}")
    milliseconds_of_one = 1000 / count
    return {
        "cpu": (time.process_time() - cpu) * milliseconds_of_one,
        "wall": (time.perf_counter() - wall) * milliseconds_of_one,
    }


async def _measure(count: int, addresses: list[str]) -> dict[str, object]:
    receiver = tickets(addresses)
    await accept(receiver, WARM_UP, dry_run=False)
    dry = await accept(receiver, count, dry_run=True)
    return {"accepted": await accept(receiver, count, dry_run=False), "dry_run": dry}


def main() -> None:
    """Accept, tell."""
    count, *addresses = sys.argv[1:]
    # The worker has a handler for whatever is logged; a line is made and written here as well.
    logging.basicConfig(level=logging.INFO, filename=os.devnull)
    print(json.dumps(asyncio.run(_measure(int(count), addresses))))


if __name__ == "__main__":
    main()
