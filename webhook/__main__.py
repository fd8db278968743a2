"""`python -m webhook SOURCE PAYLOAD`: says whether it is genuine, whether it counts, and what request it becomes.

The secrets are looked for in the environment, under the names that the source gives. With the headers of a delivery it
is verified as of the time at which it was sent; without them it is signed here first. WEBHOOKS is the document or its
path; without it, it is that of the ready sources.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared import strict_json
from shared.errors import GatewayError, MalformedJson
from shared.schemas import AssignmentRequest
from shared.signatures import Principal, Scheme, Signature, header, moment_of
from shared.sources import Source, Sources
from shared.strict_json import NotJsonError
from webhook.signing import signed

ROOT = Path(__file__).resolve().parent.parent
READY = ROOT / "docs" / "webhooks" / "webhooks.json"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Tell it; gives 1 for a webhook that would be refused, and exits where there is none to tell of."""
    parser = argparse.ArgumentParser(prog="python -m webhook", description=__doc__)
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("payload", type=Path, metavar="PAYLOAD")
    parser.add_argument("--headers", type=Path, metavar="FILE", help="lines such as 'X-Signature: …'")
    given = parser.parse_args(arguments)
    try:
        source = _source(given.source, environment.get("WEBHOOKS", "").strip() or str(READY))
        body = given.payload.read_bytes()
        headers = _headers(given.headers.read_text("utf-8")) if given.headers else None
        _tell(source, body, headers, environment)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}.")
    except GatewayError as error:
        _say("refused", f"{error.status} {error.code}: {error.detail}")
        for each in error.errors:
            print(f"  {each.field} {each.message}")
        return 1
    return 0


def _tell(source: Source, body: bytes, headers: Mapping[str, str] | None, environment: Mapping[str, str]) -> None:
    secrets = source.secrets(environment)
    names = " or ".join(source.verify.secrets)
    if names and not secrets:
        sys.exit(f"The source is off: set {names}.")
    proof, now = source.verify.proof(), time.time()
    if headers is None:
        headers, genuine = _signed(proof, secrets, body, now), "yes, signed here"
    else:
        now, genuine = _time_of(proof, headers, now)
    delivery = source.verified(headers, body, secrets, now)
    _say("genuine", "left to the platform" if isinstance(proof, Principal) else genuine)
    try:
        event = source.event(strict_json.loads(body), headers)
    except NotJsonError as error:
        raise MalformedJson(f"The body cannot be read. {error.reason}") from error
    if event is None:
        _say("counts", "no")
        return
    _say("counts", "yes")
    _say("key", event.idempotency_key or delivery or "none: each delivery is carried out")
    print(json.dumps(event.request, indent=2, ensure_ascii=False))
    AssignmentRequest.parse(event.request)


def _signed(proof: Scheme, secrets: list[str], body: bytes, now: float) -> dict[str, str]:
    try:
        return signed(proof, secrets[0] if secrets else "", body, now)
    except ValueError:
        sys.exit("The secret is not what the sender gives: base64, with or without whsec_ before it.")


def _source(name: str, setting: str) -> Source:
    sources = Sources.parse(setting if setting.startswith("{") else (ROOT / setting).read_bytes()).sources
    if name not in sources:
        sys.exit(f"There is no source '{name}'; there are {', '.join(sources)}.")
    return sources[name]


def _headers(text: str) -> dict[str, str]:
    """Read lines of headers; of one that stands there twice, the values are joined as the platform joins them."""
    headers: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            before = headers.get(name.strip().lower())
            headers[name.strip().lower()] = value.strip() if before is None else f"{before},{value.strip()}"
    return headers


def _time_of(proof: Scheme, headers: Mapping[str, str], now: float) -> tuple[float, str]:
    """Give the time as of which it is verified: that of its sending, where it is signed."""
    stamped = (
        header(headers, proof.timestamp_header) if isinstance(proof, Signature) and proof.timestamp_header else None
    )
    moment = moment_of(stamped or "")
    if not isinstance(proof, Signature) or moment is None:
        return now, "yes"
    return moment, f"yes, within {proof.window_seconds} s of {stamped}"


def _say(what: str, words: str) -> None:
    print(f"{what:<8} {words}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
