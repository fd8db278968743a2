"""What callers send, in camelCase, as flow designers show it: the request, ids in an address, a search."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.assignments import TARGET_TYPES, VIRTUAL_GROUP_IDS, Filter, Target
from shared.details import FieldError
from shared.errors import InvalidRequest
from shared.field_errors import field_errors, one_of

MAX_ERRORS = 20
MAX_NAME_CHARACTERS = 256
"""Entra's own limit for a group's `displayName`; Intune's names are shorter."""

GUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_GUID = re.compile(GUID)
_GUID_RULE = "must be a GUID such as 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0, without braces"
_COLLECTION = "[A-Za-z0-9_-]{1,64}"
ASSIGNMENT_ID = f"{GUID}(_{_COLLECTION})?"
"""How an assignment's id looks, whatever configuration it is of."""


def _given(value: object) -> object:
    # A flow whose look-up failed sends null: read as absent it would change what is asked for.
    if value is None or (isinstance(value, str) and not value.strip()):
        raise PydanticCustomError("blank", "must not be null or blank; leave the field out instead")
    return value


def is_guid(value: str) -> bool:
    """Tell whether this is a GUID in its usual form: 32 hexadecimal digits in five groups, no braces (RFC 9562 §4)."""
    return _GUID.fullmatch(value) is not None


def _guid(value: str) -> str:
    if not is_guid(value):
        raise PydanticCustomError("guid", _GUID_RULE)
    if value.lower() in VIRTUAL_GROUP_IDS:
        raise PydanticCustomError(
            "virtual_group",
            "must not be one of the two virtual groups; ask for the target type allLicensedUsers or allDevices instead",
        )
    return value.lower()


def _among(*names: str) -> Any:  # noqa: ANN401 - what pydantic itself says of it
    return Field(json_schema_extra={"enum": list(names)})  # what `one_of` checks, for whoever reads the schema


_Given = BeforeValidator(_given)
Guid = Annotated[str, AfterValidator(_guid), Field(json_schema_extra={"format": "uuid", "pattern": f"^{GUID}$"})]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARACTERS)]
CollectionId = Annotated[str, StringConstraints(pattern=f"^{_COLLECTION}$")]

NAMES = {"configurationId": "configurationName", "groupId": "groupName", "filterId": "filterName"}
"""What may be given by its name instead of its id, by the field of the id."""


class Purpose(BaseModel):
    """On whose behalf something is changed and why, for the audit trail; and whether it is only tried."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    dry_run: Annotated[bool, _Given] = False
    ticket: Annotated[str | None, Field(max_length=64), _Given] = None
    requested_by: Annotated[str | None, Field(max_length=256), _Given] = None
    justification: Annotated[str | None, Field(max_length=1024), _Given] = None

    @classmethod
    def told(cls, document: object) -> dict[str, Any]:
        """Give what a document says in fields that are known here, right or wrong: a refusal is audited with it."""
        given = document if isinstance(document, dict) else {}
        names = (str(field.alias) for field in cls.model_fields.values())
        return {name: given[name] for name in names if isinstance(given.get(name), str | bool)}


class AssignmentRequest(Purpose):
    """A simplified assignment request: which configuration, for whom, and on whose behalf."""

    configuration_id: Annotated[Guid | None, _Given] = None
    configuration_name: Annotated[Name | None, _Given] = None
    target_type: Annotated[str, one_of(*TARGET_TYPES), _Given, _among(*TARGET_TYPES)] = "group"
    group_id: Annotated[Guid | None, _Given] = None
    group_name: Annotated[Name | None, _Given] = None
    collection_id: Annotated[CollectionId | None, _Given] = None
    scope_tag_target_type: Annotated[
        str | None, one_of("user", "device", "none"), _Given, _among("user", "device", "none")
    ] = None
    entra_object_id: Annotated[Guid | None, _Given] = None
    filter_id: Annotated[Guid | None, _Given] = None
    filter_name: Annotated[Name | None, _Given] = None
    filter_mode: Annotated[str | None, one_of("include", "exclude"), _Given, _among("include", "exclude")] = None

    @classmethod
    def parse(cls, document: object) -> Self:
        """Validate a decoded JSON body; raises InvalidRequest naming every field and rule that is broken."""
        try:
            request = cls.model_validate(document)
        except ValidationError as error:
            errors = field_errors(error)
        else:
            errors = _errors_between_fields(request)
        if errors:
            raise _invalid(errors)
        return request

    @property
    def filter_field(self) -> str | None:
        """The field that names an assignment filter; None in a request without one."""
        return "filterId" if self.filter_id else "filterName" if self.filter_name else None

    def target(self, group_id: str | None, filter_id: str | None) -> Target:
        """Give the target that the request describes, with the ids that its names stand for."""
        given = self.model_dump(by_alias=True) | {"groupId": group_id}
        wanted = TARGET_TYPES[self.target_type].properties
        properties = {graph_name: given[field] for graph_name, field in wanted.items()}
        chosen = Filter(filter_id, self.filter_mode) if filter_id and self.filter_mode else None
        return Target(self.target_type, properties, chosen)


def _errors_between_fields(request: AssignmentRequest) -> list[FieldError]:
    given = set(request.model_dump(by_alias=True, exclude_none=True))
    kind, with_type = TARGET_TYPES[request.target_type], f"targetType {request.target_type}"
    errors = _one_of_each(given, "configurationId", "is required")
    for field in kind.properties.values():
        errors += _one_of_each(given, field, f"is required with {with_type}")
    wanted = {field for each in kind.properties.values() for field in spellings(each)}
    elsewhere = {field for each in TARGET_TYPES.values() for field in each.properties.values()}
    foreign = {field for each in elsewhere for field in spellings(each)} - wanted
    if not kind.takes_filter:
        foreign |= {*spellings("filterId"), "filterMode"}
    errors += [FieldError(field, f"does not go with {with_type}") for field in sorted(foreign & given)]
    return errors + _filter_errors(given)


def _one_of_each(given: set[str], field: str, required: str) -> list[FieldError]:
    present = [name for name in spellings(field) if name in given]
    match present:
        case []:
            alternative = f", or {NAMES[field]} in its place" if field in NAMES else ""
            return [FieldError(field, required + alternative)]
        case [_]:
            return []
        case _:
            return [FieldError(NAMES[field], f"does not go with {field}: give one of the two")]


def _filter_errors(given: set[str]) -> list[FieldError]:
    if given.isdisjoint(spellings("filterId")):
        return [FieldError("filterMode", "does not go without filterId or filterName")] if "filterMode" in given else []
    errors = _one_of_each(given, "filterId", "")
    if "filterMode" not in given:
        errors.append(FieldError("filterMode", "is required with a filter: include or exclude"))
    return errors


def spellings(field: str) -> list[str]:
    """Give the fields that say the same thing: an id, and the name that may stand in its place."""
    return [field, NAMES[field]] if field in NAMES else [field]


def _invalid(errors: list[FieldError]) -> InvalidRequest:
    told = errors[:MAX_ERRORS]  # a body full of unknown fields must not become an answer seven times its size
    fields = ", ".join(dict.fromkeys(error.field for error in told))
    return InvalidRequest(f"Nothing was sent to Graph. What breaks a rule: {fields}.", errors=told)


def is_assignment_id(text: str) -> bool:
    """Tell whether this is a GUID, or a GUID and something like one joined by `_`: safe as a part of an address."""
    first, joined, second = text.partition("_")
    return is_guid(first) and (not joined or re.fullmatch(_COLLECTION, second) is not None)


def read_configuration_id(text: str) -> str:
    """Read a configuration's id out of an address; raises InvalidRequest."""
    if not is_guid(text):
        raise _invalid([FieldError("configurationId", _GUID_RULE)])
    return text.lower()


def read_assignment_id(text: str, configuration_id: str) -> str:
    """Read an assignment's id out of an address: a GUID, or the configuration's and another joined by `_`.

    A collection's id may stand in place of the second GUID (facts.md §1). Raises InvalidRequest.
    """
    first, joined, second = text.partition("_")
    if not is_assignment_id(text):
        raise _invalid([FieldError("assignmentId", "must be an id as it stands in an assignment")])
    if joined and first.lower() != configuration_id:
        raise _invalid([FieldError("assignmentId", "must begin with the configuration's id")])
    return first.lower() + joined + (second.lower() if is_guid(second) else second)


def read_purpose(query: Sequence[tuple[str, str]]) -> Purpose:
    """Read the parameters of an address; raises InvalidRequest, also for one that is not known or stands there twice.

    `dryrun=true` must not delete. `code` is the function key, which is none of our business.
    """
    names = [name for name, _ in query]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise _invalid([FieldError(name, "must not be given twice") for name in repeated])
    given: dict[str, object] = {name: value for name, value in query if name != "code"}
    if "dryRun" in given:
        given["dryRun"] = {"true": True, "false": False}.get(str(given["dryRun"]), given["dryRun"])
    try:
        return Purpose.model_validate(given)
    except ValidationError as error:
        raise _invalid(field_errors(error)) from error


def read_search(text: str, least_characters: int) -> str:
    """Read what a drop-down is searched for, trimmed.

    Raises InvalidRequest where it is too short, or too long with all its blanks.
    """
    search = text.strip()
    if len(search) < least_characters or len(text) > MAX_NAME_CHARACTERS:
        rule = f"must have from {least_characters} to {MAX_NAME_CHARACTERS} characters"
        raise _invalid([FieldError("search", rule)])
    return search
