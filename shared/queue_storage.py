"""The queue in Azure Queue Storage; the only module that knows azure.storage.queue."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, TextBase64EncodePolicy

from shared.errors import StoreUnavailable

TIMEOUT_SECONDS = 5
FOR_EVER = -1
SILENT = (
    "The queue cannot be used just now. If this lasts: does OPERATIONS_QUEUE name it, "
    "and has the managed identity the role Storage Queue Data Contributor?"
)


def queue(endpoint: str, name: str, credential: TokenCredential | AzureNamedKeyCredential) -> QueueClient:
    """Give the client of one queue; it may be used by several threads."""
    return QueueClient(
        endpoint,
        name,
        credential=credential,
        message_encode_policy=TextBase64EncodePolicy(),  # what the trigger expects where host.json says nothing else
        retry_policy=LinearRetry(backoff=0, retry_total=2, random_jitter_range=1),
        connection_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        use_env_settings=False,  # as with Graph and the identity: no proxy of the environment's
    )


class StorageQueue:
    """A queue and its poison queue, which are made when they are missed. What was sent twice is found to be done."""

    def __init__(self, work: QueueClient, poison: QueueClient) -> None:
        self._work = work
        self._poison = poison

    async def send(self, operation_id: str, delay: timedelta) -> None:
        """Send an operation's id, not to be seen before the delay has passed."""
        await _asked(self._work, operation_id, delay)

    async def bury(self, operation_id: str) -> None:
        """Put an operation's id into the poison queue."""
        await _asked(self._poison, operation_id, timedelta())


async def _asked(client: QueueClient, text: str, delay: timedelta) -> None:
    try:
        await asyncio.to_thread(_send, client, text, delay)
    except AzureError as error:
        raise StoreUnavailable(SILENT) from error


def _send(client: QueueClient, text: str, delay: timedelta) -> None:
    seconds = round(delay.total_seconds())
    try:
        client.send_message(text, visibility_timeout=seconds, time_to_live=FOR_EVER)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # somebody else was faster
            client.create_queue()
        client.send_message(text, visibility_timeout=seconds, time_to_live=FOR_EVER)
