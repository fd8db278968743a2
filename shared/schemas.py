"""The wire models: what callers send and what they get, in camelCase, as flow designers show it."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.assignments import TARGET_TYPES, VIRTUAL_GROUP_IDS, Target
from shared.errors import FieldError, GatewayError, InvalidRequest
from shared.field_errors import field_errors, one_of

MAX_ERRORS = 20

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _given(value: object) -> object:
    # A flow whose look-up failed sends null: read as absent it would change what is asked for.
    if value is None or (isinstance(value, str) and not value.strip()):
        raise PydanticCustomError("blank", "must not be null or blank; leave the field out instead")
    return value


def is_guid(value: str) -> bool:
    """Tell whether this is a GUID in its usual form: 32 hexadecimal digits in five groups, no braces (RFC 9562 §4)."""
    return _GUID.fullmatch(value.lower()) is not None


def _guid(value: str) -> str:
    if not is_guid(value):
        raise PydanticCustomError("guid", "must be a GUID such as 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0, without braces")
    if value.lower() in VIRTUAL_GROUP_IDS:
        raise PydanticCustomError(
            "virtual_group",
            "must not be one of the two virtual groups; ask for the target type allLicensedUsers or allDevices instead",
        )
    return value.lower()


_Given = BeforeValidator(_given)
Guid = Annotated[str, AfterValidator(_guid)]
CollectionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class AssignmentRequest(BaseModel):
    """A simplified assignment request: which configuration, for whom, and on whose behalf."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    configuration_id: Annotated[Guid, _Given]
    target_type: Annotated[
        str, one_of(*TARGET_TYPES), _Given, Field(json_schema_extra={"enum": list(TARGET_TYPES)})
    ] = "group"
    group_id: Annotated[Guid | None, _Given] = None
    collection_id: Annotated[CollectionId | None, _Given] = None
    scope_tag_target_type: Annotated[str | None, one_of("user", "device", "none"), _Given] = None
    entra_object_id: Annotated[Guid | None, _Given] = None
    ticket: Annotated[str | None, Field(max_length=64), _Given] = None
    requested_by: Annotated[str | None, Field(max_length=256), _Given] = None
    justification: Annotated[str | None, Field(max_length=1024), _Given] = None

    @classmethod
    def parse(cls, document: object) -> Self:
        """Validate a decoded JSON body; raises InvalidRequest naming every field and rule that is broken."""
        try:
            request = cls.model_validate(document)
        except ValidationError as error:
            errors = field_errors(error)
        else:
            errors = _target_errors(request)
        if errors:
            told = errors[:MAX_ERRORS]  # a body full of unknown fields must not become an answer seven times its size
            raise InvalidRequest(f"Nothing was sent to Graph. What breaks a rule: {_fields(told)}.", errors=told)
        return request

    def target(self) -> Target:
        """Give the target that the request describes."""
        given = self.model_dump(by_alias=True)
        wanted = TARGET_TYPES[self.target_type].properties
        return Target(self.target_type, {graph_name: given[field] for graph_name, field in wanted.items()})


def _target_errors(request: AssignmentRequest) -> list[FieldError]:
    given = request.model_dump(by_alias=True, exclude_none=True)
    wanted = list(TARGET_TYPES[request.target_type].properties.values())
    elsewhere = {field for kind in TARGET_TYPES.values() for field in kind.properties.values()} - set(wanted)
    with_type = f"targetType {request.target_type}"
    missing = [FieldError(field, f"is required with {with_type}") for field in wanted if field not in given]
    extra = [FieldError(field, f"does not go with {with_type}") for field in sorted(elsewhere & set(given))]
    return missing + extra


def _fields(errors: list[FieldError]) -> str:
    return ", ".join(dict.fromkeys(error.field for error in errors))


class ProblemGraph(BaseModel):
    """What Microsoft Graph said."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    status: int
    code: str
    message: str
    request_id: str | None
    approval_code: str | None


class Problem(BaseModel):
    """An error as `application/problem+json` (RFC 9457), with a stable `code` to branch on."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    errors: list[FieldError] | None = None
    graph: ProblemGraph | None = None

    @classmethod
    def of(cls, error: GatewayError, client_request_id: str) -> Self:
        """Put an error into words for the caller."""
        return cls(
            type=f"urn:intune-gateway:{error.code}",
            title=error.title,
            status=error.status,
            detail=error.detail,
            instance=f"urn:uuid:{client_request_id}",
            code=error.code,
            retryable=error.retryable,
            errors=list(error.errors) or None,
            graph=ProblemGraph(**vars(error.graph)) if error.graph else None,
        )
