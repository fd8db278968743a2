"""Every defence that docs/security.md promises names the tests that fail without it, and they are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs/security.md").read_text("utf-8").partition("\n## What can go wrong\n")[2].partition("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
THREATS = {
    "Spoofed principal",
    "Leaked key",
    "Replay",
    "Confused deputy",
    "Injection into OData",
    "Injection into logs",
    "SSRF",
    "Denial of service",
    "Broad assignment by mistake",
    "Insider flow author",
}


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_an_answer() -> None:
    assert {threat for threat, *_ in ROWS} >= THREATS
    assert all(answer for _, answer, *_ in ROWS)


def test_every_answer_names_tests_that_are_there() -> None:
    for *_, tests in ROWS:
        named = re.findall(r"`(tests/\w+/test_\w+\.py)::(test_\w+)`", tests)
        assert named
        assert named == re.findall(r"`([^`]*)::([^`]*)`", tests)
        assert [(path, name) for path, name in named if name not in functions_of(path)] == []
