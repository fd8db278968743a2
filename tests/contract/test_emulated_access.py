"""The emulated Graph checks token, path and permission, and its journal tells what came."""

import uuid

import httpx
import pytest

from sandbox.graph import create_application
from tests.contract.emulator import (
    CONFIGURATIONS,
    ROLES,
    STRANGER,
    WIFI,
    assigned,
    bearer,
    error,
    intune_message,
    names,
    running,
    started,
    target,
    tell,
)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Authorization": ""}, "Access token is empty."),
        ({"Authorization": "Bearer rubbish"}, "CompactToken parsing failed with error code: 80049217"),
        (bearer(*ROLES, expires_on=1), "Lifetime validation failed, the token is expired."),
        (bearer(*ROLES, audience="https://vault.azure.net"), "Access token validation failure. Invalid audience."),
        (
            {"Authorization": f"{bearer(*ROLES)['Authorization'][:-8]}AAAAAAAA"},
            "Access token validation failure. Invalid signature.",
        ),
    ],
)
def test_a_token_that_cannot_be_believed_is_answered_with_401(
    graph: httpx.Client,
    headers: dict[str, str],
    message: str,
) -> None:
    answer = graph.get(CONFIGURATIONS, headers=headers)
    assert answer.status_code == 401
    assert (error(answer)["code"], error(answer)["message"]) == ("InvalidAuthenticationToken", message)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "audience",
    [
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    ],
)
def test_every_cloud_is_an_audience_and_stands_in_the_journal(graph: httpx.Client, audience: str) -> None:
    assert graph.get("/v1.0/groups", headers=bearer(*ROLES, audience=audience)).status_code == 200
    assert graph.get("/_sandbox/requests").json()[0]["audience"] == audience


def test_reading_configurations_takes_a_permission(graph: httpx.Client) -> None:
    answer = graph.get(CONFIGURATIONS, headers=bearer("GroupMember.Read.All"))
    assert (answer.status_code, error(answer)["code"]) == (403, "Forbidden")
    assert "DeviceManagementConfiguration.Read.All, " in intune_message(answer)


def test_a_reader_cannot_write(graph: httpx.Client) -> None:
    reader = bearer("DeviceManagementConfiguration.Read.All")
    assert graph.get(CONFIGURATIONS, headers=reader).status_code == 200
    assert graph.get("/beta/deviceManagement/assignmentFilters", headers=reader).status_code == 200
    assert graph.post(WIFI, json=target("allDevices"), headers=reader).status_code == 403
    assert assigned(graph) == []


def test_groups_take_a_permission_of_their_own(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", headers=bearer("DeviceManagementConfiguration.ReadWrite.All"))
    assert (answer.status_code, error(answer)["code"]) == (403, "Authorization_RequestDenied")
    for role in ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"):
        assert graph.get("/v1.0/groups", headers=bearer(role)).status_code == 200


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1.0/deviceManagement/toasters", "Resource not found for the segment 'toasters'."),
        (f"{WIFI}/x/y", "Resource not found for the segment 'y'."),
        ("/v1.0/users/x", "Resource not found for the segment 'users'."),
        ("/v2.0/groups", "Invalid version: v2.0"),
        ("//v1.0/groups", "Invalid version: "),
    ],
)
def test_an_unknown_path_is_answered_with_400(graph: httpx.Client, path: str, message: str) -> None:
    answer = graph.get(f"{graph.base_url}{path}")
    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["message"]) == ("BadRequest", message)


def test_a_wrong_method_is_answered_with_405(graph: httpx.Client) -> None:
    assert graph.patch(WIFI, json={}).status_code == 405


def test_answers_carry_the_ids_of_the_request(graph: httpx.Client) -> None:
    mine = str(uuid.uuid4())
    good = graph.get(CONFIGURATIONS, headers={"client-request-id": mine})
    bad = graph.get(f"{CONFIGURATIONS}/{STRANGER}", headers={"client-request-id": mine})
    inner = error(bad)["innerError"]
    assert good.headers["client-request-id"] == bad.headers["client-request-id"] == mine
    assert good.headers["request-id"] != bad.headers["request-id"]
    assert inner == {
        "date": str(inner["date"]) if isinstance(inner, dict) else "",
        "request-id": bad.headers["request-id"],
        "client-request-id": mine,
    }
    assert "date" in good.headers


def test_it_tells_everything_but_the_token(graph: httpx.Client) -> None:
    mine = str(uuid.uuid4())
    sent = graph.post(WIFI, params={"a": "b"}, json=target("allDevices"), headers={"client-request-id": mine})
    journal = graph.get("/_sandbox/requests")
    (entry,) = journal.json()
    assert graph.headers["authorization"].removeprefix("Bearer ") not in journal.text
    assert entry.pop("clientPort") > 0
    assert entry["headers"].pop("user-agent").startswith("python-httpx")
    assert entry == {
        "requestId": sent.headers["request-id"],
        "method": "POST",
        "version": "v1.0",
        "path": WIFI.removeprefix("/v1.0"),
        "query": {"a": "b"},
        "audience": "https://graph.microsoft.com",
        "headers": {"accept": "*/*", "client-request-id": mine, "content-type": "application/json"},
        "httpVersion": "1.1",
        "body": sent.request.content.decode(),
        "fault": None,
        "status": 201,
        "carriedOut": 201,
    }


def test_it_keeps_nothing_where_it_is_told_so(graph: httpx.Client) -> None:
    graph.get("/v1.0/groups")
    tell(graph, "journal", {"keep": "none"})
    graph.get("/v1.0/groups")
    assert graph.get("/_sandbox/requests").json() == []
    tell(graph, "journal", {"keep": "all"})
    graph.get("/v1.0/groups")
    assert len(graph.get("/_sandbox/requests").json()) == 1


def test_a_kept_connection_shows_as_one_client_port(graph: httpx.Client) -> None:
    graph.get("/v1.0/groups")
    graph.get("/v1.0/groups")
    with httpx.Client(base_url=graph.base_url) as other:
        other.get("/v1.0/groups")
    ports = [entry["clientPort"] for entry in graph.get("/_sandbox/requests").json()]
    assert ports[0] == ports[1] != ports[2]


def test_a_reset_goes_back_to_the_seed(graph: httpx.Client) -> None:
    before = graph.get("/_sandbox/assignments").json()
    graph.post(WIFI, json=target("allDevices"))
    tell(graph, "duplicates", {"answer": "201"})
    tell(graph, "paging", {"size": 1})
    tell(graph, "faults", [{"kind": "html"}])
    tell(graph, "campaign", {"rate": 1, "faults": [{"kind": "html"}]})
    tell(graph, "journal", {"keep": "none"})
    assert graph.post("/_sandbox/reset").status_code == 204
    assert graph.get("/_sandbox/assignments").json() == before
    assert graph.get("/_sandbox/requests").json() == graph.get("/_sandbox/faults").json() == []
    assert len(names(graph.get(CONFIGURATIONS))) == 9
    statuses = [graph.post(WIFI, json=target("allDevices")).status_code for _ in range(2)]
    assert statuses == [201, 409]
    assert len(graph.get("/_sandbox/requests").json()) == 3


def test_two_applications_have_two_tenants(graph: httpx.Client) -> None:
    graph.post(WIFI, json=target("allDevices"))
    with running(create_application()) as other:
        assert assigned(other) == []


def test_the_program_prints_its_address_and_then_every_request() -> None:
    with started("sandbox.graph") as (base_url, output):
        httpx.get(f"{base_url}/_sandbox/requests")
        httpx.post(f"{base_url}{WIFI}", json=target("allDevices"), headers=bearer(*ROLES))
        assert output.readline().split()[:4] == ["graph", "POST", WIFI, "201"]
