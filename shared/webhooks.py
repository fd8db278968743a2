"""Webhooks: whose is it, is it genuine, does it count, and what does it ask for. Nothing is written here."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from shared.callers import Authentication, webhook_caller
from shared.endings import decoded
from shared.errors import SourceNotFound
from shared.schemas import AssignmentRequest
from shared.signatures import Principal
from shared.sources import Source
from shared.telemetry import Attempt


@dataclass(frozen=True)
class Asked:
    """What an event asks for, and the key under which it is carried out once."""

    source: str
    key: str
    request: AssignmentRequest


class Webhooks:
    """The sources of an installation; `environment` has the secrets."""

    def __init__(
        self, sources: Mapping[str, Source], environment: Mapping[str, str], authentication: Authentication
    ) -> None:
        self._sources = sources
        self._environment = environment
        self._authentication = authentication

    def asked(self, name: str, headers: Mapping[str, str], body: bytes, attempt: Attempt) -> Asked | None:
        """Give what a delivery asks for, None for an event that does not count; raises a GatewayError."""
        source = self._source(name)
        secrets = source.secrets(self._environment)
        delivery = source.verified(headers, body, secrets, time.time())
        if isinstance(source.verify.proof(), Principal):
            self._authentication.caller(headers).check("write")
        attempt.caller = webhook_caller(name)
        if (event := source.event(decoded(body), headers)) is None:
            return None
        attempt.asked = AssignmentRequest.told(event.request)
        request = AssignmentRequest.parse(event.request)
        attempt.asked = request.model_dump(by_alias=True, exclude_none=True)
        return Asked(name, event.idempotency_key or delivery or str(uuid.uuid4()), request)

    def _source(self, name: str) -> Source:
        """Give the source, if it is on: with a secret where it takes one, with tokens where it takes these."""
        source = self._sources.get(name)
        if source is None:
            raise SourceNotFound("There is no source of webhooks of this name.")
        by_token = isinstance(source.verify.proof(), Principal)
        if not (self._authentication.tenant_id if by_token else source.secrets(self._environment)):
            raise SourceNotFound("There is no source of webhooks of this name.")
        return source
