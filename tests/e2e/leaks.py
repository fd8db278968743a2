"""What no program may print or send away: keys, the identity header, tokens, and query strings that hold a key."""

import re
from collections.abc import Iterable

from sandbox.functions_host import FUNCTION_KEY, MASTER_KEY
from sandbox.programs import sample_settings

_CONSTANTS = (FUNCTION_KEY, MASTER_KEY, sample_settings()["IDENTITY_HEADER"])
_ENCODED_OBJECT = r"eyJ[\w-]{8,}"  # how base64 of `{"` begins: the head of each JSON Web Token, and of a principal
_SECRET = re.compile("|".join([*map(re.escape, _CONSTANTS), _ENCODED_OBJECT, r"(?i:bearer) \S", r"(?i:\bcode)="]))


def leaks(lines: Iterable[str]) -> list[str]:
    """Give the lines that hold a secret."""
    return [line for line in lines if _SECRET.search(line)]
