"""Webhooks from the sender's payload to the assignment: what is taken, what is not, and what is told of it."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.programs import stores
from sandbox.tenant import PILOT, RESTRICTIONS, WIFI_HQ
from tests.e2e.deliveries import (
    DOCUMENT,
    LONG,
    SECRET,
    SOURCES,
    TAKEN,
    ask,
    deliver,
    kept,
    of_ticket,
    operation,
    pass_time,
    payload,
    put_off,
    start_timer,
)
from tests.e2e.principals import ENTRA, READ, WRITE, application, principal
from tests.e2e.stack import Gateway, Json, Stack, eventually, problem

EACH = pytest.mark.parametrize("name", SOURCES)
ASSIGNED = f"{WIFI_HQ}_{PILOT}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "operations.sqlite"


@pytest.fixture(scope="module")
def running_taking_gateway(running_stack: Stack, file: Path) -> Iterator[Gateway]:
    with running_stack.gateway(**stores(file.parent), **TAKEN) as gateway:
        yield gateway


@pytest.fixture
def taking_gateway(running_taking_gateway: Gateway, stack: Stack, file: Path) -> Gateway:  # noqa: ARG001 - the seed
    if file.exists():
        ask(file, "DELETE FROM rows")
    return running_taking_gateway


def restricted(name: str = "github", **changed: str) -> bytes:
    text = payload(name).decode()
    for old, new in changed.items():
        text = text.replace(old, new)
    return text.encode()


@EACH
def test_a_ready_sources_event_becomes_an_assignment(taking_gateway: Gateway, stack: Stack, name: str) -> None:
    accepted = deliver(taking_gateway, name)
    assert accepted.headers["assignment-outcome"] == "accepted"
    assert accepted.headers["location"].startswith(f"{taking_gateway.client.base_url}operations/")
    told = operation(taking_gateway, accepted)
    assert (told["outcome"], told["assignment"]["id"], told["attempts"]) == ("created", ASSIGNED, 1)
    assert told["caller"] == f"webhook:{name}"
    assert [each["id"] for each in stack.graph.assignments()] == [ASSIGNED]
    assert of_ticket(taking_gateway, told["ticket"].lower()) == [told]


@EACH
def test_a_forged_webhook_is_refused_and_nothing_is_written(
    taking_gateway: Gateway, stack: Stack, file: Path, name: str
) -> None:
    answer = deliver(taking_gateway, name, secret="guessed")
    problem(answer, 401, "signature-invalid")
    assert "www-authenticate" not in answer.headers
    assert not file.exists() or kept(file) == []
    assert stack.graph.requests() == []


def test_the_same_event_again_and_again_is_one_operation_and_one_assignment(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: deliver(taking_gateway, "pagerduty"), range(24)))
    [address] = {answer.headers["location"] for answer in answers}
    assert {answer.status_code for answer in answers} == {202}
    told = operation(taking_gateway, answers[0])
    assert told["outcome"] == "created"
    assert taking_gateway.client.get(address).json() == told
    late = deliver(taking_gateway, "pagerduty")
    assert operation(taking_gateway, late) == told
    assert len(kept(file)) == 1
    assert len(stack.graph.requests("POST")) == 1


def test_an_event_that_does_not_count_is_ignored(taking_gateway: Gateway, stack: Stack, file: Path) -> None:
    answer = deliver(taking_gateway, "github", payload("github").replace(b'"labeled"', b'"unlabeled"'))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"})
    assert "assignment-outcome" not in answer.headers
    assert taking_gateway.audit(answer)["outcome"] == "ignored"
    assert not file.exists() or kept(file) == []
    assert stack.graph.requests() == []


def test_a_dry_run_tells_what_an_event_becomes_and_writes_nothing(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    answer = deliver(taking_gateway, "jira", dryRun="true")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "wouldAccept")
    assert answer.json()["request"]["ticket"] == "HELP-42"
    assert answer.headers["assignment-outcome"] == "planned"
    refused = problem(deliver(taking_gateway, "jira", dryRun="1"), 422, "invalid-request")
    assert [each["field"] for each in refused["errors"]] == ["dryRun"]
    assert not file.exists() or kept(file) == []
    assert stack.graph.requests() == []


def test_what_an_event_asks_for_is_checked_like_any_request(taking_gateway: Gateway, file: Path) -> None:
    body = json.dumps({**json.loads(payload("zendesk")), "group": None}).encode()
    refused = problem(deliver(taking_gateway, "zendesk", body), 422, "invalid-request")
    assert [each["field"] for each in refused["errors"]] == ["groupName"]
    problem(deliver(taking_gateway, "zendesk", b"{"), 400, "malformed-json")
    problem(deliver(taking_gateway, "zendesk", b" " * (1024 * 1024 + 1)), 413, "body-too-large")
    large = json.dumps({**json.loads(payload("zendesk")), "event": "other", "more": "x" * 1_000_000}).encode()
    assert deliver(taking_gateway, "zendesk", large).json() == {"outcome": "ignored"}
    assert not file.exists() or kept(file) == []


def test_an_unknown_source_and_one_without_a_secret_are_not_found(stack: Stack) -> None:
    entra = {"sources": {**json.loads(DOCUMENT)["sources"]}}
    entra["sources"]["servicenow"] = {**entra["sources"]["servicenow"], "verify": {"scheme": "entra"}}
    with stack.gateway(**{**TAKEN, "WEBHOOKS": json.dumps(entra), "JIRA_WEBHOOK_SECRET": ""}) as gateway:
        for name in ("jira", "servicenow"):
            problem(deliver(gateway, name, secret=""), 404, "source-not-found")
        unknown = gateway.client.post("webhooks/unknown", content=b"{}")
        problem(unknown, 404, "source-not-found")


def test_a_source_with_tokens_takes_them_from_whoever_may_change_things(stack: Stack) -> None:
    document = {"sources": {"servicenow": {**json.loads(DOCUMENT)["sources"]["servicenow"]}}}
    document["sources"]["servicenow"]["verify"] = {"scheme": "entra"}
    with stack.gateway(**ENTRA, WEBHOOKS=json.dumps(document)) as gateway:
        problem(deliver(gateway, "servicenow"), 401, "unauthenticated")
        gateway.client.headers.update(principal(application(READ)))
        problem(deliver(gateway, "servicenow"), 403, "forbidden")
        gateway.client.headers.update(principal(application(WRITE)))
        # Whoever has brought it, the rules are asked about the source.
        refused = deliver(gateway, "servicenow")
        assert "'webhook:servicenow'" in problem(refused, 403, "guardrail")["detail"]
        assert gateway.audit(refused)["caller"] == "webhook:servicenow"


def test_what_failed_for_good_is_finished_and_says_why(taking_gateway: Gateway, stack: Stack) -> None:
    body = payload("zendesk").replace(b"SG-Pilot", b"SG-Nobody")
    told = operation(taking_gateway, deliver(taking_gateway, "zendesk", body))
    assert (told["state"], told["outcome"], told["problem"]["code"]) == ("finished", "refused", "group-not-found")
    assert stack.graph.assignments() == []
    event = events(taking_gateway, told)[-1]
    assert (event["operationState"], event["waitedSeconds"]) == ("finished", 0)
    assert (event["caller"], event["outcome"], event["code"]) == ("webhook:zendesk", "refused", "group-not-found")
    assert (event["groupName"], event["ticket"]) == ("SG-Nobody", told["ticket"])


def events(gateway: Gateway, told: Json, action: str = "process_operation") -> list[Json]:
    """Give the audit events of an operation's tries, or of its reminders."""
    lines = [line for line in gateway.output.lines_with(f'"{action}"') if told["id"] in line]
    return [json.loads(line.partition("gateway.audit: ")[2]) for line in lines]


def test_what_fails_for_a_while_is_put_off_and_done_later(taking_gateway: Gateway, stack: Stack, file: Path) -> None:
    stack.graph.fail(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    accepted = deliver(taking_gateway, "zendesk")
    address = accepted.headers["location"]
    assert put_off(file, accepted.json()["operationId"])
    waiting = taking_gateway.client.get(address)
    assert (waiting.status_code, waiting.json()["state"], waiting.json()["attempts"]) == (202, "accepted", 1)
    assert int(waiting.headers["retry-after"]) == 60
    pass_time(file)
    told = operation(taking_gateway, accepted)
    assert (told["outcome"], told["attempts"]) == ("created", 2)
    first, done = events(taking_gateway, told)[-2:]
    assert (first["outcome"], first["operationState"], first["waitedSeconds"]) == ("failed", "accepted", 0)
    assert (done["outcome"], done["operationState"]) == ("created", "finished")
    assert done["waitedSeconds"] >= LONG.total_seconds()


def wait_for(file: Path, **fields: object) -> bool:
    return eventually(lambda: any(fields.items() <= each.items() for each in kept(file)))


def test_after_the_last_try_it_has_failed_and_is_among_the_poison(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    stack.graph.keep_failing(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    accepted = deliver(taking_gateway, "zendesk")
    assert put_off(file, accepted.json()["operationId"])
    pass_time(file, attempts=9)
    told = operation(taking_gateway, accepted)
    assert (told["outcome"], told["attempts"], told["problem"]["code"]) == ("failed", 10, "throttled")
    assert (told["id"],) in ask(file, "SELECT body FROM messages WHERE queue = 'operations-poison'")
    last = events(taking_gateway, told)[-1]
    assert (last["outcome"], last["code"], last["operationState"]) == ("failed", "throttled", "finished")


def test_what_the_queue_has_forgotten_is_sent_again_and_its_wait_is_told(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    stack.graph.fail(kind="status", method="GET", status=429, headers={"Retry-After": "300"})
    accepted = deliver(taking_gateway, "freshservice")
    assert put_off(file, accepted.json()["operationId"])
    ask(file, "DELETE FROM messages")
    pass_time(file)
    start_timer(taking_gateway, "sweep_operations")
    told = operation(taking_gateway, accepted)
    reminder = events(taking_gateway, told, "sweep_operations")[-1]
    assert (reminder["outcome"], reminder["operationState"]) == ("accepted", "accepted")
    assert reminder["waitedSeconds"] >= LONG.total_seconds()
    assert (reminder["caller"], reminder["ticket"]) == ("webhook:freshservice", told["ticket"])


def test_work_that_nobody_waits_for_tells_when_its_store_fails(stack: Stack, tmp_path: Path) -> None:
    with stack.gateway(**TAKEN, **stores(tmp_path / "nowhere")) as gateway:
        start_timer(gateway, "sweep_operations")
        line, *_ = gateway.output.lines_with('"sweep_operations"')
        event = json.loads(line.partition("gateway.audit: ")[2])
        assert (event["outcome"], event["code"]) == ("failed", "store-unavailable")


def test_old_work_is_removed(taking_gateway: Gateway, file: Path) -> None:
    accepted = deliver(taking_gateway, "zendesk")
    operation(taking_gateway, accepted)
    start_timer(taking_gateway, "clean_operations")
    assert len(kept(file)) == 1
    pass_time(file, timedelta(days=91))
    start_timer(taking_gateway, "clean_operations")
    assert kept(file) == []
    problem(taking_gateway.client.get(accepted.headers["location"]), 404, "operation-not-found")


ONLY_RESTRICTIONS = json.dumps(
    {"rules": [{"callers": ["webhook:*", "*"], "configurations": [RESTRICTIONS], "targets": ["*"]}]}
)
BROAD_ALONE = json.dumps({"rules": [{"callers": ["*"], "targets": ["allDevices"], "requireTicket": "X.*"}]})


@pytest.mark.parametrize(
    ("setting", "code"),
    [({"WRITES_ENABLED": "false"}, "writes-disabled"), ({"GUARDRAILS": BROAD_ALONE}, "guardrail")],
    ids=["the stop", "the guardrails"],
)
def test_what_could_not_be_carried_out_is_not_accepted_and_can_be_sent_again(
    stack: Stack, tmp_path: Path, setting: dict[str, str], code: str
) -> None:
    with stack.gateway(**TAKEN, **stores(tmp_path), **setting) as gateway:
        for dry_run in ("false", "true"):
            refused = deliver(gateway, "pagerduty", dryRun=dry_run)
            told = problem(refused, 403, code)
            event = gateway.audit(refused)
            assert (event["caller"], event["outcome"]) == ("webhook:pagerduty", "refused")
    if code == "guardrail":
        assert [each["field"] for each in told["errors"]] == [
            "GUARDRAILS.rules.0.targets",
            "GUARDRAILS.rules.0.requireTicket",
        ]
        assert event["refusals"] == [f"{each['field']} {each['message']}" for each in told["errors"]]
    assert stack.graph.requests() == []
    with stack.gateway(**TAKEN, **stores(tmp_path)) as gateway:
        assert operation(gateway, deliver(gateway, "pagerduty"))["outcome"] == "created"
    with stack.gateway(**TAKEN, **stores(tmp_path), **setting) as gateway:
        again = deliver(gateway, "pagerduty")  # it is known, and done
        assert again.status_code == 202
        assert "refusals" not in gateway.audit(again)


def test_the_guardrails_are_asked_again_when_names_are_known(stack: Stack, tmp_path: Path) -> None:
    with stack.gateway(**TAKEN, **stores(tmp_path), GUARDRAILS=ONLY_RESTRICTIONS) as gateway:
        assert deliver(gateway, "pagerduty").status_code == 202
        assert wait_for(tmp_path / "operations.sqlite", state="finished", outcome="refused")
    assert [each["problem"]["code"] for each in kept(tmp_path / "operations.sqlite")] == ["guardrail"]
    assert stack.graph.assignments() == []


def test_an_operation_is_shown_only_to_whom_the_rules_would_show_it(stack: Stack) -> None:
    rules = {
        "rules": [
            {"callers": ["webhook:zendesk"], "targets": ["*"]},
            {"callers": ["key"], "targets": ["*"], "configurations": [RESTRICTIONS]},
        ]
    }
    with stack.gateway(**TAKEN, GUARDRAILS=json.dumps(rules)) as gateway:
        accepted = deliver(gateway, "zendesk")
        assert accepted.status_code == 202
        problem(gateway.client.get(accepted.headers["location"]), 404, "operation-not-found")
        assert of_ticket(gateway, "35436") == []


def test_an_operation_is_shown_by_the_names_that_it_was_asked_for_with(stack: Stack, tmp_path: Path) -> None:
    def sees(**limits: list[str]) -> bool:
        rules = [{"callers": ["key"], "targets": ["*"], **limits}]
        with stack.gateway(**TAKEN, **stores(tmp_path), GUARDRAILS=json.dumps({"rules": rules})) as gateway:
            return of_ticket(gateway, "35436") != []

    document = json.loads(DOCUMENT)
    document["sources"]["zendesk"]["map"] |= {"filterName": "'Corporate Windows'", "filterMode": "'include'"}
    with stack.gateway(**{**TAKEN, **stores(tmp_path), "WEBHOOKS": json.dumps(document)}) as gateway:
        operation(gateway, deliver(gateway, "zendesk"))
    assert (sees(groups=["sg-*"]), sees(groups=["vip-*"])) == (True, False)
    assert (sees(modes=["include"]), sees(modes=["exclude"])) == (True, False)


def test_an_operation_that_cannot_be_is_not_found(taking_gateway: Gateway) -> None:
    for identifier in ("unknown", "0" * 48, "%27"):
        problem(taking_gateway.client.get(f"operations/{identifier}"), 404, "operation-not-found")
    problem(taking_gateway.client.get("operations"), 422, "invalid-request")
    assert of_ticket(taking_gateway, "unknown") == []


def test_webhooks_need_a_place_to_keep_their_work(stack: Stack) -> None:
    with stack.gateway(**TAKEN, OPERATIONS_STORE="", OPERATIONS_QUEUE="") as gateway:
        refused = problem(deliver(gateway, "zendesk"), 424, "misconfigured")
        assert {each["field"] for each in refused["errors"]} == {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}
    with stack.gateway(OPERATIONS_STORE="", OPERATIONS_QUEUE="") as gateway:
        refused = problem(gateway.client.get("operations", params={"ticket": "1"}), 424, "misconfigured")
        assert {each["field"] for each in refused["errors"]} == {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}
        start_timer(gateway, "sweep_operations")
        start_timer(gateway, "clean_operations")
        assert gateway.health().status_code == 200


def test_a_mistake_in_the_sources_is_told_by_its_path(stack: Stack) -> None:
    broken = {"sources": {"jira": {"verify": {"scheme": "jira", "secrets": ["S"]}, "when": "(", "map": {}}}}
    with stack.gateway(WEBHOOKS=json.dumps(broken)) as gateway:
        health = gateway.health()
        assert health.status_code == 503
        fields = {each["field"] for each in health.json()["errors"]}
        assert {"WEBHOOKS.sources.jira.when", "WEBHOOKS.sources.jira.map"} <= fields
        assert gateway.create({"configurationId": WIFI_HQ, "groupId": PILOT}).status_code in {200, 201}


def test_a_store_that_cannot_be_used_is_said_and_the_sender_may_send_again(stack: Stack, tmp_path: Path) -> None:
    with stack.gateway(**TAKEN, **stores(tmp_path / "nowhere")) as gateway:
        problem(deliver(gateway, "zendesk"), 503, "store-unavailable")


def test_the_secret_is_in_no_line_and_the_payload_is_not_kept(taking_gateway: Gateway, file: Path) -> None:
    operation(taking_gateway, deliver(taking_gateway, "github"))
    text = json.dumps(kept(file))
    assert SECRET not in text
    assert "sender" not in text


def send(file: Path, identifier: str) -> None:
    ask(file, "INSERT INTO messages (queue, body, visible_at) VALUES ('operations', ?, 0)", identifier)


def messages(file: Path, identifier: str) -> list[float]:
    """Give when each of an operation's messages may be seen."""
    found = ask(file, "SELECT visible_at FROM messages WHERE queue = 'operations' AND body = ?", identifier)
    return [moment for (moment,) in found]


def test_a_message_without_its_operation_is_left_out(taking_gateway: Gateway, stack: Stack, file: Path) -> None:
    operation(taking_gateway, deliver(taking_gateway, "zendesk"))
    stack.reset()
    send(file, "0" * 48)
    assert taking_gateway.output.lines_with("not in the ledger")
    assert eventually(lambda: messages(file, "0" * 48) == [])
    assert stack.graph.requests() == []


def test_a_message_of_what_somebody_is_at_comes_back_when_that_ones_time_is_over(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    identifier = operation(taking_gateway, deliver(taking_gateway, "zendesk"))["id"]
    stack.reset()
    pass_time(file, timedelta(days=-1), state="running")
    send(file, identifier)
    tomorrow = time.time() + timedelta(hours=23).total_seconds()
    assert eventually(lambda: [moment > tomorrow for moment in messages(file, identifier)] == [True])
    assert stack.graph.requests() == []


def test_what_never_said_how_it_ended_has_failed_after_the_last_try(
    taking_gateway: Gateway, stack: Stack, file: Path
) -> None:
    accepted = deliver(taking_gateway, "zendesk")
    identifier = operation(taking_gateway, accepted)["id"]
    stack.reset()
    pass_time(file, state="running", attempts=10)
    send(file, identifier)
    assert wait_for(file, attempts=11, state="finished", outcome="failed")
    assert kept(file)[0]["problem"]["code"] == "outcome-unknown"
    assert stack.graph.requests() == []


def test_a_mapped_dry_run_is_tried_and_its_preview_is_kept(stack: Stack) -> None:
    document = json.loads(DOCUMENT)
    document["sources"]["zendesk"]["map"]["dryRun"] = "`true`"
    with stack.gateway(**{**TAKEN, "WEBHOOKS": json.dumps(document)}) as gateway:
        told = operation(gateway, deliver(gateway, "zendesk"))
    assert (told["outcome"], told["preview"]["outcome"]) == ("planned", "wouldCreate")
    assert stack.graph.requests("POST") == []
