"""The document of the webhooks: what it takes, what it does not and why, and what becomes of an event."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest, Misconfigured
from shared.expressions import NotJmesPathError, expression
from shared.schemas import AssignmentRequest
from shared.signatures import SIGNATURES, Principal, SharedSecret, Signature
from shared.sources import FIELDS, Event, Source, Sources

Fields = Mapping[str, object]

USUAL: Fields = {
    "verify": {"scheme": "github", "secrets": ["OLD_SECRET", "NEW_SECRET"]},
    "when": "approved",
    "map": {"configurationName": "profile", "groupName": "group.name"},
}
PAYLOAD = {"approved": True, "profile": "Wi-Fi", "group": {"name": "SG-Pilot"}, "number": "INC1", "id": 42}


def parsed(**changed: object) -> Source:
    return Sources.parse(json.dumps({"sources": {"jira": {**USUAL, **changed}}})).sources["jira"]


def mistakes(text: str) -> dict[str, str]:
    with pytest.raises(Misconfigured) as caught:
        Sources.parse(text)
    return {each.field.removeprefix("WEBHOOKS.sources.jira."): each.message for each in caught.value.errors}


def mistakes_of(**changed: object) -> dict[str, str]:
    return mistakes(json.dumps({"sources": {"jira": {**USUAL, **changed}}}))


def event(payload: object = PAYLOAD, headers: Mapping[str, str] | None = None, **changed: object) -> Event:
    found = parsed(**changed).event(payload, headers or {})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("changed", "path", "word"),
    [
        ({"map": {"groupNam": "a"}}, "map.groupNam", "groupName"),
        ({"map": {"ticket": "a"}}, "map.ticket", "must be one of"),
        ({"map": {"groupName": "a["}}, "map.groupName", "from character 3"),
        ({"map": {"groupName": "a # b"}}, "map.groupName", "from character 3"),
        ({"map": {"groupName": 5}}, "map.groupName", "string"),
        ({"map": {"groupName": None}}, "map.groupName", "string"),
        ({"map": {}}, "map", "empty"),
        ({"map": []}, "map", "object"),
        ({"when": ""}, "when", "is not JMESPath"),
        ({"when": "x" * 1001}, "when", "1000 characters"),
        ({"when": "(" * 900}, "when", "is not JMESPath"),
        ({"when": "a && b[].split(@, ',')"}, "when", "split"),
        ({"when": "length(a, b)"}, "when", "with 2 arguments"),
        ({"when": "join(a)"}, "when", "with 1 arguments"),
        ({"when": True}, "when", "string"),
        ({"ticket": 5}, "ticket", "string"),
        ({"ticket": "a["}, "ticket", "from character 3"),
        ({"ticket": {"header": "X Y"}}, "ticket.header", "must match"),
        ({"idempotencyKey": {}}, "idempotencyKey.header", "required"),
        ({"idempotencyKey": {"header": "X", "prefix": ""}}, "idempotencyKey.prefix", "not known"),
        ({"unless": "a"}, "unless", "not known"),
        ({"verify": {}}, "verify", "must have a 'scheme'"),
        ({"verify": 5}, "verify", "must be a JSON object"),
        ({"verify": None}, "verify", "must be a JSON object"),
        ({"verify": {"scheme": "gitlab", "secrets": ["A"]}}, "verify", "'github'"),
        ({"verify": {"scheme": "github"}}, "verify.secrets", "required"),
        ({"verify": {"scheme": "github", "secrets": []}}, "verify.secrets", "empty"),
        ({"verify": {"scheme": "github", "secrets": ["the secret itself"]}}, "verify.secrets.0", "must match"),
        ({"verify": {"scheme": "github", "secrets": ["A"], "header": "X"}}, "verify.header", "not known"),
        ({"verify": {"scheme": "entra", "secrets": ["A"]}}, "verify.secrets", "not known"),
        ({"verify": {"scheme": "hmac", "secrets": ["A"]}}, "verify.header", "required"),
        ({"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "hash": "md5"}}, "verify.hash", "'sha256'"),
        (
            {"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "signed": "{body}{body}"}},
            *("verify.signed", "{body}"),
        ),
        ({"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "signed": ""}}, "verify.signed", "{body}"),
        (
            {"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "signed": "{id}.{body}"}},
            *("verify.signed", "{body}"),
        ),
        (
            {"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "signed": "{timestamp}{body}"}},
            *("verify.signed", "{timestamp}"),
        ),
        (
            {"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "timestampHeader": "Y"}},
            *("verify.signed", "{timestamp}"),
        ),
        (
            {"verify": {"scheme": "hmac", "secrets": ["A"], "header": "X", "windowSeconds": 4000}},
            *("verify.windowSeconds", "at most 3600"),
        ),
        ({"verify": {"scheme": "shared-secret", "secrets": ["A"]}}, "verify.user", "header"),
        (
            {"verify": {"scheme": "shared-secret", "secrets": ["A"], "header": "X", "user": "u"}},
            *("verify.user", "one of the two"),
        ),
        ({"verify": {"scheme": "shared-secret", "secrets": ["A"], "user": "a:b"}}, "verify.user", "must match"),
    ],
)
def test_a_mistake_is_told_by_its_path(changed: dict[str, object], path: str, word: str) -> None:
    found = mistakes_of(**changed)
    assert found.keys() == {path}
    assert word in found[path]
    assert "the secret itself" not in found[path]


@pytest.mark.parametrize("name", ["Jira", "a b", "a/b", "", "-a", "a" * 64, "jira\n"])
def test_a_source_is_named_as_its_address_is_written(name: str) -> None:
    [(path, message)] = mistakes(json.dumps({"sources": {name: USUAL}})).items()
    assert path == f"WEBHOOKS.sources.{name}"
    assert "must match" in message


def test_no_source_with_tokens_has_an_address_that_begins_like_an_open_one() -> None:
    by_token = {**USUAL, "verify": {"scheme": "entra"}}
    document = {"sources": {"jira": USUAL, "jira-cloud": by_token, "zendesk": USUAL}}
    assert mistakes(json.dumps(document)) == {
        "WEBHOOKS.sources": "jira-cloud takes tokens, and may not begin with the name of a source that takes none: jira"
    }
    assert Sources.parse(json.dumps({"sources": {"jira-cloud": USUAL, "jira": by_token}})).sources.keys() == {
        "jira",
        "jira-cloud",
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sources": {}, "sources": {}}', '{"sources": []}', "{}", "null"])
def test_a_document_that_is_none_is_told_as_a_whole(text: str) -> None:
    assert all(path.startswith("WEBHOOKS") for path in mistakes(text))


def test_all_mistakes_are_told_together() -> None:
    found = mistakes_of(when="a[", map={"groupName": "b["}, verify={"scheme": "github", "secrets": ["a"]})
    assert found.keys() == {"when", "map.groupName", "verify.secrets.0"}


def test_each_scheme_becomes_what_is_checked() -> None:
    def proof(**verify: object) -> object:
        return parsed(verify=verify).verify.proof()

    for name, row in SIGNATURES.items():
        assert proof(scheme=name, secrets=["A"]) is row
    assert proof(scheme="entra") == Principal()
    assert proof(scheme="shared-secret", secrets=["A"], header="X") == SharedSecret("X")
    assert proof(scheme="shared-secret", secrets=["A"], user="u") == SharedSecret("Authorization", "u")
    assert proof(scheme="hmac", secrets=["A"], header="X") == Signature("X")
    signed = "v0:{timestamp}:{body}"
    options = {"prefix": "v0=", "hash": "sha512", "encoding": "base64", "signed": signed}
    made = proof(scheme="hmac", secrets=["A"], header="X", **options, timestampHeader="X-Time", windowSeconds=60)
    assert made == Signature("X", "v0=", "base64", "sha512", signed, timestamp_header="X-Time", window_seconds=60)


def test_secrets_are_the_settings_that_are_set() -> None:
    source = parsed()
    assert source.secrets({"OLD_SECRET": " old ", "NEW_SECRET": "new", "OTHER": "other"}) == ["old", "new"]
    assert source.secrets({"OLD_SECRET": " ", "OTHER": "other"}) == []
    assert source.secrets({"OLD_SECRET": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"}) == []
    assert parsed(verify={"scheme": "entra"}).secrets({"A": "a"}) == []


def test_an_event_becomes_the_request_that_is_mapped() -> None:
    found = event(ticket="number", idempotencyKey="id")
    assert found == Event({"configurationName": "Wi-Fi", "groupName": "SG-Pilot", "ticket": "INC1"}, "42")
    assert AssignmentRequest.parse(found.request).ticket == "INC1"


def test_a_constant_is_a_literal_and_a_number_becomes_a_string_where_there_is_one() -> None:
    places = {"dryRun": "`true`", "targetType": "'exclusionGroup'", "groupName": "nothing && to_string(nothing)"}
    found = event(map={**places, "justification": "id && to_string(id)"}).request
    assert found == {"dryRun": True, "targetType": "exclusionGroup", "groupName": None, "justification": "42"}


def test_ticket_and_key_may_stand_in_headers() -> None:
    headers = {"x-ticket": "INC2", "X-Delivery": "d1"}
    found = event(headers=headers, ticket={"header": "X-Ticket"}, idempotencyKey={"header": "x-delivery"})
    assert (found.request["ticket"], found.idempotency_key) == ("INC2", "d1")


@pytest.mark.parametrize("verdict", [False, None, 1, "true", "", [True], {}, 0])
def test_an_event_counts_where_the_condition_is_true_and_nothing_like_it(verdict: object) -> None:
    assert parsed().event({**PAYLOAD, "approved": verdict}, {}) is None


@pytest.mark.parametrize("payload", [None, [], "", 0, {}, {"approved": {}}])
def test_an_event_that_the_condition_cannot_make_sense_of_does_not_count(payload: object) -> None:
    assert parsed(when="contains(approved.labels, 'x')").event(payload, {}) is None


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("missing", [None, "", " ", [], {}, 5])
def test_what_a_mapping_does_not_find_is_refused_and_not_left_out(field: str, missing: object) -> None:
    found = event(
        {**PAYLOAD, "place": missing}, map={"configurationName": "profile", "groupName": "group.name", field: "place"}
    )
    assert found.request[field] == missing
    with pytest.raises(InvalidRequest) as caught:
        AssignmentRequest.parse(found.request)
    assert field in {each.field for each in caught.value.errors}


def test_a_ticket_that_is_not_found_is_refused_as_well() -> None:
    for place in ("nowhere", {"header": "X-Nowhere"}):
        with pytest.raises(InvalidRequest) as caught:
            AssignmentRequest.parse(event(ticket=place).request)
        assert [each.field for each in caught.value.errors] == ["ticket"]


@pytest.mark.parametrize("key", [None, "", "ü", "x" * 256, "a\n", True, 1.5, [], {}])
def test_an_event_without_the_key_that_its_source_promises_is_refused(key: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        event({**PAYLOAD, "id": key}, idempotencyKey="id")
    assert [each.field for each in caught.value.errors] == ["idempotencyKey"]


@pytest.mark.parametrize(
    "text", ["join(',', id)", "sum(group)", "[::0]", "items[::0]", "ceil(to_number('inf'))", "floor(to_number('nan'))"]
)
def test_a_function_that_cannot_take_what_is_there_finds_nothing(text: str) -> None:
    assert event({**PAYLOAD, "items": [1]}, map={"groupName": text}).request == {"groupName": None}


def test_a_function_may_take_as_many_arguments_as_it_likes_where_jmespath_says_so() -> None:
    assert expression("not_null(a, b, c)").of({"c": "found"}) == "found"
    assert expression("merge(@, {b: 'c'}, {d: 'e'})").of({}) == {"b": "c", "d": "e"}


payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "approved", "items"]), inner),
    max_leaves=10,
)


@given(payloads)
def test_whatever_is_sent_is_a_request_a_refusal_or_ignored(payload: object) -> None:
    source = parsed(
        when="approved || a",
        map={"groupName": "b || items[?a > `1`] | [0].a", "configurationName": "join(' ', a)", "targetType": "'group'"},
    )
    found = source.event(payload, {})
    assert found is None or asdict(found)["request"].keys() == {"groupName", "configurationName", "targetType"}


@given(st.text())
def test_whatever_text_is_an_expression_or_said_not_to_be_one(text: str) -> None:
    try:
        expression(text).of({"a": [1]})
    except NotJmesPathError as error:
        assert error.reason  # noqa: PT017 - most texts are none, and some are
