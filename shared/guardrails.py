"""What the guardrails allow: all rules of the `GUARDRAILS` document together, and the verdict on a deed. Pure."""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared import strict_json
from shared.callers import Caller
from shared.details import FieldError
from shared.errors import Misconfigured
from shared.field_errors import field_errors
from shared.rules import ANY, Deed, Rule, named
from shared.strict_json import NotJsonError

TOLD_BY_GRAPH = {"configurations", "groups", "maxMembers"}
"""What of a rule nobody can hold a deed against before its names have been looked up."""


@dataclass(frozen=True)
class Verdict:
    """What the rules say: which one lets the deed through, or else every reason why none does.

    `awaits_members`: to know how many members the group has could still open the way.
    """

    rule: str | None
    refusals: tuple[FieldError, ...] = ()
    awaits_members: bool = False


class Guardrails(BaseModel):
    """All rules of an installation; what no rule allows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rules: list[Rule]

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read the JSON document of the `GUARDRAILS` setting.

        Raises Misconfigured with one error per mistake, each named by its path, such as `GUARDRAILS.rules.0.targets.1`.
        """
        try:
            return cls.model_validate(strict_json.loads(text))
        except ValidationError as error:
            mistakes = [(f"GUARDRAILS.{each.field}", each.message) for each in field_errors(error)]
        except NotJsonError as error:
            mistakes = [("GUARDRAILS", error.reason)]
        raise Misconfigured(
            "The guardrails document cannot be used.", errors=[FieldError(path, message) for path, message in mistakes]
        )

    def verdict(self, caller: Caller, deed: Deed) -> Verdict:
        """Judge a deed: one rule that allows all of it is enough, and no two rules are mixed.

        Rules about other actions are not worth a word, unless the caller has none about this one.
        """
        refusals: list[FieldError] = []
        awaits_members = False
        for path, rule in self._judging(caller, deed):
            lacking = dict(rule.lacks(deed))
            if not lacking:
                return Verdict(rule.name or path)
            if deed.members is None and deed.target.group_id and "maxMembers" in lacking:
                awaits_members |= len(lacking) == 1
                if len(lacking) > 1:  # nobody counts where that would not help, so nothing is known of it
                    del lacking["maxMembers"]
            refusals += [FieldError(f"{path}.{field}", _said(rule, needed)) for field, needed in lacking.items()]
        return Verdict(None, tuple(refusals) or (_unnamed(caller),), awaits_members)

    def lacking_at_sight(self, caller: Caller, deed: Deed) -> tuple[FieldError, ...]:
        """Give what keeps every rule from allowing a deed, whatever its names turn out to stand for; none: one may."""
        refusals: list[FieldError] = []
        for path, rule in self._judging(caller, deed):
            lacking = {field: needed for field, needed in rule.lacks(deed) if field not in TOLD_BY_GRAPH}
            if not lacking:
                return ()
            refusals += [FieldError(f"{path}.{field}", _said(rule, needed)) for field, needed in lacking.items()]
        return tuple(refusals) or (_unnamed(caller),)

    def shows(self, caller: Caller, what: Literal["configurations", "groups"], identifier: str, name: str) -> bool:
        """Tell whether some rule lets the caller do something with this, so that a list may offer it."""
        return any(named(getattr(rule, what), identifier, name) for _, rule in self._about(caller))

    def know(self, caller: Caller) -> bool:
        """Tell whether any rule names the caller."""
        return bool(self._about(caller))

    def _judging(self, caller: Caller, deed: Deed) -> list[tuple[str, Rule]]:
        about = self._about(caller)
        return [each for each in about if deed.action in each[1].actions] or about

    def _about(self, caller: Caller) -> list[tuple[str, Rule]]:
        places = ((f"GUARDRAILS.rules.{number}", rule) for number, rule in enumerate(self.rules))
        return [(path, rule) for path, rule in places if rule.names(caller)]


def _said(rule: Rule, needed: str) -> str:
    return f"{needed} (rule '{rule.name}')" if rule.name else needed


def _unnamed(caller: Caller) -> FieldError:
    return FieldError("GUARDRAILS.rules", f"would need a rule whose 'callers' names the caller '{caller.id}'")


NARROW = Guardrails(
    rules=[
        Rule(
            name="default: narrow targets",
            callers=[ANY],
            actions=["create"],
            targets=["group", "exclusionGroup", "scopeTagGroup"],
        ),
        # Taking an exclusion away widens, and what is broad was not made here.
        Rule(name="default: undoing", callers=[ANY], actions=["delete"], targets=["group", "scopeTagGroup"]),
        Rule(name="default: reading", callers=[ANY], actions=["read"], targets=[ANY]),
    ]
)
"""What holds without a document: everything broad has to be opened on purpose."""
