"""What verifies, and that nothing else does."""

import base64
import hmac
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from shared.errors import SignatureInvalid
from shared.signatures import SIGNATURES, Hash, Principal, Scheme, SharedSecret, Signature, verify
from tests.senders import DELIVERY, SIGNED, Headers, Sign, freshservice, mac, servicenow, text

NOW = 1_614_265_330
SECRET = "It's a Secret to Everybody"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
SERVICENOW = Signature(
    "X-Signature", encoding="base64", signed="{timestamp}.{body}", timestamp_header="X-Timestamp", window_seconds=60
)
SCHEMES: dict[str, Scheme] = {
    **SIGNATURES,
    "hmac": SERVICENOW,
    "basic": SharedSecret(user="gateway"),
    "header": SharedSecret("X-Secret"),
}
SENDERS: dict[str, Sign] = {
    **SIGNED,
    "hmac": servicenow,
    "basic": freshservice,
    "header": lambda secret, _, __: {"X-Secret": secret},
}
EACH = pytest.mark.parametrize("name", SCHEMES)
SIGNING = pytest.mark.parametrize("name", [*SIGNATURES, "hmac"])
TIMED = pytest.mark.parametrize(("name", "window"), [("zendesk", 300), ("standard-webhooks", 300), ("hmac", 60)])


def secret(name: str) -> str:
    return STANDARD_SECRET if name == "standard-webhooks" else SECRET


def other(name: str) -> str:
    return "whsec_" + text(b"another key") if name == "standard-webhooks" else "another secret"


def sent(name: str, body: bytes = BODY, now: float = NOW) -> Headers:
    return SENDERS[name](secret(name), body, now)


def verifies(
    name: str, headers: Headers, body: bytes = BODY, secrets: list[str] | None = None, now: float = NOW
) -> bool:
    try:
        verify(SCHEMES[name], headers, body, [secret(name)] if secrets is None else secrets, now)
    except SignatureInvalid:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "secret", "headers", "body"),
    [
        (
            "github",
            SECRET,
            {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
            b"Hello, World!",
        ),
        (
            "jira",
            SECRET,
            {"X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
            b"Hello World!",
        ),
        (
            "standard-webhooks",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            BODY,
        ),
    ],
    ids=["github", "jira", "standard-webhooks"],
)
def test_what_the_senders_publish_as_examples_verifies(name: str, secret: str, headers: Headers, body: bytes) -> None:
    assert verifies(name, headers, body, [secret])
    assert not verifies(name, headers, body + b" ", [secret])


@EACH
def test_what_is_sent_with_the_secret_verifies_and_with_another_it_does_not(name: str) -> None:
    assert verifies(name, sent(name))
    assert not verifies(name, sent(name), secrets=[other(name)])
    assert not verifies(name, sent(name), secrets=[secret(name) + "A"])


@EACH
def test_while_a_secret_is_being_changed_both_verify_in_either_order(name: str) -> None:
    assert verifies(name, sent(name), secrets=[other(name), secret(name)])
    assert verifies(name, sent(name), secrets=[secret(name), other(name)])


@EACH
def test_without_a_secret_nothing_verifies_not_even_what_is_signed_with_none(name: str) -> None:
    unsigned = SENDERS[name]("", BODY, NOW)
    for secrets in ([], [""], ["", ""], *([["whsec_"]] if name == "standard-webhooks" else [])):
        assert not verifies(name, unsigned, secrets=secrets)
        assert not verifies(name, sent(name), secrets=secrets)


@EACH
def test_each_header_is_needed_whatever_the_case_of_its_name(name: str) -> None:
    headers = sent(name)
    assert verifies(name, {header.upper(): value for header, value in headers.items()})
    for header in headers.keys() - {"X-GitHub-Event", "X-Atlassian-Webhook-Identifier"}:
        assert not verifies(name, {each: value for each, value in headers.items() if each != header})
        assert not verifies(name, {**headers, header: " "})


@SIGNING
def test_one_byte_of_the_body_changed_does_not_verify(name: str) -> None:
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert not verifies(name, sent(name), changed)
    assert not verifies(name, sent(name), b"")
    assert verifies(name, sent(name, b""), b"")


@EACH
def test_a_header_that_stands_there_twice_does_not_verify(name: str) -> None:
    headers = sent(name)
    for header in headers.keys() - {"X-GitHub-Event", "X-Atlassian-Webhook-Identifier", "X-PagerDuty-Signature"}:
        assert not verifies(name, {**headers, header: f"{headers[header]},{headers[header]}"})
        assert not verifies(name, {**headers, header.swapcase(): headers[header]})
        assert not verifies(name, {**headers, header: f"other,{headers[header]}"})


@pytest.mark.parametrize(("name", "between"), [("pagerduty", ","), ("pagerduty", ", "), ("standard-webhooks", " ")])
def test_of_several_signatures_in_a_header_one_has_to_match(name: str, between: str) -> None:
    [header] = [each for each in sent(name) if each.lower().endswith("signature")]
    right, wrong = sent(name)[header], SENDERS[name](other(name), BODY, NOW)[header]
    assert verifies(name, {**sent(name), header: between.join([wrong, right])})
    assert verifies(name, {**sent(name), header: between.join([right, "v9,of-another-kind", wrong])})
    assert not verifies(name, {**sent(name), header: between.join([wrong, wrong])})
    assert not verifies(name, {**sent(name), header: between.join([wrong, "", right.replace("v1", "v2")])})


@SIGNING
@pytest.mark.parametrize(
    "malformed", ["", "=", "sha256=", "v1,", "v1=", "ü", "sha256=ü", "v1,ü==", "\0", "sha256=zz", "v1,a", "\udcff"]
)
def test_what_is_no_signature_does_not_verify(name: str, malformed: str) -> None:
    scheme = SCHEMES[name]
    assert isinstance(scheme, Signature)
    assert not verifies(name, {**sent(name), scheme.header: malformed})
    assert not verifies(name, {**sent(name), scheme.header: scheme.prefix + malformed})


def test_hexadecimal_digits_may_be_capital_and_the_prefix_may_not() -> None:
    [(header, value)] = [each for each in sent("github").items() if "Signature" in each[0]]
    prefix, _, digits = value.partition("=")
    assert verifies("github", {header: f"{prefix}={digits.upper()}"})
    assert not verifies("github", {header: f"{prefix.upper()}={digits}"})
    assert not verifies("github", {header: digits})
    assert not verifies("github", {header: f"{prefix}={digits[:-2]}"})


@pytest.mark.parametrize("name", ["zendesk", "standard-webhooks", "hmac", "basic"])
def test_base64_verifies_with_its_padding_and_without_and_in_no_third_way(name: str) -> None:
    scheme = SCHEMES[name]
    assert not isinstance(scheme, Principal)
    whole = sent(name)[scheme.header]
    assert whole.endswith("=")
    assert verifies(name, {**sent(name), scheme.header: whole.rstrip("=")})
    assert not verifies(name, {**sent(name), scheme.header: whole + "="})
    assert not verifies(name, {**sent(name), scheme.header: whole[:-5] + "\n" + whole[-5:]})
    # Another last character that decodes to the same bytes.
    bare = whole.rstrip("=")
    assert not verifies(
        name, {**sent(name), scheme.header: bare[:-1] + chr(ord(bare[-1]) + 1) + "=" * (len(whole) - len(bare))}
    )


def test_a_key_in_base64_counts_with_its_padding_and_without_and_otherwise_not_at_all() -> None:
    key = base64.b64encode(b"a key of 22 characters").decode()
    assert key.endswith("==")
    headers = SENDERS["standard-webhooks"](key, BODY, NOW)
    assert verifies("standard-webhooks", headers, secrets=[key])
    assert verifies("standard-webhooks", headers, secrets=["whsec_" + key.rstrip("=")])
    for broken in (key.rstrip("=") + "=", "whsec_ü", "not base64!", "whsec_whsec_" + key):
        assert not verifies("standard-webhooks", headers, secrets=[broken])


@EACH
def test_a_secret_that_is_no_text_at_all_verifies_nothing_and_breaks_nothing(name: str) -> None:
    assert not verifies(name, sent(name), secrets=["\udcff"])
    assert verifies(name, sent(name), secrets=["\udcff", secret(name)])


def test_a_secret_that_is_not_ascii_counts_by_its_utf_8() -> None:
    assert verifies("github", SENDERS["github"]("gehäim", BODY, NOW), secrets=["gehäim"])
    assert verifies("basic", SENDERS["basic"]("gehäim", BODY, NOW), secrets=["gehäim"])
    assert verifies("header", {"X-Secret": "gehäim"}, secrets=["gehäim"])
    assert not verifies("header", {"X-Secret": "gehaim"}, secrets=["gehäim"])


@TIMED
def test_a_signed_timestamp_counts_within_its_window_on_either_side(name: str, window: int) -> None:
    for seconds in (-window, 0, window):
        assert verifies(name, sent(name, now=NOW + seconds))
    for seconds in (-window - 1, window + 1, -86_400, 86_400 * 365):
        assert not verifies(name, sent(name, now=NOW + seconds))


@TIMED
@pytest.mark.parametrize(
    "timestamp",
    ["", "now", "-1", "1e9", "1614265330.5", "1614265330000", "٠١٢", "NaN", "Infinity", "9" * 400, "1614265330\n"],
)
def test_what_is_no_timestamp_does_not_verify_even_where_it_is_signed(name: str, window: int, timestamp: str) -> None:
    scheme = SCHEMES[name]
    assert isinstance(scheme, Signature)
    assert scheme.timestamp_header
    values = {"{timestamp}": timestamp.encode(), "{id}": DELIVERY.encode(), "{body}": BODY}
    content = scheme.signed.encode()
    for placeholder, value in values.items():
        content = content.replace(placeholder.encode(), value)
    key = base64.b64decode(secret(name).removeprefix("whsec_")) if scheme.key == "base64" else SECRET.encode()
    headers = {**sent(name), scheme.timestamp_header: timestamp, scheme.header: scheme.prefix + text(mac(key, content))}
    assert not verifies(name, headers)
    assert window > 0


@pytest.mark.parametrize(
    ("timestamp", "right"),
    [
        ("2021-02-25T15:02:10Z", True),
        ("2021-02-25T15:02:10.250Z", True),
        ("2021-02-25t16:02:10+01:00", True),
        ("2021-02-25T15:02:10", False),
        ("2021-02-30T15:02:10Z", False),
        ("2021-02-25 15:02:10Z", False),
        ("0001-01-01T00:00:00+23:59", False),
    ],
)
def test_a_date_and_time_is_a_timestamp_where_it_says_its_distance_from_utc(timestamp: str, right: bool) -> None:  # noqa: FBT001 - a column of the table
    assert datetime.fromtimestamp(NOW, UTC).isoformat() == "2021-02-25T15:02:10+00:00"
    headers = {**sent("zendesk"), "X-Zendesk-Webhook-Signature-Timestamp": timestamp}
    headers["X-Zendesk-Webhook-Signature"] = text(mac(SECRET, timestamp.encode() + BODY))
    assert verifies("zendesk", headers) is right


@pytest.mark.parametrize("name", ["github", "jira", "pagerduty"])
def test_where_no_timestamp_is_signed_an_old_delivery_still_counts(name: str) -> None:
    assert verifies(name, sent(name), now=NOW + 86_400)


def test_a_delivery_is_known_again_by_its_id_where_it_has_one_and_else_by_what_was_signed() -> None:
    ids = {name: verify(SCHEMES[name], sent(name), BODY, [secret(name)], NOW) for name in SCHEMES}
    assert ids["standard-webhooks"] == DELIVERY
    assert ids["zendesk"] == "8350205582"
    assert str(ids["github"]).startswith("sha256:")
    assert ids["github"] == ids["jira"] == ids["pagerduty"]
    assert ids["hmac"] != ids["github"]
    assert ids["basic"] is ids["header"] is None
    renamed = {**sent("jira"), "X-Atlassian-Webhook-Identifier": "another"}
    assert verify(SCHEMES["jira"], renamed, BODY, [SECRET], NOW) == ids["jira"]


@pytest.mark.parametrize("name", ["zendesk", "standard-webhooks"])
@pytest.mark.parametrize("delivery", ["", "a b", "a.b", "a,b", "ü", "x" * 256, "a\n"])
def test_what_is_no_id_does_not_verify(name: str, delivery: str) -> None:
    scheme = SCHEMES[name]
    assert isinstance(scheme, Signature)
    headers = {**sent(name), str(scheme.id_header): delivery}
    if name == "standard-webhooks":
        key = base64.b64decode(secret(name).removeprefix("whsec_"))
        headers["webhook-signature"] = "v1," + text(mac(key, f"{delivery}.{NOW}.".encode() + BODY))
    assert not verifies(name, headers)


def test_a_principal_is_not_verified_here() -> None:
    assert verify(Principal(), {}, b"", [], NOW) is None


@pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic !", "Bearer abc", "Basic Z2F0ZXdheQ==", "ü", "\udcff"])
def test_what_is_no_user_with_the_password_does_not_verify(value: str) -> None:
    assert not verifies("basic", {"Authorization": value})
    assert verifies("basic", {"Authorization": sent("basic")["Authorization"].replace("Basic", "bAsIc")})


@pytest.mark.parametrize("algorithm", get_args(Hash))
def test_each_hash_of_the_generic_scheme_verifies_by_itself_alone(algorithm: str) -> None:
    schemes = [Signature("X", hash=each) for each in get_args(Hash)]
    signature = hmac.new(b"key", BODY, algorithm).hexdigest()
    for scheme in schemes:
        if scheme.hash == algorithm:
            assert verify(scheme, {"x": signature}, BODY, ["key"], NOW)
        else:
            with pytest.raises(SignatureInvalid):
                verify(scheme, {"x": signature}, BODY, ["key"], NOW)


def test_what_the_schemes_own_library_signs_verifies() -> None:
    webhook, moment = Webhook(STANDARD_SECRET), datetime.fromtimestamp(NOW, UTC)
    signature = webhook.sign(DELIVERY, moment, BODY.decode())
    headers = {"webhook-id": DELIVERY, "webhook-timestamp": str(NOW), "webhook-signature": signature}
    assert verifies("standard-webhooks", headers)


def test_what_is_wrong_is_said_and_nothing_of_what_was_sent() -> None:
    for headers in ({}, sent("zendesk", b"other"), sent("zendesk", now=0)):
        with pytest.raises(SignatureInvalid) as caught:
            verify(SCHEMES["zendesk"], headers, BODY, [SECRET], NOW)
        assert (caught.value.status, caught.value.code) == (401, "signature-invalid")
        assert all(value not in caught.value.detail for value in [SECRET, *headers.values()])


def plain(name: str, value: str) -> str:
    """Leave out what may differ: padding, the case of hexadecimal digits, that of the word `Basic`."""
    if name in {"github", "jira", "pagerduty"}:
        prefix, equals, digits = value.partition("=")
        return prefix + equals + digits.lower()
    kind, blank, rest = value.partition(" ")
    return (kind.lower() + blank + rest if name == "basic" else value).strip(" ").rstrip("=")


names = st.sampled_from([*SIGNATURES, "hmac"])


@given(names, st.binary())
def test_no_other_body_verifies(name: str, body: bytes) -> None:
    assume(body != BODY)
    assert not verifies(name, sent(name), body)


@given(names, st.text())
def test_no_other_secret_verifies(name: str, text: str) -> None:
    assume(text not in {secret(name), secret(name).removeprefix("whsec_")})
    assert not verifies(name, sent(name), secrets=[text])


@given(st.sampled_from([*SCHEMES]), st.data())
def test_no_header_with_one_character_changed_verifies(name: str, data: st.DataObject) -> None:
    headers = sent(name)
    header = data.draw(st.sampled_from(sorted(headers.keys() - {"X-GitHub-Event", "X-Atlassian-Webhook-Identifier"})))
    assume(not (name == "zendesk" and header.endswith("Invocation-Id")))  # not signed, and only an id
    value = headers[header]
    place = data.draw(st.integers(0, len(value) - 1))
    character = data.draw(st.characters())
    changed = value[:place] + character + value[place + 1 :]
    assume(plain(name, changed) != plain(name, value))
    assert not verifies(name, {**headers, header: changed})


@given(
    st.sampled_from([*SCHEMES]),
    st.dictionaries(st.sampled_from(["webhook-signature", "X-Secret", "Authorization"]), st.text()),
    st.binary(),
)
def test_nothing_that_is_made_up_verifies_or_breaks_anything(name: str, headers: Headers, body: bytes) -> None:
    assert not verifies(name, headers, body)
    assert not verifies(name, {**sent(name), **dict.fromkeys(sent(name), "x"), **headers}, body)
