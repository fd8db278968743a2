"""Who may assign what: the caller, the rules of the `GUARDRAILS` document, and what they refuse. Pure."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import strict_json
from shared.assignments import TARGET_TYPES, Target
from shared.errors import FieldError, Misconfigured
from shared.field_errors import field_errors, one_of
from shared.strict_json import NotJsonError

ANYONE = "*"


@dataclass(frozen=True)
class Caller:
    """Who is asking, as far as it has been verified: `key` for whoever holds a function key."""

    id: str


class Rule(BaseModel):
    """One permission: these callers may use these types of target."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    callers: list[str] = Field(min_length=1)
    targets: list[Annotated[str, one_of(*TARGET_TYPES)]] = Field(min_length=1)

    def allows(self, caller: Caller, target: Target) -> bool:
        """Tell whether this rule alone lets the request through."""
        return (ANYONE in self.callers or caller.id in self.callers) and target.type in self.targets


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

    def refusals(self, caller: Caller, target: Target) -> list[str]:
        """Give every reason why the request may not pass, each saying what it would take; none means go."""
        if any(rule.allows(caller, target) for rule in self.rules):
            return []
        refusal = (
            f"No rule lets the caller '{caller.id}' change what a target of type '{target.type}' is assigned. "
            "It would take a rule in GUARDRAILS whose 'callers' and 'targets' name both."
        )
        return [refusal]


NARROW = Guardrails(rules=[Rule(callers=[ANYONE], targets=["group", "exclusionGroup", "scopeTagGroup"])])
"""What holds without a document: everything broad has to be opened on purpose."""
