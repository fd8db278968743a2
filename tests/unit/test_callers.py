import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.callers import KEY_CALLER, PRINCIPAL_HEADER, Authentication, Caller
from shared.errors import Forbidden, Unauthenticated

TENANT, OTHER_TENANT = "7e000000-0000-4000-8000-000000000001", "7e000000-0000-4000-8000-000000000002"
APP, OBJECT = "a0000000-0000-4000-8000-000000000001", "1d000000-0000-4000-8000-000000000002"
MAPPED = "http://schemas.microsoft.com/identity/claims/"
WRITING = "Assignments.ReadWrite"
NOW = 1_800_000_000

APPLICATION = [("azp", APP), ("oid", OBJECT), ("tid", TENANT), ("roles", WRITING)]
USER = [
    ("appid", APP),
    (f"{MAPPED}objectidentifier", OBJECT.upper()),
    (f"{MAPPED}tenantid", TENANT),
    (f"{MAPPED}scope", "user_impersonation"),
    ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Assignments.Read"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "adele@contoso.example"),
]

Claims = list[tuple[str, str]]


def header(principal: object) -> dict[str, str]:
    return {PRINCIPAL_HEADER: base64.b64encode(json.dumps(principal).encode()).decode()}


def seen(claims: Claims) -> Caller:
    principal = {"auth_typ": "aad", "claims": [{"typ": name, "val": value} for name, value in claims]}
    return Authentication(TENANT, clock=lambda: NOW).caller(header(principal))


def test_a_key_is_one_caller_whatever_a_header_says() -> None:
    claims = [{"typ": name, "val": value} for name, value in APPLICATION]
    assert Authentication(tenant_id=None).caller(header({"claims": claims})) is KEY_CALLER


def test_an_application_is_known_by_its_app_id_its_object_id_and_its_roles() -> None:
    caller = seen(APPLICATION)
    assert (caller.id, caller.kind, caller.object_id) == (APP, "application", OBJECT)
    assert caller.identities == {APP, OBJECT, WRITING}
    assert caller.access == {"read", "write"}


def test_a_user_is_not_the_app_that_the_user_has_signed_in_with() -> None:
    caller = seen(USER)
    assert (caller.id, caller.kind, caller.name) == (OBJECT, "user", "adele@contoso.example")
    assert caller.identities == {OBJECT, "Assignments.Read"}
    assert caller.access == {"read"}
    assert seen([*APPLICATION, ("idtyp", "user")]).kind == "user"
    assert seen([*APPLICATION, ("scp", "user_impersonation")]).id == OBJECT


@pytest.mark.parametrize("role", ["key", "*", "webhook:jira", APP, "", "Assignments.ReadWrite\n"])
def test_a_role_cannot_pass_for_another_identity(role: str) -> None:
    caller = seen([("oid", OBJECT), ("tid", TENANT), ("roles", role)])
    assert caller.identities == {OBJECT}
    assert caller.access == frozenset()


@pytest.mark.parametrize("claim", ["role", "scp", "groups", "Roles", "wids"])
def test_a_role_in_another_claim_is_none(claim: str) -> None:
    caller = seen([("oid", OBJECT), ("tid", TENANT), (claim, WRITING)])
    with pytest.raises(Forbidden, match=r"Assignments\.Read or"):
        caller.check("read")
    with pytest.raises(Forbidden, match=WRITING):
        caller.check("write")


def test_who_may_read_may_not_write() -> None:
    seen(USER).check("read")
    with pytest.raises(Forbidden):
        seen(USER).check("write")


@pytest.mark.parametrize(
    "claims",
    [
        [],
        [("oid", OBJECT)],
        [("tid", TENANT)],
        [("oid", "me"), ("tid", TENANT)],
        [("oid", OBJECT), ("tid", "contoso.example")],
        [*APPLICATION, ("oid", APP)],
        [*APPLICATION, (f"{MAPPED}objectidentifier", APP)],
        [*APPLICATION, ("appid", OBJECT)],
        [*APPLICATION, ("azp", "not-a-guid")],
        [*APPLICATION, ("idtyp", "user"), ("idtyp", "app")],
        [*APPLICATION, ("exp", str(NOW - 301))],
        [*APPLICATION, ("exp", "never")],
        [*APPLICATION, ("exp", "٣")],
    ],
)
def test_what_leaves_open_who_is_asking_is_not_believed(claims: Claims) -> None:
    with pytest.raises(Unauthenticated):
        seen(claims)


def test_a_token_that_has_not_expired_counts() -> None:
    assert seen([*APPLICATION, ("exp", str(NOW - 299))]).id == APP


def test_another_tenant_has_no_part_here() -> None:
    caller = seen([("oid", OBJECT), ("tid", OTHER_TENANT), ("roles", WRITING)])
    with pytest.raises(Forbidden, match="another tenant"):
        caller.check("read")


def test_another_provider_cannot_say_who_is_asking() -> None:
    claims = [{"typ": "oid", "val": OBJECT}, {"typ": "tid", "val": TENANT}, {"typ": "roles", "val": WRITING}]
    assert Authentication(TENANT).caller(header({"auth_typ": "aad", "claims": claims})).id == OBJECT
    for principal in [{"claims": claims}, {"auth_typ": "facebook", "claims": claims}]:
        with pytest.raises(Unauthenticated):
            Authentication(TENANT).caller(header(principal))


@pytest.mark.parametrize(
    "principal",
    [
        None,
        [],
        {},
        *({"auth_typ": "aad", "claims": claims} for claims in [{}, [1], [{"typ": "oid"}], [{"typ": 1, "val": "x"}]]),
    ],
)
def test_a_principal_of_another_shape_is_not_believed(principal: object) -> None:
    with pytest.raises(Unauthenticated):
        Authentication(TENANT).caller(header(principal))


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_whatever_stands_in_the_header_is_no_more_than_unauthenticated(text: str) -> None:
    with pytest.raises(Unauthenticated):
        Authentication(TENANT).caller({PRINCIPAL_HEADER: text})
