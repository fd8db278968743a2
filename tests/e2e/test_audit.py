"""The audit event: exactly one for each attempt, with all that is known, and nothing that breaks out of its line."""

import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from sandbox.functions_host import FUNCTION_KEY
from sandbox.tenant import ALL_DEVICES, PILOT, RESTRICTIONS
from tests.e2e.principals import ADELE, FLOW_APP, FLOW_OBJECT, READ, WRITE, application, principal, user
from tests.e2e.stack import HASTY, MAIN_JOB, Gateway, Json, Stack, problem

LONGEST_LINE = 32_000
RUN = "08584735551867954143917945023CU110"
FLOW = {**principal(application(WRITE)), "x-ms-workflow-run-id": RUN}
WHO = {"caller": FLOW_APP, "callerType": "application", "callerObjectId": FLOW_OBJECT, "run": RUN}
WHY = {"ticket": "INC0012345", "requestedBy": "key", "justification": "New building"}
WHAT = {**MAIN_JOB, "configurationName": "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ", "groupName": "SG-Pilot"}
OLD = {"configurationId": RESTRICTIONS, "assignmentId": f"{RESTRICTIONS}_{PILOT}"}
OLD_NAME = {"configurationName": "Win11 \N{EN DASH} Device restrictions"}
ADDRESS = f"configurations/{RESTRICTIONS}/assignments"
NOWHERE = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

HOSTILE = "1\r\n\x1b[2J\x00\x85\u2028\u202e\x07INFO     gateway.audit: {}"
AUDIT = "INFO     gateway.audit: "
LINE = re.compile(
    r"INFO     gateway\.audit: \{.*\}|host     (GET|POST|DELETE) \S+  \d{3}  \d+ ms|WARNING  gateway: [\w :'.-]+"
)


@dataclass(frozen=True)
class Kind:
    """One kind of attempt: how it is made, and what its event has to say at least, and must not know."""

    ask: Callable[[Gateway, Stack], httpx.Response]
    said: Mapping[str, object]
    unknown: frozenset[str] = field(default_factory=frozenset)


def create(request: object, headers: Mapping[str, str] = FLOW) -> Callable[[Gateway, Stack], httpx.Response]:
    return lambda gateway, _: gateway.create(request, **headers)


def read(path: str) -> Callable[[Gateway, Stack], httpx.Response]:
    return lambda gateway, _: gateway.client.get(path, headers=FLOW)


def delete(**query: str) -> Callable[[Gateway, Stack], httpx.Response]:
    return lambda gateway, _: gateway.client.delete(f"{ADDRESS}/{OLD['assignmentId']}", headers=FLOW, params=query)


def failing(fault: Json, request: object) -> Callable[[Gateway, Stack], httpx.Response]:
    def ask(gateway: Gateway, stack: Stack) -> httpx.Response:
        stack.graph.keep_failing(**fault)
        return gateway.create(request, **FLOW, **HASTY)

    return ask


JOB = {**MAIN_JOB, **WHY}
ASKED = {**WHO, **WHY, **MAIN_JOB}
KINDS = {
    "created": Kind(create(JOB), {**WHO, **WHY, **WHAT, "outcome": "created", "rule": "groups", "graphCalls": 3}),
    "unchanged": Kind(
        create({**JOB, "configurationId": RESTRICTIONS}), {**WHO, **WHY, **OLD_NAME, "outcome": "unchanged"}
    ),
    "planned": Kind(create({**JOB, "dryRun": True}), {**WHO, **WHY, **WHAT, "outcome": "planned", "dryRun": True}),
    "deleted": Kind(delete(**WHY), {**WHO, **WHY, **OLD, **OLD_NAME, "outcome": "deleted", "rule": "groups"}),
    "planned deletion": Kind(delete(**WHY, dryRun="true"), {**WHO, **WHY, **OLD, **OLD_NAME, "outcome": "planned"}),
    "listed": Kind(
        read(ADDRESS), {**WHO, **OLD_NAME, "outcome": "read", "action": "list_assignments"}, frozenset({"ticket"})
    ),
    "one read": Kind(read(f"{ADDRESS}/{OLD['assignmentId']}"), {**WHO, **OLD, **OLD_NAME, "outcome": "read"}),
    "offered": Kind(read("groups?search=SG-P"), {**WHO, "outcome": "read", "action": "list_groups"}),
    "no JSON": Kind(
        lambda gateway, _: gateway.send(b"{", content_type="application/json", **FLOW),
        {**WHO, "outcome": "refused", "code": "malformed-json", "graphCalls": 0},
    ),
    "invalid": Kind(
        create({**JOB, "groupId": ALL_DEVICES, "filterId": 7}),
        {**ASKED, "groupId": ALL_DEVICES, "outcome": "refused", "code": "invalid-request", "graphCalls": 0},
        frozenset({"filterId", "groupName"}),
    ),
    "invalid deletion": Kind(
        delete(**WHY, dryrun="true"), {**WHO, **WHY, **OLD, "outcome": "refused", "code": "invalid-request"}
    ),
    "no token": Kind(
        create(JOB, {"x-ms-workflow-run-id": RUN}),
        {"run": RUN, "outcome": "refused", "code": "unauthenticated", "graphCalls": 0},
        frozenset({"caller", "callerName", "ticket"}),
    ),
    "no role": Kind(
        create(JOB, principal(user(READ))),
        {"caller": ADELE, "callerType": "user", "callerName": "adele@contoso.example", "code": "forbidden"},
        frozenset({"run", "ticket"}),
    ),
    "no rule": Kind(
        create({**JOB, "targetType": "exclusionGroup"}),
        {**WHO, **WHY, **WHAT, "targetType": "exclusionGroup", "outcome": "refused", "code": "guardrail"},
        frozenset({"rule"}),
    ),
    "not there": Kind(
        create({**JOB, "configurationId": NOWHERE}),
        {**ASKED, "configurationId": NOWHERE, "outcome": "refused", "code": "configuration-not-found"},
        frozenset({"configurationName"}),
    ),
    "failed": Kind(
        failing({"kind": "status", "method": "GET", "status": 503}, JOB),
        {**ASKED, "outcome": "failed", "code": "graph-unavailable"},
    ),
    "unknown": Kind(
        failing({"kind": "status", "method": "POST", "status": 503}, JOB),
        {**WHO, **WHY, **WHAT, "outcome": "failed", "code": "outcome-unknown"},
    ),
}


def mark(gateway: Gateway) -> str:
    """Make an attempt and wait for its event: whatever was printed before has come in by then. Give its id."""
    attempt = gateway.create({})
    gateway.audit(attempt)
    return str(attempt.headers["client-request-id"])


def begin(gateway: Gateway) -> int:
    """Give how many lines there are before what is to be looked at."""
    mark(gateway)
    return len(gateway.output.lines_so_far(""))


def new_lines(gateway: Gateway, before: int) -> list[str]:
    """Give what has been printed since then."""
    own = mark(gateway)
    return [line for line in gateway.output.lines_so_far("")[before:] if own not in line]


def events(lines: list[str]) -> list[Json]:
    """Read those of the lines that are events."""
    return [json.loads(line.removeprefix(AUDIT)) for line in lines if line.startswith(AUDIT)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_attempt_leaves_one_event_with_all_that_is_known(
    entra_gateway: Gateway, stack: Stack, kind: Kind
) -> None:
    before = begin(entra_gateway)
    response = kind.ask(entra_gateway, stack)
    calls = stack.graph.requests()
    [event] = events(new_lines(entra_gateway, before))
    assert {**event, **kind.said} == event
    assert kind.unknown.isdisjoint(event)
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(event["at"]) < timedelta(minutes=1)
    assert 0 <= event["milliseconds"] < 60_000
    assert event["clientRequestId"] == response.headers["client-request-id"]
    assert event["graphCalls"] == len(calls)
    assert sorted(event.get("graphRequestIds", [])) == sorted(call["requestId"] for call in calls)
    told = response.json().get("errors", []) if response.is_error else []
    assert event.get("refusals", []) == [f"{error['field']} {error['message']}" for error in told]


def hostile_attempts(gateway: Gateway, stack: Stack) -> list[httpx.Response]:
    """Put what could break a line into every text that gets as far as the event, or might."""
    stack.graph.add(
        configurations=[{"id": NOWHERE, "name": f"C {HOSTILE}"}], groups=[{"id": ADELE, "name": f"G {HOSTILE}"}]
    )
    said = {"ticket": HOSTILE, "requestedBy": HOSTILE, "justification": HOSTILE}
    names = {"configurationName": HOSTILE, "groupName": HOSTILE}
    claims = [*application(WRITE, HOSTILE), ("preferred_username", HOSTILE)]
    caller = principal(claims)
    headers = [
        *((name.encode(), value.encode()) for name, value in caller.items()),
        *((name, "1\u2028\u202e\x85{}".encode()) for name in (b"client-request-id", b"x-ms-workflow-run-id")),
    ]
    by_id = {"configurationId": NOWHERE, "groupId": ADELE, **said}
    return [
        gateway.client.post("assignments", json=by_id, headers=headers),
        gateway.create({**names, **said}, **caller),
        gateway.create({**by_id, "targetType": "exclusionGroup"}, **caller),
        gateway.create({**by_id, HOSTILE: HOSTILE, "targetType": HOSTILE}, **caller),
        gateway.client.delete(f"configurations/{NOWHERE}/assignments/{NOWHERE}_{ADELE}", params=said, headers=headers),
        gateway.client.delete(f"{ADDRESS}/{quote(HOSTILE)}", params={HOSTILE: HOSTILE}, headers=headers),
        gateway.client.get("groups", params={"search": HOSTILE}, headers=headers),
        gateway.create(by_id, **principal([*claims, ("oid", HOSTILE)])),
    ]


def test_no_text_breaks_out_of_its_event(entra_gateway: Gateway, stack: Stack) -> None:
    before = begin(entra_gateway)
    answers = hostile_attempts(entra_gateway, stack)
    assert [answer.status_code for answer in answers] == [201, 404, 403, 422, 204, 422, 200, 401]
    lines = new_lines(entra_gateway, before)
    assert [line for line in lines if not (LINE.fullmatch(line) and line.isascii() and line.isprintable())] == []
    first, *others = events(lines)
    ids = [answer.headers["client-request-id"] for answer in answers]
    assert [event["clientRequestId"] for event in (first, *others)] == ids
    assert (first["ticket"], first["callerName"], first["groupName"]) == (HOSTILE, HOSTILE, f"G {HOSTILE}")


@pytest.mark.parametrize("header", ["client-request-id", "x-ms-workflow-run-id", "x-ms-client-principal", "prefer"])
@pytest.mark.parametrize("bad", [b"1\r2", b"1\x002", b"1\x1b[2J", b"1\n2"], ids=repr)
def test_no_control_character_in_a_header_reaches_the_log(entra_gateway: Gateway, header: str, bad: bytes) -> None:
    before = begin(entra_gateway)
    base = entra_gateway.client.base_url
    with socket.create_connection((base.host, base.port), 10) as connection:
        head = (
            f"POST {base.path}assignments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n{header}: "
        )
        connection.sendall(head.encode() + bad + b"\r\n\r\n{}")
        answer = connection.makefile("rb").readline()
    assert answer.split()[1] in {b"400", b"401"}
    lines = new_lines(entra_gateway, before)
    assert [line for line in lines if not (line.isascii() and line.isprintable())] == []
    assert [line for line in lines if not LINE.fullmatch(line) and "Invalid HTTP" not in line] == []


HUGE = "x" * 10_000_000
LONG = "\N{FIRE ENGINE}" * 10_000  # a quarter of it, in base64 of JSON, is as long as a header may be


@pytest.mark.parametrize("field", ["ticket", "requestedBy", "justification", "configurationName", "groupName", "else"])
@pytest.mark.parametrize(("text", "status"), [(HUGE, 413), (HUGE[:60_000], 422)], ids=["10 MB", "60 kB"])
def test_an_event_stays_short_whatever_is_sent(entra_gateway: Gateway, field: str, text: str, status: int) -> None:
    response = entra_gateway.create({**MAIN_JOB, field: text}, **FLOW)
    assert response.status_code == status
    [line] = entra_gateway.output.lines_with(response.headers["client-request-id"])
    assert len(line) < 10_000


def test_an_event_stays_short_whatever_graph_and_the_platform_call_things(entra_gateway: Gateway, stack: Stack) -> None:
    stack.graph.add(configurations=[{"id": NOWHERE, "name": HUGE[:1_000_000]}], groups=[{"id": ADELE, "name": LONG}])
    job = {"configurationId": NOWHERE, "groupId": ADELE, "justification": "\N{FIRE ENGINE}" * 1024, "ticket": "INC1"}
    called = principal([*application(WRITE), ("preferred_username", LONG[:2_500])])
    for target_type, status in (("group", 201), ("exclusionGroup", 403)):
        response = entra_gateway.create({**job, "targetType": target_type}, **called)
        assert response.status_code == status
        event = entra_gateway.audit(response)
        [line] = entra_gateway.output.lines_so_far(response.headers["client-request-id"])
        assert len(line) <= LONGEST_LINE + len(AUDIT)
        assert event["groupName"].endswith("\N{HORIZONTAL ELLIPSIS}")
        assert (event["ticket"], event["caller"], event["configurationId"]) == ("INC1", FLOW_APP, NOWHERE)


def test_a_key_in_the_address_stands_in_no_line(gateway: Gateway) -> None:
    before = begin(gateway)
    bare = httpx.get(gateway.client.base_url.join("configurations"), params={"code": FUNCTION_KEY})
    refused = gateway.client.delete(f"{ADDRESS}/1", params={"code": FUNCTION_KEY})
    assert bare.status_code == 200
    problem(refused, 422, "invalid-request")
    lines = new_lines(gateway, before)
    assert [line for line in lines if bare.headers["client-request-id"] in line]
    assert [line for line in lines if FUNCTION_KEY in line] == []
