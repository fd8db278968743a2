"""A tenant that wants a second administrator for every change: Multi Admin Approval, as facts.md §1 has it."""

import base64
import uuid

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import CONFIGURATIONS, WIFI, assigned, error, intune_message, target, tell

CODE = "x-msft-approval-code"
RESTRICTIONS = f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}"


def because(reason: str) -> dict[str, str]:
    return {"x-msft-approval-justification": base64.b64encode(reason.encode()).decode()}


@pytest.fixture
def strict(graph: httpx.Client) -> httpx.Client:
    tell(graph, "approval", {"required": True})
    return graph


def test_a_change_without_a_justification_is_answered_with_400(strict: httpx.Client) -> None:
    answer = strict.post(WIFI, json=target("allDevices"))
    assert (answer.status_code, error(answer)["code"]) == (400, "BadRequest")
    message = "Header 'x-msft-approval-justification' is required to request approval"
    assert intune_message(answer).startswith(message)
    assert assigned(strict) == []


@pytest.mark.parametrize("header", [b"no base64!", b"/w==", b"", "ä".encode(), base64.b64encode(b"x" * 1025)])
def test_a_justification_that_cannot_be_read_is_answered_with_400(strict: httpx.Client, header: bytes) -> None:
    answer = strict.post(WIFI, json=target("allDevices"), headers={b"x-msft-approval-justification": header})
    assert answer.status_code == 400
    assert "x-msft-approval-justification" in intune_message(answer)
    assert CODE not in answer.headers


@pytest.mark.parametrize("reason", ["x", "ü" * 1024])
def test_a_change_with_a_justification_waits_under_a_code(strict: httpx.Client, reason: str) -> None:
    answer = strict.post(WIFI, json=target("allDevices"), headers=because(reason))
    assert answer.status_code == 412
    assert uuid.UUID(answer.headers[CODE])
    assert "waits for the approval" in intune_message(answer)
    assert assigned(strict) == []


def test_the_same_change_asked_for_again_is_answered_with_409_that_names_the_request(strict: httpx.Client) -> None:
    code = strict.post(WIFI, json=target("allDevices"), headers=because("INC1")).headers[CODE]
    again = strict.post(WIFI, json=target("allDevices"), headers=because("INC1"))
    other = strict.post(WIFI, json=target("allLicensedUsers"), headers=because("INC1"))
    assert again.status_code == 409
    assert f"approval request for this change exists already: {code}" in intune_message(again)
    assert (other.status_code, other.headers[CODE] != code) == (412, True)


def test_what_is_approved_is_carried_out_once_and_with_its_code_only(strict: httpx.Client) -> None:
    asked = strict.post(WIFI, json=target("allDevices"), headers=because("INC1"))
    headers = {**because("INC1"), CODE: asked.headers[CODE]}
    assert strict.post(WIFI, json=target("allDevices"), headers=headers).status_code == 409
    tell(strict, "approval", {"required": True, "approved": True})
    assert strict.post(WIFI, json=target("allDevices"), headers=because("INC1")).status_code == 409
    assert strict.post(WIFI, json=target("allLicensedUsers"), headers=headers).status_code == 412
    assert strict.post(WIFI, json=target("allDevices"), headers=headers).status_code == 201
    assert strict.post(WIFI, json=target("allDevices"), headers=headers).status_code == 412


def test_deleting_and_replacing_want_approval_as_well(strict: httpx.Client) -> None:
    path = f"{RESTRICTIONS}/assignments/{tenant.RESTRICTIONS}_{tenant.SALES}"
    body = {"assignments": [target("allDevices")]}
    deletion = strict.delete(path, headers=because("INC1"))
    replacement = strict.post(f"{RESTRICTIONS}/assign", json=body, headers=because("INC1"))
    assert (deletion.status_code, replacement.status_code) == (412, 412)
    assert strict.delete(path).status_code == 400
    assert len(assigned(strict, tenant.RESTRICTIONS)) == 2
    tell(strict, "approval", {"required": True, "approved": True})
    assert strict.delete(path, headers={CODE: deletion.headers[CODE]}).status_code == 204


def test_without_a_policy_the_headers_change_nothing(graph: httpx.Client) -> None:
    headers = {**because("x" * 2000), CODE: str(uuid.uuid4())}
    assert graph.post(WIFI, json=target("allDevices"), headers=headers).status_code == 201


def test_a_reset_takes_the_policy_away(strict: httpx.Client) -> None:
    tell(strict, "reset")
    assert strict.post(WIFI, json=target("allDevices")).status_code == 201
