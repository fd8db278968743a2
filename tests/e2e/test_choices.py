"""Drop-downs: what there is to choose from, by name, asked of Graph once a minute at most."""

from collections.abc import Iterator

import pytest

from sandbox.tenant import CORPORATE_WINDOWS, KIOSK, PILOT, PILOT_WIFI, SALES, WIFI_HQ
from tests.e2e.stack import Gateway, Stack, problem


@pytest.fixture
def fresh_gateway(stack: Stack) -> Iterator[Gateway]:
    """Give a gateway that has kept nothing yet."""
    with stack.gateway(ASSIGNMENT_FILTERS="beta") as gateway:
        yield gateway


def names(gateway: Gateway, kind: str, **query: str) -> list[str]:
    response = gateway.choices(kind, **query)
    assert response.status_code == 200, response.text
    return [choice["name"] for choice in response.json()["value"]]


def test_configurations_are_offered_by_name_with_the_search_anywhere_in_it(
    fresh_gateway: Gateway, stack: Stack
) -> None:
    stack.graph.tell("paging", {"size": 4})
    offered = names(fresh_gateway, "configurations")
    assert len(offered) == 9
    assert offered == sorted(offered, key=str.casefold)
    found = fresh_gateway.choices("configurations", search=" WI-FI ").json()
    assert found == {
        "value": [
            {"id": PILOT_WIFI, "name": "[Pilot] Wi-Fi (HQ)"},
            {"id": WIFI_HQ, "name": "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ"},
        ]
    }
    assert len(stack.graph.requests()) == 3  # three pages, once


def test_groups_are_offered_by_the_beginning_of_their_name(fresh_gateway: Gateway, stack: Stack) -> None:
    first = fresh_gateway.choices("groups", search="sG-").json()["value"]
    assert [choice["name"] for choice in first] == [
        "SG-Employees",
        "SG-Pilot",
        'SG-Sales "O\'Brien"',
        "SG-Twin",
        "SG-Twin",
    ]
    assert (first[1]["id"], first[2]["id"]) == (PILOT, SALES)
    assert fresh_gateway.choices("groups", search=" SG-").json()["value"] == first
    assert len(stack.graph.requests()) == 1


@pytest.mark.parametrize("search", ["O'Brien's", "' or startswith(displayName,'", "100 % #1 + 2 & 3", "ü🚒"])
def test_what_is_searched_for_may_be_made_of_anything(fresh_gateway: Gateway, stack: Stack, search: str) -> None:
    stack.graph.add(
        configurations=[{"name": f"A {search} z"}],
        groups=[{"name": f"{search} z"}],
        filters=[{"name": f"A {search} z"}],
    )
    assert names(fresh_gateway, "groups", search=search) == [f"{search} z"]
    assert names(fresh_gateway, "configurations", search=search) == [f"A {search} z"]
    assert names(fresh_gateway, "filters", search=search) == [f"A {search} z"]


def test_filters_are_offered_by_name(fresh_gateway: Gateway, stack: Stack) -> None:
    assert names(fresh_gateway, "filters") == ["Bob's devices", "Corporate Windows", "iOS 17 and later"]
    [found] = fresh_gateway.choices("filters", search="corp").json()["value"]
    assert found["id"] == CORPORATE_WINDOWS
    assert len(stack.graph.requests()) == 1


def test_where_filters_are_off_none_is_offered(gateway: Gateway, stack: Stack) -> None:
    assert names(gateway, "filters") == []
    assert stack.graph.requests() == []


def test_the_first_hundred_are_offered(fresh_gateway: Gateway, stack: Stack) -> None:
    stack.graph.add(
        configurations=[{"name": f"Many {number:03}"} for number in reversed(range(150))],
        groups=[{"name": f"Many {number:03}"} for number in reversed(range(150))],
    )
    stack.graph.tell("paging", {"size": 999})
    hundred = [f"Many {number:03}" for number in range(100)]
    assert names(fresh_gateway, "configurations", search="many") == hundred
    assert names(fresh_gateway, "groups", search="many") == hundred


def test_a_distribution_list_is_not_offered(fresh_gateway: Gateway) -> None:
    assert names(fresh_gateway, "groups", search="News") == []
    assert names(fresh_gateway, "groups", search="Project") == ["Project Falcon"]


@pytest.mark.parametrize("query", [{}, {"search": "S"}, {"search": " S "}, {"search": "x" * 257}], ids=str)
def test_groups_are_searched_for_with_two_characters_at_least(
    gateway: Gateway, stack: Stack, query: dict[str, str]
) -> None:
    answer = problem(gateway.choices("groups", **query), 422, "invalid-request")
    assert [error["field"] for error in answer["errors"]] == ["search"]
    assert "from 2 to 256" in answer["errors"][0]["message"]
    assert stack.graph.requests() == []


@pytest.mark.parametrize("search", ["x" * 257, "\t" * 257], ids=["letters", "blanks"])
def test_a_search_that_is_too_long_is_refused_everywhere(gateway: Gateway, search: str) -> None:
    problem(gateway.choices("configurations", search=search), 422, "invalid-request")


def test_without_its_permission_no_group_is_offered(fresh_gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", path="/groups$", status=403, code="Authorization_RequestDenied")
    answer = problem(fresh_gateway.choices("groups", search="SG"), 424, "group-unreadable")
    assert "GroupMember.Read.All" in answer["detail"]


def test_a_failure_is_not_kept(fresh_gateway: Gateway, stack: Stack) -> None:
    stack.graph.fail(kind="status", method="GET", status=500)
    problem(fresh_gateway.choices("configurations", search="kiosk"), 503, "graph-unavailable")
    assert fresh_gateway.choices("configurations", search="kiosk").json()["value"][0]["id"] == KIOSK


def test_reading_leaves_an_audit_event_too(fresh_gateway: Gateway) -> None:
    event = fresh_gateway.audit(fresh_gateway.choices("filters"))
    assert (event["action"], event["outcome"], event["caller"]) == ("list_filters", "read", "key")
