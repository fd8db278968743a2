"""One rule of the guardrails: whom it names, what it allows, and what it finds missing in a deed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError, SchemaError

from shared.assignments import TARGET_TYPES, Target
from shared.callers import Caller
from shared.field_errors import one_of
from shared.names import key
from shared.schemas import is_guid

ANY = "*"
Action = Literal["create", "delete", "read"]


@dataclass(frozen=True)
class Deed:
    """What somebody wants to do, with everything that a rule may look at.

    `group_name` is None where there is no group or its name could not be read, `members` as long as nobody has counted
    the group's users and devices. `ticket` and `justification` are what the caller gave.
    """

    action: Action
    configuration_id: str
    configuration_name: str
    target: Target
    group_name: str | None = None
    members: int | None = None
    ticket: str | None = None
    justification: str | None = None

    @property
    def group_id(self) -> str | None:
        """The Entra object that is meant, also where a scope tag's target means it."""
        group_id = self.target.group_id  # blank where its name alone is known by now
        return self.target.properties.get("entraObjectId") if group_id is None else group_id


def _pattern(pattern: str) -> str:
    try:
        _texts_like(pattern)
    except SchemaError as error:
        raise PydanticCustomError("pattern", "must be a regular expression") from error
    return pattern


_Names = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Rule(BaseModel):
    """Lets the callers it names do what it allows. What a rule does not mention, it does not limit.

    `*` stands for anything: alone, and within names. Nothing else is special.
    """

    # Without `use_attribute_docstrings`, as in `shared/proofs.py`: pydantic would read this source at every start.
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """What the audit event calls this rule; without one, its place in the document."""
    callers: _Names
    """App ids, object ids, app roles, `key` (a function key), `webhook:{source}`, or `*`."""
    actions: Annotated[list[Action], Field(min_length=1)] = ["create", "delete", "read"]
    """What may be done."""
    configurations: _Names = [ANY]
    """Ids, or names, in which `*` stands for anything. Ids are safer: a configuration can be renamed."""
    targets: Annotated[list[Annotated[str, one_of(*TARGET_TYPES, ANY)]], Field(min_length=1)]
    """Types of target."""
    groups: _Names = [ANY]
    """Ids, or names, as with configurations. Ids are safer: the owner of a group can rename it."""
    modes: Annotated[list[Literal["include", "exclude"]], Field(min_length=1)] = ["include", "exclude"]
    """Modes that an assignment filter may have, where there is one."""
    max_members: Annotated[int, Field(ge=0)] | None = None
    """How many transitive members the group may have at most; a target that is no group is refused."""
    require_filter: bool = False
    """Whether the assignment has to have a filter."""
    require_ticket: Annotated[str, AfterValidator(_pattern)] | None = None
    """The regular expression that the whole ticket has to match."""
    require_justification: bool = False
    """Whether a justification has to be given."""

    def names(self, caller: Caller) -> bool:
        """Tell whether this rule is about the caller."""
        return ANY in self.callers or not caller.identities.isdisjoint(self.callers)

    def lacks(self, deed: Deed) -> Iterator[tuple[str, str]]:
        """Give each field that keeps the rule from allowing the deed, with what it would take; none: it is allowed."""
        if deed.action not in self.actions:
            yield "actions", f"would have to name '{deed.action}'"
        if not named(self.configurations, deed.configuration_id, deed.configuration_name):
            yield "configurations", f"would have to name '{deed.configuration_name}' or its id {deed.configuration_id}"
        if ANY not in self.targets and deed.target.type not in self.targets:
            yield "targets", f"would have to name '{deed.target.type}'"
        yield from self._lacks_of_the_group(deed)
        if deed.target.filter and deed.target.filter.mode not in self.modes:
            yield "modes", f"would have to name '{deed.target.filter.mode}'"
        if deed.action != "read":
            yield from self._lacks_of_a_change(deed)

    def _lacks_of_the_group(self, deed: Deed) -> Iterator[tuple[str, str]]:
        if ANY in self.groups:
            return
        if deed.group_id is None:
            yield "groups", f"would have to be {ANY}: the target is no group"
        elif not named(self.groups, deed.group_id, deed.group_name):
            called = f"'{deed.group_name}' or its id" if deed.group_name else "the group, whose name is not known, by"
            yield "groups", f"would have to name {called} {deed.group_id}"

    def _lacks_of_a_change(self, deed: Deed) -> Iterator[tuple[str, str]]:
        if self.max_members is not None and (deed.members is None or deed.members > self.max_members):
            counted = "a number of members that is not known" if deed.members is None else f"{deed.members} members"
            yield "maxMembers", f"is {self.max_members}, and the target has {counted}"
        if self.require_filter and deed.target.filter is None:
            yield "requireFilter", "takes an assignment filter"
        if self.require_ticket is not None and not _matches(self.require_ticket, deed.ticket):
            yield "requireTicket", f"takes a ticket that matches {self.require_ticket}"
        if self.require_justification and not deed.justification:
            yield "requireJustification", "takes a justification"


def named(entries: Iterable[str], identifier: str, name: str | None) -> bool:
    """Tell whether one of the entries, ids or names with `*` in them, means this; an unknown name is never meant."""
    return any(_means(entry, identifier, name) for entry in entries)


def _means(entry: str, identifier: str, name: str | None) -> bool:
    if entry == ANY:
        return True
    if is_guid(entry):  # and never a name that looks like one
        return entry.lower() == identifier.lower()
    return name is not None and _is_like(key(name), key(entry).split(ANY))


def _is_like(name: str, parts: Sequence[str]) -> bool:
    """Compare with a name cut at each `*`; takes no longer than the name is long, whoever chose it."""
    first, *others = parts
    if not others:
        return name == first
    *middle, last = others
    place = len(first)
    for part in middle:
        found = name.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return name.startswith(first) and name.endswith(last) and len(name) - len(last) >= place


@lru_cache(maxsize=100)
def _texts_like(pattern: str) -> TypeAdapter[str]:
    # pydantic's regular expressions take linear time: no ticket can hold the worker.
    return TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])


def _matches(pattern: str, text: str | None) -> bool:
    try:
        _texts_like(pattern).validate_python(text, strict=True)
    except ValidationError:
        return False
    return True
