"""Whose webhooks are taken, and what becomes of them: the `WEBHOOKS` document. Pure.

A payload becomes a request by expressions alone. What they find goes through AssignmentRequest as it is, so that what
is missing, `null` or of the wrong kind is refused there and not left out here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    StringConstraints,
    Tag,
    ValidationError,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from shared import strict_json
from shared.details import FieldError
from shared.errors import InvalidRequest, Misconfigured
from shared.expressions import MAX_CHARACTERS, Expression, NotJmesPathError, expression
from shared.field_errors import field_errors, one_of
from shared.proofs import STRICT, Entra, HeaderName, Hmac, KnownSender, Secret
from shared.schemas import AssignmentRequest
from shared.signatures import header, verify
from shared.strict_json import NotJsonError

FIELDS = [str(field.alias) for field in AssignmentRequest.model_fields.values() if field.alias != "ticket"]
"""What may be mapped: every field of a request but the ticket, which the source has by itself."""

KEY = re.compile(r"[ -~]{1,255}")
_UNRESOLVED = "@Microsoft.KeyVault("  # what the platform leaves where it could not fetch the secret (facts.md §6)
_KEY_RULE = "must be found, and be a whole number or 1 to 255 printable ASCII characters"
# Where pydantic names the kind that it took something for, or that a name is meant and not what bears it.
_OF_PYDANTIC = re.compile(r"(?<=^sources)(\.[^.]+\.(?:verify|ticket|idempotencyKey))\.[^.]+|\.\[key\]$")


def _compiled(text: object) -> Expression:
    if not isinstance(text, str):
        raise PydanticCustomError("expression", "must be a string, a JMESPath expression")
    try:
        return expression(text)
    except NotJmesPathError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": error.reason}) from error


JmesPath = Annotated[
    Expression, PlainValidator(_compiled), WithJsonSchema({"type": "string", "maxLength": MAX_CHARACTERS})
]


class FromHeader(BaseModel):
    """A header in place of an expression."""

    model_config = STRICT

    header: HeaderName
    """The header's name."""


def _kind(value: object) -> str:
    return "header" if isinstance(value, dict | FromHeader) else "expression"


Place = Annotated[Annotated[JmesPath, Tag("expression")] | Annotated[FromHeader, Tag("header")], Discriminator(_kind)]
Proof = Annotated[KnownSender | Hmac | Secret | Entra, Field(discriminator="scheme")]


@dataclass(frozen=True)
class Event:
    """What an event asks for, to be parsed like anybody's request, and the key that its source gives it, if any."""

    request: Mapping[str, object]
    idempotency_key: str | None


class Source(BaseModel):
    """One sender of webhooks: what proves them, which count, and what they ask for."""

    model_config = STRICT

    verify: Proof
    """What proves that it is the sender."""
    when: JmesPath
    """Which events count: those for which this is `true`, and nothing else that is like it."""
    map: Annotated[
        dict[Annotated[str, one_of(*FIELDS), Field(json_schema_extra={"enum": FIELDS})], JmesPath],
        Field(min_length=1),
    ]
    """Where each field of the request is found."""
    ticket: Place | None = None
    """Where the ticket's number is found."""
    idempotency_key: Place | None = None
    """Where the key is found under which an event is carried out once; without it, what the scheme offers as one."""

    def secrets(self, environment: Mapping[str, str]) -> list[str]:
        """Give the secrets that are set; where the scheme takes one and there is none, the source is off."""
        values = (environment.get(name, "").strip() for name in self.verify.secrets)
        return [value for value in values if value and not value.startswith(_UNRESOLVED)]

    def verified(self, headers: Mapping[str, str], body: bytes, secrets: list[str], now: float) -> str | None:
        """Give the delivery's own id, None where it has none; raises SignatureInvalid where it is not genuine."""
        return verify(self.verify.proof(), headers, body, secrets, now)

    def event(self, payload: object, headers: Mapping[str, str]) -> Event | None:
        """Give what an event asks for, None for one that does not count; raises InvalidRequest for one without key."""
        if self.when.of(payload) is not True:
            return None
        request = {field: place.of(payload) for field, place in self.map.items()}
        if self.ticket is not None:
            request["ticket"] = _found(self.ticket, payload, headers)
        return Event(request, self._key(payload, headers))

    def _key(self, payload: object, headers: Mapping[str, str]) -> str | None:
        if self.idempotency_key is None:
            return None
        found = _found(self.idempotency_key, payload, headers)
        key = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
        if not KEY.fullmatch(key):
            raise InvalidRequest("The event has no key.", errors=[FieldError("idempotencyKey", _KEY_RULE)])
        return key


class Sources(BaseModel):
    """All sources of an installation, by the name that stands in their address."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sources: dict[Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,62}$")], Source]

    @field_validator("sources")
    @classmethod
    def _apart(cls, sources: dict[str, Source]) -> dict[str, Source]:
        """Keep the addresses that need a token away from the open ones, which the platform may take for prefixes."""
        by_token = [name for name, source in sources.items() if isinstance(source.verify, Entra)]
        for name in sources.keys() - by_token:
            if begins := [each for each in by_token if each.startswith(name)]:
                message = "{closed} takes tokens, and may not begin with the name of a source that takes none: {open}"
                raise PydanticCustomError("apart", message, {"closed": min(begins), "open": name})
        return sources

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read the JSON document of the `WEBHOOKS` setting.

        Raises Misconfigured with one error per mistake, each named by its path, such as
        `WEBHOOKS.sources.jira.map.groupName`.
        """
        try:
            return cls.model_validate(strict_json.loads(text))
        except ValidationError as error:
            found = ((_OF_PYDANTIC.sub(r"\1", each.field), each.message) for each in field_errors(error))
            mistakes = [(f"WEBHOOKS.{path}", message) for path, message in found]
        except NotJsonError as error:
            mistakes = [("WEBHOOKS", error.reason)]
        raise Misconfigured(
            "The webhooks document cannot be used.", errors=[FieldError(path, message) for path, message in mistakes]
        )


def _found(place: Expression | FromHeader, payload: object, headers: Mapping[str, str]) -> object:
    return place.of(payload) if isinstance(place, Expression) else header(headers, place.header)
