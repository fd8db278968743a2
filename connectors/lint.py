"""All rules for a custom connector's folder, and what breaks them.

Microsoft's own validator wants somebody to sign in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors import definition_rules, folder_rules
from connectors.definition_rules import Rule
from connectors.folder import read

RULES: Mapping[str, Rule] = {**definition_rules.RULES, **folder_rules.RULES}


@dataclass(frozen=True)
class Finding:
    """One place where a rule is broken, in the rule's name."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


def findings(path: Path) -> list[Finding]:
    """Hold a folder against every rule."""
    folder = read(path)
    return [Finding(name, text) for name, rule in RULES.items() for text in rule(folder)]
