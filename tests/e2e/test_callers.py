"""Who may call: every credential on every function, as the table in docs/security.md promises it."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.functions_index import IndexedFunction, index
from sandbox.programs import ROOT
from sandbox.tenant import PILOT, RESTRICTIONS, WIFI_HQ
from shared.docs_page import ASSETS
from tests.e2e import principals
from tests.e2e.principals import (
    DESK_APP,
    DESK_OBJECT,
    ENTRA,
    FLOW_APP,
    FLOW_OBJECT,
    READ,
    TENANT,
    WRITE,
    Claim,
    application,
    encoded,
    mapped,
    principal,
    user,
)
from tests.e2e.stack import MAIN_JOB, Gateway, Stack, problem

DOCUMENT = (ROOT / "docs/security.md").read_text("utf-8")
KEY, OTHER = "x-functions-key", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ADDRESS = {
    "configurationId": RESTRICTIONS,
    "assignmentId": f"{RESTRICTIONS}_{PILOT}",
    "asset": "docs.css",
    "operationId": "0" * 48,
    "source": "unknown",
}
MALLORY = application(WRITE, object_id=OTHER)
SUPERUSER = ["key", "*", "webhook:jira", DESK_APP]


@dataclass(frozen=True)
class Credential:
    """What a caller shows; `off`: in the mode `entra`, to a gateway in front of which nobody checks tokens."""

    headers: httpx.Headers = field(default_factory=httpx.Headers)
    query: Mapping[str, str] = field(default_factory=dict)
    off: bool = False


def shown(*claims: Claim) -> Credential:
    return Credential(httpx.Headers(principal(claims)))


def sent(text: str) -> Credential:
    return Credential(httpx.Headers({principals.HEADER: text}))


FORGED = principal(application(WRITE))
TO_ALL_DEVICES = {"configurationId": WIFI_HQ, "targetType": "allDevices"}
TO_ALL_USERS = {"configurationId": WIFI_HQ, "targetType": "allLicensedUsers"}
TWICE = [(name, value) for name, value in FORGED.items() for _ in range(2)]
CREDENTIALS = {
    "none": Credential(),
    "a wrong key in `x-functions-key`": Credential(httpx.Headers({KEY: "guess"})),
    "a wrong key in `?code=`": Credential(query={"code": "guess"}),
    "the key in `x-functions-key`": Credential(httpx.Headers({KEY: FUNCTION_KEY})),
    "the key in `?code=`": Credential(query={"code": FUNCTION_KEY}),
    "the key in `?code=`, a wrong one in `x-functions-key`": Credential(
        httpx.Headers({KEY: "guess"}), {"code": FUNCTION_KEY}
    ),
    "a forged principal, authentication off": Credential(httpx.Headers(FORGED), off=True),
    "the key and a forged principal, authentication off": Credential(
        httpx.Headers({KEY: FUNCTION_KEY, **FORGED}), off=True
    ),
    "an application without a role": shown(*application()),
    "a user without a role": shown(*user()),
    "an application that may read": shown(*application(READ)),
    "a user who may read": shown(*user(READ)),
    "an application that may write, token of version 1": shown(*application(WRITE, version=1)),
    "an application that may write, token of version 2": shown(*application(WRITE)),
    "an application that may write, the platform's names for claims": shown(*mapped(application(WRITE, version=1))),
    "a user who may write, token of version 1": shown(*user(WRITE, version=1)),
    "a user who may write, token of version 2": shown(*user(READ, WRITE)),
    "a user who may write, the platform's names for claims": shown(*mapped(user(WRITE))),
    "the role in another claim (`scp`, `groups`, `wids`)": shown(
        *user(), *((name, WRITE) for name in ("scp", "groups", "wids", "role", "Roles"))
    ),
    "the role in another spelling": shown(*application(WRITE.lower(), f" {WRITE}", f"{READ},{WRITE}", f"{WRITE}.All")),
    "roles called `key`, `*`, `webhook:jira` and like an app's id": shown(*application(*SUPERUSER)),
    "another tenant's application that may write": shown(*application(WRITE, tenant=OTHER)),
    "no tenant": shown(*(claim for claim in application(WRITE) if claim[0] != "tid")),
    "two tenants": shown(*application(WRITE, tenant=OTHER), ("tid", TENANT)),
    "two object ids": shown(*MALLORY, *mapped([("oid", FLOW_OBJECT)])),
    "two app ids": shown(*application(WRITE, app=OTHER), ("appid", FLOW_APP)),
    "an expired token": shown(*application(WRITE), ("exp", str(int(time.time()) - 3600))),
    "a header that is not base64": sent("{}"),
    "a header that is base64 of no JSON": sent("AAAA"),
    "a header that is base64 of other JSON": Credential(httpx.Headers(encoded({"claims": {"roles": [WRITE]}}))),
    "the header sent twice": Credential(httpx.Headers(TWICE)),
}


def rows(first_heading: str) -> list[list[str]]:
    """Give the cells of the document's table whose first column is headed so."""
    table = re.search(rf"^\| {first_heading} \|.*(?:\n\|.*)*", DOCUMENT, re.MULTILINE)
    assert table, first_heading
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table[0].splitlines()]


def promises() -> dict[str, dict[tuple[str, str], str]]:
    """Give the table: for each credential, what it gets in a mode from a kind of function."""
    heading, _, *lines = rows("Credential")
    columns = [tuple(re.findall(r"[a-z]+", cell)) for cell in heading[1:]]
    return {line[0]: dict(zip(columns, line[1:], strict=True)) for line in lines}


KINDS = {name: kind for kind, names in rows("Kind")[2:] for name in re.findall(r"`(\w+)`", names)}
PROMISED = promises()


@pytest.fixture(scope="module")
def functions() -> list[IndexedFunction]:
    return [each for each in index(ROOT) if each.trigger["type"] == "httpTrigger"]


@pytest.fixture(scope="module")
def unguarded_gateway(running_stack: Stack) -> Iterator[Gateway]:
    """Give one that expects authentication in front of it, where there is none."""
    with running_stack.gateway(**{**ENTRA, "WEBSITE_AUTH_ENABLED": "False"}) as gateway:
        yield gateway


@pytest.fixture
def gateways(gateway: Gateway, entra_gateway: Gateway, unguarded_gateway: Gateway) -> dict[str, Gateway]:
    return {"key": gateway, "entra": entra_gateway, "entra, authentication off": unguarded_gateway}


def ask(gateway: Gateway, function: IndexedFunction, credential: Credential) -> httpx.Response:
    [method] = function.trigger["methods"]
    path = function.trigger["route"].format(**ADDRESS)
    query = {**credential.query, **({"search": "SG", "ticket": "INC0012345"} if method == "GET" else {})}
    request = gateway.client.build_request(method, path, params=query, json=MAIN_JOB if method == "POST" else None)
    del request.headers[KEY]
    request.headers = httpx.Headers([*request.headers.multi_items(), *credential.headers.multi_items()])
    return gateway.client.send(request)


def said(response: httpx.Response) -> str:
    """Write an answer as the table does."""
    problem = response.headers.get("content-type") == "application/problem+json"
    return f"{response.status_code} `{response.json()['code']}`" if problem else str(response.status_code)


def test_every_function_and_every_credential_stands_in_the_document(functions: list[IndexedFunction]) -> None:
    assert sorted(KINDS) == sorted(function.name for function in functions)
    assert list(PROMISED) == list(CREDENTIALS)
    columns = {(mode, kind) for mode in ("key", "entra") for kind in KINDS.values()}
    assert [row for row, promised in PROMISED.items() if promised.keys() != columns] == []


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_gets_what_the_document_promises_of_every_function(
    stack: Stack, gateways: dict[str, Gateway], functions: list[IndexedFunction], name: str
) -> None:
    credential = CREDENTIALS[name]
    broken = []
    for (mode, kind), promised in PROMISED[name].items():
        asked = gateways["entra, authentication off" if mode == "entra" and credential.off else mode]
        for function in (each for each in functions if KINDS[each.name] == kind):
            stack.reset()
            response = ask(asked, function, credential)
            if said(response) not in promised.split(", ") or (response.is_error and stack.graph.requests()):
                broken.append(f"{mode}, {function.name}: {said(response)}, not {promised}")
    assert broken == []


def test_authentication_is_asked_for_everything_but_what_is_open_to_everybody(functions: list[IndexedFunction]) -> None:
    [listed] = re.findall(r'"excludedPaths": (\[.*?\])', DOCUMENT, re.DOTALL)
    routes = {each.trigger["route"] for each in functions if KINDS[each.name] in {"health", "documents"}}
    paths = {route.format(asset=name) for route in routes for name in ASSETS}
    assert sorted(json.loads(listed)) == sorted(f"/api/{path}" for path in paths)


def test_who_is_not_known_hears_how_to_do_better(entra_gateway: Gateway) -> None:
    response = entra_gateway.create(MAIN_JOB)
    problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"


def test_without_authentication_in_front_of_it_the_gateway_says_what_is_missing(
    unguarded_gateway: Gateway, stack: Stack
) -> None:
    health = unguarded_gateway.health()
    refused = problem(unguarded_gateway.create(MAIN_JOB, **FORGED), 424, "misconfigured")
    assert (health.status_code, health.json()["errors"]) == (503, refused["errors"])
    assert [error["field"] for error in refused["errors"]] == ["WEBSITE_AUTH_ENABLED"]
    assert stack.graph.requests() == []


@pytest.mark.parametrize("mode", ["key", "entra"])
def test_a_header_that_is_not_believed_is_logged_without_what_stands_in_it(
    gateway: Gateway, unguarded_gateway: Gateway, mode: str
) -> None:
    asked = gateway if mode == "key" else unguarded_gateway
    assert asked.client.get("health", headers=FORGED).status_code in {200, 503}  # which does not look at it
    asked.audit(asked.create({}))  # what was printed before has come in by then
    before = len(asked.output.lines_so_far("was ignored"))
    event = asked.audit(asked.create(MAIN_JOB, **FORGED))
    warnings = asked.output.lines_so_far("was ignored")[before:]
    assert [line.split(": ")[0] for line in warnings] == ["WARNING  gateway"]
    assert "X-MS-CLIENT-PRINCIPAL" in warnings[0]
    assert event.get("caller") == ("key" if mode == "key" else None)
    assert asked.output.lines_so_far(FORGED[principals.HEADER][:40]) == []


def test_health_leaves_no_word_of_a_header_that_it_does_not_look_at(gateway: Gateway) -> None:
    gateway.audit(gateway.create(MAIN_JOB))
    before = gateway.output.lines_so_far("was ignored")
    gateway.client.get("health", headers=FORGED).raise_for_status()
    gateway.audit(gateway.create(MAIN_JOB))
    assert gateway.output.lines_so_far("was ignored") == before


def test_a_user_gains_nothing_by_the_app_that_the_user_has_signed_in_with(entra_gateway: Gateway) -> None:
    assert entra_gateway.create(TO_ALL_DEVICES, **principal(application(WRITE))).status_code == 201
    for claims in (user(WRITE), user(WRITE, version=1), mapped(user(WRITE)), [*application(WRITE), ("idtyp", "user")]):
        problem(entra_gateway.create({**TO_ALL_DEVICES, "dryRun": True}, **principal(claims)), 403, "guardrail")


def test_a_role_gains_nothing_by_being_called_like_somebody_else(entra_gateway: Gateway) -> None:
    desk = principal(application(WRITE, app=DESK_APP, object_id=DESK_OBJECT))
    assert entra_gateway.create({**TO_ALL_USERS, "dryRun": True}, **desk).status_code == 200
    for roles in ([], SUPERUSER):
        flow = principal(application(WRITE, *roles))
        problem(entra_gateway.create({**TO_ALL_USERS, "dryRun": True}, **flow), 403, "guardrail")


def test_a_rule_may_name_a_person(entra_gateway: Gateway) -> None:
    adele, another = principal(user(WRITE)), principal(user(WRITE, object_id=OTHER))
    assert entra_gateway.create({**TO_ALL_USERS, "dryRun": True}, **adele).status_code == 200
    problem(entra_gateway.create({**TO_ALL_USERS, "dryRun": True}, **another), 403, "guardrail")
