"""What a source says of its proof: the scheme, its options, and the names of the settings with the secrets. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.signatures import (
    BODY,
    SIGNATURES,
    TIMESTAMP,
    WINDOW_SECONDS,
    Encoding,
    Hash,
    Principal,
    SharedSecret,
    Signature,
    parts,
)

# Without `use_attribute_docstrings`: to find them, pydantic would have every module loaded that is to wait
# (shared/loading.py). The published schema has them all the same.
STRICT = ConfigDict(
    alias_generator=to_camel,
    arbitrary_types_allowed=True,
    extra="forbid",
    frozen=True,
    strict=True,
)
MAX_WINDOW_SECONDS = 3600

HeaderName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{1,100}$")]
Settings = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[A-Z][A-Z0-9_]{0,99}$")]], Field(min_length=1, max_length=10)
]


class KnownSender(BaseModel):
    """A scheme that has nothing to choose."""

    model_config = STRICT

    scheme: Literal["github", "jira", "zendesk", "pagerduty", "standard-webhooks"]
    """Whose scheme it is."""
    secrets: Settings
    """The names of the settings that hold its secrets: one, or more while they are being changed."""

    def proof(self) -> Signature:
        """Give the row of the table."""
        return SIGNATURES[self.scheme]


class Hmac(BaseModel):
    """A signature in a header, as the sender makes it."""

    model_config = STRICT

    scheme: Literal["hmac"]
    """A signature."""
    secrets: Settings
    """The names of the settings that hold its secrets: one, or more while they are being changed."""
    header: HeaderName
    """The header that has the signature."""
    prefix: Annotated[str, Field(max_length=50)] = ""
    """What stands before it in the header."""
    hash: Hash = "sha256"
    """The hash function of the HMAC."""
    encoding: Encoding = "hex"
    """How the signature is written."""
    timestamp_header: HeaderName | None = None
    """The header with the time of sending, in Unix seconds or as RFC 3339 has it."""
    signed: Annotated[str, Field(max_length=100, validate_default=True)] = BODY
    """What is signed: `{body}` and, where there is such a header, `{timestamp}`, with what stands beside them."""
    window_seconds: Annotated[int, Field(ge=1, le=MAX_WINDOW_SECONDS)] = WINDOW_SECONDS
    """How far the time of sending may be from now."""

    @field_validator("signed")
    @classmethod
    def _signed(cls, signed: str, info: ValidationInfo) -> str:
        given = parts(signed)
        if given.count(BODY) != 1 or any("{" in part and part not in {BODY, TIMESTAMP} for part in given):
            raise PydanticCustomError("signed", "must have {placeholder} in it, once", {"placeholder": BODY})
        if given.count(TIMESTAMP) != (1 if info.data.get("timestamp_header") else 0):
            raise PydanticCustomError(
                "signed",
                "must have {placeholder} in it where there is a timestampHeader, once",
                {"placeholder": TIMESTAMP},
            )
        return signed

    def proof(self) -> Signature:
        """Give the row that the table would have for it."""
        return Signature(
            self.header,
            self.prefix,
            self.encoding,
            self.hash,
            self.signed,
            timestamp_header=self.timestamp_header,
            window_seconds=self.window_seconds,
        )


class Secret(BaseModel):
    """The secret itself, in a header or as a password (Basic)."""

    model_config = STRICT

    scheme: Literal["shared-secret"]
    """The secret itself."""
    secrets: Settings
    """The names of the settings that hold its secrets: one, or more while they are being changed."""
    header: HeaderName | None = None
    """The header that has it."""
    user: Annotated[str | None, Field(min_length=1, max_length=100, pattern="^[^:]+$", validate_default=True)] = None
    """The user whose password it is, in place of a header of its own."""

    @field_validator("user")
    @classmethod
    def _user(cls, user: str | None, info: ValidationInfo) -> str | None:
        if (user is None) is (info.data.get("header") is None):
            raise PydanticCustomError("user", "is required, or header in its place: give one of the two")
        return user

    def proof(self) -> SharedSecret:
        """Give what the sender has to show."""
        return SharedSecret(self.header or "Authorization", self.user)


class Entra(BaseModel):
    """A token of Microsoft Entra ID, which App Service Authentication checks."""

    model_config = STRICT

    scheme: Literal["entra"]
    """A token."""

    @property
    def secrets(self) -> list[str]:
        """The names of no settings."""
        return []

    def proof(self) -> Principal:
        """Give what stands for the platform's own proof."""
        return Principal()
