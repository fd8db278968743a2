"""Configurations and groups of the emulated Graph are found, selected, sorted, counted and paged as OData says."""

import httpx
import pytest

from sandbox import tenant
from tests.contract.emulator import CONFIGURATIONS, STRANGER, add, error, names, target, tell

EVENTUAL = {"ConsistencyLevel": "eventual"}
BEGINNING = "startswith(displayName,'sg-')"
NEXT = "assignments@odata.nextLink"


def one_of(ids: list[str]) -> str:
    return "id in ('" + "', '".join(ids) + "')"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("displayName eq 'Bob''s \"kiosk\"'", ['Bob\'s "kiosk"']),
        ("displayName eq '[Pilot] Wi-Fi (HQ)'", ["[Pilot] Wi-Fi (HQ)"]),
        ("displayName eq 'Browser policy'", ["Browser policy", "Browser policy"]),
        ("displayName eq 'browser policy'", []),
        ("startswith(displayName,'Geräte')", ["Geräte \N{EN DASH} Süd"]),
        ("contains(displayName,'Wi-Fi')", ["Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ", "[Pilot] Wi-Fi (HQ)"]),
    ],
)
def test_configurations_are_found_by_name(graph: httpx.Client, expression: str, found: list[str]) -> None:
    assert names(graph.get(CONFIGURATIONS, params={"$filter": expression})) == found


def test_groups_are_found_without_regard_to_case(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$filter": "displayName eq 'sg-twin'"})
    assert [one["id"] for one in answer.json()["value"]] == [tenant.TWIN_ONE, tenant.TWIN_TWO]


def test_groups_have_no_contains(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$filter": "contains(displayName,'SG')"})
    assert (answer.status_code, error(answer)["code"]) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "displayName eq 'Bob's'"},
        {"$filter": "id eq 'x'"},
        {"$select": "colour"},
        {"$expand": "colours"},
        {"$orderby": "colour"},
        {"$top": "0"},
        {"$top": "1000"},
        {"$search": "x"},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(graph: httpx.Client, query: dict[str, str]) -> None:
    assert graph.get(CONFIGURATIONS, params=query).status_code == 400


def test_select_keeps_the_type_and_expand_adds_assignments(graph: httpx.Client) -> None:
    query = {
        "$select": "id,displayName",
        "$expand": "assignments",
        "$filter": "displayName eq 'iOS \N{EN DASH} Baseline'",
    }
    (found,) = graph.get(CONFIGURATIONS, params=query).json()["value"]
    single = graph.get(f"{CONFIGURATIONS}/{tenant.IOS_BASELINE}", params={"$expand": "assignments"}).json()
    assert set(found) == {"@odata.type", "id", "displayName", "assignments@odata.context", "assignments"}
    assert found["@odata.type"] == "#microsoft.graph.iosGeneralDeviceConfiguration"
    assert [one["id"] for one in found["assignments"]] == [f"{tenant.IOS_BASELINE}_{tenant.ALL_DEVICES}"]
    assert single["assignments"] == found["assignments"]


def test_pages_are_linked_until_all_is_read(graph: httpx.Client) -> None:
    tell(graph, "paging", {"size": 4})
    link: str | None = f"{graph.base_url}{CONFIGURATIONS}?$orderby=displayName%20desc&$select=displayName"
    pages = []
    while link is not None:
        answer = graph.get(link)
        pages.append(names(answer))
        link = answer.json().get("@odata.nextLink")
        assert link is None or link.startswith(f"{graph.base_url}/v1.0/")
    read = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert read == sorted(read, reverse=True)


def test_top_is_the_size_of_a_page(graph: httpx.Client) -> None:
    answer = graph.get("/v1.0/groups", params={"$top": "3"})
    assert len(names(answer)) == 3
    assert len(names(graph.get(answer.json()["@odata.nextLink"]))) == 3


def test_assignments_come_in_pages_too(graph: httpx.Client) -> None:
    answer = graph.get(f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}/assignments", params={"$top": "1"})
    assert len(answer.json()["value"]) == 1
    assert len(graph.get(answer.json()["@odata.nextLink"]).json()["value"]) == 1


def test_a_group_is_read_by_id(graph: httpx.Client) -> None:
    answer = graph.get(f"/v1.0/groups/{tenant.FALCON_TEAM.upper()}").json()
    assert (answer["groupTypes"], answer["securityEnabled"]) == (["Unified"], False)


def test_an_unknown_group_is_answered_with_404(graph: httpx.Client) -> None:
    answer = graph.get(f"/v1.0/groups/{STRANGER}")
    assert (answer.status_code, error(answer)["code"]) == (404, "Request_ResourceNotFound")


def test_a_group_id_that_is_no_guid_is_answered_with_400(graph: httpx.Client) -> None:
    assert error(graph.get("/v1.0/groups/sg-pilot"))["message"] == "Invalid object identifier 'sg-pilot'."


def test_members_are_counted_in_plain_text(graph: httpx.Client) -> None:
    path = f"/v1.0/groups/{tenant.PILOT}/transitiveMembers/$count"
    answer = graph.get(path, headers=EVENTUAL)
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == ("12", "text/plain")
    assert error(graph.get(path))["message"] == "$count is not currently supported."


def test_groups_are_found_by_fifteen_ids_at_most(graph: httpx.Client) -> None:
    ids = [tenant.SALES.upper(), STRANGER, tenant.PILOT, *(f"{number:08}{STRANGER[8:]}" for number in range(12))]
    found = graph.get("/v1.0/groups", params={"$filter": one_of(ids), "$select": "id,displayName"})
    assert sorted(names(found)) == ["SG-Pilot", 'SG-Sales "O\'Brien"']
    answer = graph.get("/v1.0/groups", params={"$filter": one_of([*ids, STRANGER])})
    assert (answer.status_code, error(answer)["code"]) == (400, "Request_UnsupportedQuery")
    assert "Too many child clauses" in str(error(answer)["message"])


def test_groups_are_counted_on_the_first_page(graph: httpx.Client) -> None:
    query = {"$filter": BEGINNING, "$count": "true", "$top": "2"}
    first = graph.get("/v1.0/groups", params=query, headers=EVENTUAL).json()
    second = graph.get(first["@odata.nextLink"], headers=EVENTUAL).json()
    assert (first["@odata.count"], len(first["value"])) == (5, 2)
    assert "@odata.count" not in second
    assert "@odata.count" not in graph.get("/v1.0/groups", params=query).json()


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"$filter": BEGINNING}, EVENTUAL),
        ({"$filter": BEGINNING, "$count": "true"}, {}),
        ({"$count": "true"}, {}),
        ({"$count": "false"}, EVENTUAL),
    ],
)
def test_sorting_what_is_filtered_or_counted_takes_the_header_and_a_count(
    graph: httpx.Client, query: dict[str, str], headers: dict[str, str]
) -> None:
    answer = graph.get("/v1.0/groups", params={**query, "$orderby": "displayName"}, headers=headers)
    assert (answer.status_code, error(answer)["code"]) == (400, "Request_UnsupportedQuery")
    assert error(answer)["message"] == "Sorting not supported for current query."


def test_an_advanced_query_sorts_what_it_filters(graph: httpx.Client) -> None:
    query = {"$filter": BEGINNING, "$count": "true", "$orderby": "displayName desc"}
    found = names(graph.get("/v1.0/groups", params=query, headers=EVENTUAL))
    assert found == sorted(found, reverse=True)
    assert len(found) == 5


def test_sorting_alone_is_none(graph: httpx.Client) -> None:
    assert names(graph.get("/v1.0/groups", params={"$orderby": "displayName"}))[0] == "Geräte Süd"


def test_an_expansion_goes_on_in_pages_of_assignments(graph: httpx.Client) -> None:
    groups = add(graph, groups=[{"name": f"SG-{number}"} for number in range(5)])["groups"]
    new = [{"configuration": tenant.KIOSK, **target("group", groupId=group)} for group in groups]
    added = add(graph, assignments=new)["assignments"]
    tell(graph, "paging", {"size": 2})
    single = graph.get(f"{CONFIGURATIONS}/{tenant.KIOSK}", params={"$expand": "assignments"}).json()
    listed = graph.get(
        CONFIGURATIONS, params={"$expand": "assignments", "$filter": "displayName eq 'Bob''s \"kiosk\"'"}
    )
    (found,) = listed.json()["value"]
    assert (found["assignments"], found[NEXT]) == (single["assignments"], single[NEXT])
    assert single[NEXT] == f"{graph.base_url}{CONFIGURATIONS}/{tenant.KIOSK}/assignments?$skiptoken=2"
    read, link = single["assignments"], single[NEXT]
    while link:
        page = graph.get(link).json()
        read, link = read + page["value"], page.get("@odata.nextLink")
    assert [one["id"] for one in read] == added


def test_an_expansion_that_fits_has_no_next_page(graph: httpx.Client) -> None:
    tell(graph, "paging", {"size": 2})
    query = {"$expand": "assignments"}
    assert NEXT not in graph.get(f"{CONFIGURATIONS}/{tenant.RESTRICTIONS}", params=query).json()
