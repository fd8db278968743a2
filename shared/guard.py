"""Holding a deed against the guardrails, with whatever they need to know of its group read for them."""

from collections.abc import Sequence
from dataclasses import replace

from shared.callers import Caller
from shared.details import FieldError
from shared.errors import GatewayError, GroupUnreadable, GuardrailRefused
from shared.graph_port import Entra
from shared.guardrails import Guardrails, Verdict
from shared.rules import Deed
from shared.telemetry import Attempt


class Guard:
    """Lets pass what the guardrails allow; what they have to know and cannot be read is a refusal."""

    def __init__(self, guardrails: Guardrails, entra: Entra) -> None:
        self._guardrails = guardrails
        self._entra = entra

    async def check(self, caller: Caller, deed: Deed, attempt: Attempt) -> None:
        """Note the rule that lets the deed through, or raise GuardrailRefused with what every rule lacks."""
        verdict = await self._verdict(caller, deed, attempt)
        attempt.rule, attempt.refusals = verdict.rule, verdict.refusals
        if verdict.refusals:
            raise _refused(caller, deed, verdict.refusals)

    def check_at_sight(self, caller: Caller, deed: Deed, attempt: Attempt) -> None:
        """Raise GuardrailRefused where no rule could let the deed through, whatever its names stand for."""
        attempt.refusals = self._guardrails.lacking_at_sight(caller, deed)
        if attempt.refusals:
            raise _refused(caller, deed, attempt.refusals)

    def shows(self, caller: Caller, deed: Deed) -> bool:
        """Tell whether the caller may read this."""
        return self._guardrails.verdict(caller, deed).rule is not None

    async def _verdict(self, caller: Caller, deed: Deed, attempt: Attempt) -> Verdict:
        verdict = self._guardrails.verdict(caller, deed)
        if verdict.refusals and deed.group_id and deed.group_name is None and deed.action != "create":
            deed = replace(deed, group_name=await self._group_name(deed.group_id, attempt))
            verdict = self._guardrails.verdict(caller, deed)
        if verdict.awaits_members and deed.target.group_id:
            deed = replace(deed, members=await self._members(deed.target.group_id, attempt))
            verdict = self._guardrails.verdict(caller, deed)
        return verdict

    async def _group_name(self, group_id: str, attempt: Attempt) -> str | None:
        try:
            return (await self._entra.group_names({group_id}, attempt)).get(group_id.lower())
        except GroupUnreadable:
            return None

    async def _members(self, group_id: str, attempt: Attempt) -> int | None:
        """Count the group's members; None where that fails in a way that lasts."""
        try:
            return await self._entra.member_count(group_id, attempt)
        except GatewayError as error:
            if error.retryable:
                raise
            return None


def _refused(caller: Caller, deed: Deed, refusals: Sequence[FieldError]) -> GuardrailRefused:
    return GuardrailRefused(
        f"No rule lets the caller '{caller.id}' {deed.action} an assignment of "
        f"'{deed.configuration_name or deed.configuration_id}' to a target of type '{deed.target.type}'. "
        "What each rule that names the caller would need is listed.",
        errors=refusals,
    )
