"""A stand-in for `az` with a small directory behind it: what grant.sh asks of Microsoft Graph, kept in a JSON file.

`az.py STATE ARGUMENTS` answers as az would. `blind` in the state is how many times it says first that something is not
there, as the real one does of what was made just now.
"""

import argparse
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import jmespath

GRAPH = "https://graph.example/"
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
EMPTY = {
    "applications": {},
    "servicePrincipals": {MICROSOFT_GRAPH: {"id": "microsoft-graph", "appRoles": []}},
    "appRoleAssignments": [],
    "oauth2PermissionGrants": [],
    "blind": 0,
}

Json = dict[str, Any]


def main() -> int:
    """Answer one call; gives 3 for what is not there, as az does."""
    file, *words = sys.argv[1:]
    state = json.loads(Path(file).read_text("utf-8"))
    if words[:2] == ["cloud", "show"]:
        sys.stdout.write(GRAPH)
        return 0
    asked = _asked(words)
    if state["blind"] and "appRoleAssignments" in asked.url:
        state["blind"] -= 1
        found = None
    else:
        found = _answer(state, asked.method, asked.url, json.loads(asked.body or "null"))
    Path(file).write_text(json.dumps(state), "utf-8")
    if found is None:
        sys.stderr.write("ERROR: Not Found\n")
        return 3
    if asked.query:
        sys.stdout.write(f"{jmespath.search(asked.query, found)}\n")
    return 0


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["rest"])
    for option in ("method", "url", "query", "body", "output"):
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--headers", nargs="*")
    return parser.parse_args(words)


def _answer(state: Json, method: str, url: str, body: Json | None) -> Json | None:
    path, _, query = url.removeprefix(f"{GRAPH}v1.0/").partition("?")
    if by_key := re.fullmatch(r"(applications|servicePrincipals)\((?:uniqueName|appId)='([^']+)'\)", path):
        kind, key = by_key.groups()
        if method == "patch":
            _upsert(state[kind], kind, key, body or {})
        found: Json | None = state[kind].get(key)
        return found
    if path == "oauth2PermissionGrants":
        return _grants(state["oauth2PermissionGrants"], method, query, body)
    held = state["appRoleAssignments"]
    if method == "post":
        held.append(body)
    return {"value": [{**each, "id": "assignment"} for each in held if each["principalId"] in path]}


def _upsert(things: Json, kind: str, key: str, body: Json) -> None:
    made = {"id": str(uuid.uuid4()), **({"appId": str(uuid.uuid4())} if kind == "applications" else {})}
    things[key] = {**made, **things.get(key, {}), **body}


def _grants(grants: list[Json], method: str, query: str, body: Json | None) -> Json:
    if method == "post" and body:
        grants.append(body)
    wanted = dict(re.findall(r"(\w+) eq '([^']+)'", query))
    return {"value": [{**each, "id": "grant"} for each in grants if wanted.items() <= each.items()]}


if __name__ == "__main__":
    sys.exit(main())
