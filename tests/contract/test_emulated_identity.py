"""The emulated managed-identity endpoint answers as App Service's does (facts.md §2)."""

import time
from collections.abc import Iterator

import httpx
import jwt
import pytest

from sandbox.identity import IDENTITY_HEADER, create_application
from sandbox.tokens import claimed_audience, verified_roles
from tests.contract.emulator import running, started, tell

GRAPH = "https://graph.microsoft.com"
HEADERS = {"X-IDENTITY-HEADER": IDENTITY_HEADER}
QUERY = {"api-version": "2019-08-01", "resource": GRAPH}


@pytest.fixture(scope="module")
def running_identity() -> Iterator[httpx.Client]:
    with running(create_application()) as client:
        yield client


@pytest.fixture
def identity(running_identity: httpx.Client) -> httpx.Client:
    running_identity.post("/_sandbox/reset").raise_for_status()
    return running_identity


def ask(identity: httpx.Client, **query: str) -> httpx.Response:
    return identity.get("/msi/token", params=QUERY | query, headers=HEADERS)


def claims(answer: httpx.Response) -> dict[str, object]:
    return jwt.decode(answer.json()["access_token"], options={"verify_signature": False})


def test_a_token_is_answered_in_the_shape_that_azure_identity_expects(identity: httpx.Client) -> None:
    answer = ask(identity, client_id="11111111-2222-4333-8444-555555555555")
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert (body["resource"], body["token_type"]) == (GRAPH, "Bearer")
    assert body["client_id"] == claims(answer)["appid"] == "11111111-2222-4333-8444-555555555555"


def test_a_token_lasts_an_hour_and_names_its_audience_and_roles(identity: httpx.Client) -> None:
    answer = ask(identity)
    assert int(answer.json()["expires_on"]) >= time.time() + 3590
    assert claims(answer)["exp"] == int(answer.json()["expires_on"])
    assert claims(answer)["aud"] == GRAPH
    assert {"oid", "tid"} <= set(claims(answer))
    assert verified_roles(f"Bearer {answer.json()['access_token']}") == {
        "DeviceManagementConfiguration.ReadWrite.All",
        "GroupMember.Read.All",
    }


@pytest.mark.parametrize("headers", [{}, {"X-IDENTITY-HEADER": "guessed"}])
def test_a_missing_or_wrong_identity_header_is_answered_with_401(
    identity: httpx.Client,
    headers: dict[str, str],
) -> None:
    answer = identity.get("/msi/token", params=QUERY, headers=headers)
    assert answer.status_code == answer.json()["statusCode"] == 401
    assert "X-IDENTITY-HEADER" in answer.json()["message"]


@pytest.mark.parametrize("query", [{"api-version": "2017-09-01"}, {"api-version": ""}, {"resource": ""}])
def test_a_wrong_query_is_answered_with_400_in_the_shape_of_app_service(
    identity: httpx.Client,
    query: dict[str, str],
) -> None:
    answer = ask(identity, **query)
    assert answer.status_code == 400
    assert answer.json() == {"statusCode": 400, "message": answer.json()["message"]}


def test_other_paths_are_answered_with_404(identity: httpx.Client) -> None:
    assert identity.get("/metadata/identity/oauth2/token", headers=HEADERS).status_code == 404


def test_roles_can_be_taken_away_and_come_back_with_a_reset(identity: httpx.Client) -> None:
    assert identity.post("/_sandbox/roles", json={"roles": ["Group.Read.All"]}).status_code == 204
    assert claims(ask(identity))["roles"] == ["Group.Read.All"]
    identity.post("/_sandbox/reset")
    assert "Group.Read.All" not in str(claims(ask(identity))["roles"])


def test_a_command_with_an_unknown_key_is_refused(identity: httpx.Client) -> None:
    answer = identity.post("/_sandbox/roles", json={"rolls": []})
    assert answer.status_code == 400
    assert answer.json()["errors"] == ["rolls: Extra inputs are not permitted"]


def test_the_journal_tells_what_was_asked_but_not_the_secret_header(identity: httpx.Client) -> None:
    ask(identity)
    journal = identity.get("/_sandbox/requests")
    (entry,) = journal.json()
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/msi/token", 200)
    assert entry["query"] == QUERY
    assert IDENTITY_HEADER not in journal.text
    identity.post("/_sandbox/reset")
    assert identity.get("/_sandbox/requests").json() == []


def test_a_fault_is_worded_in_the_shape_of_app_service(identity: httpx.Client) -> None:
    fault = {"kind": "status", "status": 503, "message": "Not yet.", "retryAfter": "2"}
    assert identity.post("/_sandbox/faults", json=[fault]).status_code == 204
    answer = ask(identity)
    assert answer.status_code == 503
    assert answer.json() == {"statusCode": 503, "message": "Not yet."}
    assert answer.headers["retry-after"] == "2"
    assert ask(identity).status_code == 200


def test_a_dropped_connection_brings_no_token(identity: httpx.Client) -> None:
    identity.post("/_sandbox/faults", json=[{"kind": "drop", "when": "before"}])
    with pytest.raises(httpx.TransportError):
        ask(identity)
    assert ask(identity).status_code == 200


def test_a_campaign_goes_by_the_order_of_requests_that_have_no_id(identity: httpx.Client) -> None:
    campaign = {"seed": 1, "rate": 0.5, "faults": [{"kind": "status", "status": 503}]}
    runs = []
    for _ in range(2):
        tell(identity, "reset")
        tell(identity, "campaign", campaign)
        runs.append([ask(identity).status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_an_unreadable_authorization_has_no_audience() -> None:
    assert claimed_audience("Bearer rubbish") is None


def test_the_program_prints_its_address_and_then_every_request() -> None:
    with started("sandbox.identity") as (base_url, output):
        httpx.get(f"{base_url}/_sandbox/requests")
        httpx.get(f"{base_url}/msi/token")
        assert output.readline().split()[:4] == ["identity", "GET", "/msi/token", "401"]
