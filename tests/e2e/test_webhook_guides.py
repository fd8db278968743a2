"""The ready sources: each proves itself, counts, and becomes the request that its page shows."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sandbox.programs import ROOT
from shared.errors import InvalidRequest, SignatureInvalid
from shared.proofs import Hmac, KnownSender, Secret
from shared.schemas import AssignmentRequest
from shared.sources import Source, Sources
from tests.e2e.documents import OFFLINE_SESSIONS, tried
from tests.e2e.stack import Json
from tests.senders import SIGNED, Headers, Sign, freshservice, servicenow
from webhook.__main__ import main

FOLDER = ROOT / "docs/webhooks"
READY = FOLDER / "webhooks.json"
SOURCES = Sources.parse(READY.read_text("utf-8")).sources
EACH = pytest.mark.parametrize("name", SOURCES)
SENDERS: Mapping[str, Sign] = {**SIGNED, "freshservice": freshservice, "servicenow": servicenow}
NOW = 1_795_424_400
SECRET = "made-up"


def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def payload(name: str) -> bytes:
    return (FOLDER / f"fixtures/{name}.json").read_bytes()


def event(name: str, body: bytes, headers: Headers) -> Json | None:
    found = SOURCES[name].event(json.loads(body), headers)
    return None if found is None else dict(found.request)


def setting(source: Source) -> str:
    assert isinstance(source.verify, KnownSender | Hmac | Secret)
    [name] = source.verify.secrets
    return name


@EACH
def test_a_page_shows_the_source_as_all_of_them_together_have_it(name: str) -> None:
    [shown] = [json.loads(block) for block in blocks(page(name), "json") if '"sources"' in block]
    assert shown["sources"] == {name: json.loads(READY.read_text("utf-8"))["sources"][name]}
    assert f"`{setting(SOURCES[name])}`" in page(name)
    assert f"/api/webhooks/{name}" in page(name)


@EACH
def test_the_fixture_verifies_counts_and_becomes_the_request_of_the_page(name: str) -> None:
    body, source = payload(name), SOURCES[name]
    headers = SENDERS[name](SECRET, body, NOW)
    source.verified(headers, body, source.secrets({setting(source): SECRET}), NOW)
    request = event(name, body, headers)
    assert request == json.loads(blocks(page(name), "json")[-1])
    parsed = AssignmentRequest.parse(request)
    assert parsed.configuration_name
    assert parsed.group_name
    assert parsed.ticket


@EACH
def test_the_fixture_with_another_secret_does_not_verify(name: str) -> None:
    body = payload(name)
    with pytest.raises(SignatureInvalid):
        SOURCES[name].verified(SENDERS[name]("another", body, NOW), body, [SECRET], NOW)


@pytest.mark.parametrize(
    ("name", "said", "otherwise"),
    [
        ("servicenow", '"approval": "approved"', '"approval": "requested"'),
        ("servicenow", '"sc_req_item"', '"sc_request"'),
        ("jira", '"toString": "Approved"', '"toString": "Declined"'),
        ("jira", '"field": "status"', '"field": "resolution"'),
        ("jira", '"changelog"', '"comment"'),
        ("jira", "jira:issue_updated", "jira:issue_created"),
        ("zendesk", '"event": "approved"', '"event": "created"'),
        ("freshservice", '"event": "approved"', '"event": "created"'),
        ("pagerduty", "incident.custom_field_values.updated", "incident.triggered"),
        ("pagerduty", '"changed_custom_fields"', '"other"'),
        ("github", '"action": "labeled"', '"action": "unlabeled"'),
        ("github", '"state": "open"', '"state": "closed"'),
        ("github", '"issue": {', '"pull_request": {'),
        (
            "github",
            '"label": {"id": 7823411003, "name": "approved"',
            '"label": {"id": 7823411002, "name": "group:pilot"',
        ),
    ],
)
def test_an_event_that_does_not_count_is_ignored(name: str, said: str, otherwise: str) -> None:
    text = payload(name).decode()
    assert said in text
    assert event(name, text.replace(said, otherwise).encode(), {}) is None


@EACH
@pytest.mark.parametrize("empty", ["null", '""', "[]"])
def test_a_configuration_or_group_that_is_missing_is_refused(name: str, empty: str) -> None:
    becomes = json.loads(blocks(page(name), "json")[-1])
    for field in ("configurationName", "groupName"):
        document, found = json.dumps(json.loads(payload(name))), json.dumps(becomes[field])
        assert found in document
        request = event(name, document.replace(found, empty).encode(), {})
        with pytest.raises(InvalidRequest) as caught:
            AssignmentRequest.parse(request)
        assert field in {each.field for each in caught.value.errors}


def test_the_published_schema_takes_the_ready_sources_and_no_field_beside_theirs() -> None:
    validator = Draft202012Validator(json.loads((ROOT / "docs/webhooks.schema.json").read_text("utf-8")))
    ready = json.loads(READY.read_text("utf-8"))
    validator.validate(ready)
    for name in SOURCES:
        for beside in ({"unless": "a"}, {"verify": {"scheme": "github"}}, {"map": {"groupNam": "a"}}):
            assert not validator.is_valid({"sources": {name: {**ready["sources"][name], **beside}}})


def test_an_issue_with_two_labels_for_a_group_is_refused() -> None:
    body = payload("github").decode().replace('"name": "approved", "color"', '"name": "group:all", "color"', 1)
    with pytest.raises(InvalidRequest) as caught:
        AssignmentRequest.parse(event("github", body.encode(), {}))
    assert [each.field for each in caught.value.errors] == ["groupName"]


def test_an_approval_without_a_person_is_refused() -> None:
    body = re.sub(r'"agent": \{.*?\}', '"agent": null', payload("pagerduty").decode(), count=1, flags=re.DOTALL)
    with pytest.raises(InvalidRequest) as caught:
        AssignmentRequest.parse(event("pagerduty", body.encode(), {}))
    assert [each.field for each in caught.value.errors] == ["requestedBy"]


@pytest.mark.parametrize("name", ["zendesk", "freshservice"])
def test_the_body_that_a_page_has_the_sender_fill_in_is_the_fixture(name: str) -> None:
    [template] = [block for block in blocks(page(name), "json") if "{{" in block]
    for placeholder, value in re.findall(r"^\| `(\{\{.+?\}\})` \| `(.+?)` \|$", page(name), re.MULTILINE):
        template = template.replace(placeholder, value)
    assert json.loads(template) == json.loads(payload(name))


def test_the_script_of_a_page_sends_what_its_source_wants() -> None:
    [script] = blocks(page("servicenow"), "js")
    sent = script.partition("JSON.stringify({")[2].partition("})")[0]
    assert re.findall(r"^ +(\w+):", sent, re.MULTILINE) == list(json.loads(payload("servicenow")))
    proof = SOURCES["servicenow"].verify
    assert isinstance(proof, Hmac)
    assert {proof.header, str(proof.timestamp_header)} < set(re.findall(r"setRequestHeader\('([\w-]+)'", script))
    assert (proof.signed, proof.hash, proof.encoding) == ("{timestamp}.{body}", "sha256", "base64")
    assert "'HmacSHA256', timestamp + '.' + body" in script
    assert payload("servicenow").isascii()


def test_the_overview_names_every_source_scheme_and_field() -> None:
    text = page("README")
    table = text.partition("## Schemes")[2].partition("|---")[2]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == {*SIGNED, "hmac", "shared-secret", "entra"}
    fields = [str(field.alias) for field in Source.model_fields.values()]
    assert re.findall(r"^\| `(\w+)` \|", text.partition("## Schemes")[0], re.MULTILINE) == fields
    options = {str(field.alias) for model in (Hmac, Secret) for field in model.model_fields.values()}
    rows = re.findall(r"^\| `(?:hmac|shared-secret)` \|.*\| ([^|]*) \|$", table, re.MULTILINE)
    assert {option for row in rows for option in re.findall(r"`(\w+)`", row)} == options - {"scheme", "secrets"}
    assert all(f"({name}.md)" in text for name in SOURCES)


def test_make_webhook_prints_what_the_overview_says() -> None:
    text = OFFLINE_SESSIONS.read_text("utf-8")
    assert tried(text) == text


def test_make_hands_over_what_it_is_given() -> None:
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", "webhook", "SOURCE=jira", "PAYLOAD=an event.json", "HEADERS=headers.txt"]
    run = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1].endswith("-m webhook 'jira' 'an event.json' --headers 'headers.txt'")


@EACH
def test_what_is_tried_is_signed_as_the_sender_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    environment = {setting(SOURCES[name]): SECRET}
    assert main([name, str(FOLDER / f"fixtures/{name}.json")], environment) == 0
    printed = capsys.readouterr().out
    assert "genuine  yes, signed here\ncounts   yes\n" in printed
    assert json.loads(printed[printed.index("{") :]) == json.loads(blocks(page(name), "json")[-1])


def tried_by_hand(folder: Path, source: Json, body: bytes, secret: str = SECRET, headers: Headers | None = None) -> int:
    """Try a payload on a source of its own; the secret's setting is called SECRET."""
    whole = {"when": "`true`", "map": {"groupName": "group"}, **source}
    (folder / "payload").write_bytes(body)
    arguments = ["own", str(folder / "payload")]
    if headers is not None:
        lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
        (folder / "headers").write_text(f"POST /api/webhooks/own HTTP/1.1\n{lines}\n", "utf-8")
        arguments += ["--headers", str(folder / "headers")]
    return main(arguments, {"SECRET": secret, "WEBHOOKS": json.dumps({"sources": {"own": whole}})})


@pytest.mark.parametrize(
    ("verify", "secret", "genuine"),
    [
        ({"scheme": "standard-webhooks"}, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "yes, signed here"),
        ({"scheme": "shared-secret", "header": "X-Secret"}, SECRET, "yes, signed here"),
        ({"scheme": "hmac", "header": "X", "hash": "sha512", "prefix": "v0="}, SECRET, "yes, signed here"),
        ({"scheme": "entra"}, "", "left to the platform"),
    ],
    ids=lambda value: value["scheme"] if isinstance(value, dict) else None,
)
def test_every_scheme_can_be_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verify: Json, secret: str, genuine: str
) -> None:
    secrets = {} if verify["scheme"] == "entra" else {"secrets": ["SECRET"]}
    request = {"configurationName": "'C'", "groupName": "group"}
    assert tried_by_hand(tmp_path, {"verify": {**verify, **secrets}, "map": request}, b'{"group": "G"}', secret) == 0
    assert f"genuine  {genuine}\n" in capsys.readouterr().out


def test_a_delivery_is_verified_as_of_the_time_at_which_it_was_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = payload("zendesk")
    zendesk = {"verify": {"scheme": "zendesk", "secrets": ["SECRET"]}, "when": "`false`"}
    headers = SENDERS["zendesk"](SECRET, body, NOW)
    assert tried_by_hand(tmp_path, zendesk, body, headers=headers) == 0
    assert capsys.readouterr().out.startswith("genuine  yes, within 300 s of 2026-11-23T")
    twice = {**headers, "x-zendesk-webhook-signature": headers["X-Zendesk-Webhook-Signature"]}
    assert tried_by_hand(tmp_path, zendesk, body, headers=twice) == 1
    assert tried_by_hand(tmp_path, zendesk, body + b" ", headers=headers) == 1
    assert tried_by_hand(tmp_path, zendesk, body, headers={}) == 1


def test_what_would_be_refused_is_said_with_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    github = {"verify": {"scheme": "github", "secrets": ["SECRET"]}}
    assert tried_by_hand(tmp_path, github, b'{"group": null}') == 1
    printed = capsys.readouterr().out
    assert "refused  422 invalid-request" in printed
    assert "  groupName must not be null or blank" in printed
    assert tried_by_hand(tmp_path, github, b"{") == 1
    assert "refused  400 malformed-json" in capsys.readouterr().out
    assert tried_by_hand(tmp_path, {**github, "map": {"groupNam": "a"}}, b"{}") == 1
    assert "  WEBHOOKS.sources.own.map.groupNam must be one of" in capsys.readouterr().out


def test_what_cannot_be_tried_is_said(tmp_path: Path) -> None:
    fixture = str(FOLDER / "fixtures/jira.json")
    for arguments, environment, said in [
        (["jira", fixture], {}, "JIRA_WEBHOOK_SECRET"),
        (["gitlab", fixture], {}, "'gitlab'"),
        (["jira", str(tmp_path / "nothing.json")], {}, "nothing.json"),
        (["jira", fixture], {"WEBHOOKS": str(tmp_path / "nowhere.json")}, "nowhere.json"),
    ]:
        with pytest.raises(SystemExit, match=said):
            main(arguments, environment)
    standard = {"verify": {"scheme": "standard-webhooks", "secrets": ["SECRET"]}}
    with pytest.raises(SystemExit, match="base64"):
        tried_by_hand(tmp_path, standard, b"{}", "whsec_a")
