"""The emulated Graph fails on demand, in each of the ways in which the real one is known to."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contract.emulator import WIFI, assigned, error, intune_message, target, tell


def play(graph: httpx.Client, **rule: object) -> httpx.Response:
    tell(graph, "faults", [{"method": "POST", "path": "/assignments$", **rule}])
    return graph.post(WIFI, json=target("allDevices"))


def test_a_status_is_answered_in_the_shape_of_graph(graph: httpx.Client) -> None:
    answer = play(
        graph,
        kind="status",
        status=429,
        code="Busy",
        message="Slow down.",
        retryAfter="7",
        headers={"x-a": "b"},
    )
    assert answer.status_code == 429
    assert (error(answer)["code"], error(answer)["message"]) == ("Busy", "Slow down.")
    assert (answer.headers["retry-after"], answer.headers["x-a"]) == ("7", "b")
    assert assigned(graph) == []
    assert graph.get("/_sandbox/requests").json()[0]["fault"] == "status"


def test_a_status_has_a_name_and_no_retry_after_of_its_own(graph: httpx.Client) -> None:
    answer = play(graph, kind="status", status=503)
    assert error(answer)["code"] == "ServiceUnavailable"
    assert "retry-after" not in answer.headers


def test_a_status_can_come_after_the_commit(graph: httpx.Client) -> None:
    assert play(graph, kind="status", status=504, commit=True).status_code == 504
    assert len(assigned(graph)) == 1


def test_a_message_can_be_nested_once_and_twice(graph: httpx.Client) -> None:
    once = play(graph, kind="status", status=500, message="Ouch.", nested=1)
    twice = play(graph, kind="status", status=500, message="Ouch.", nested=2)
    assert intune_message(once).startswith("Ouch. - Operation ID")
    assert json.loads(intune_message(twice))["Message"].startswith("Ouch. - Operation ID")


@pytest.mark.parametrize(("when", "committed"), [("before", 0), ("after", 1)])
def test_a_connection_is_dropped_around_the_commit(graph: httpx.Client, when: str, committed: int) -> None:
    with pytest.raises(httpx.TransportError):
        play(graph, kind="drop", when=when)
    assert len(assigned(graph)) == committed
    entry = graph.get("/_sandbox/requests").json()[0]
    assert (entry["fault"], entry["status"]) == ("drop", None)


def test_a_page_of_html_takes_the_place_of_json(graph: httpx.Client) -> None:
    answer = play(graph, kind="html", status=502)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert "<title>502 Bad Gateway</title>" in answer.text


@pytest.mark.parametrize(("when", "committed"), [("before", 0), ("after", 1)])
def test_an_answer_is_late_around_the_commit(graph: httpx.Client, when: str, committed: int) -> None:
    tell(graph, "faults", [{"kind": "delay", "seconds": 1, "when": when}])
    with pytest.raises(httpx.ReadTimeout):
        graph.post(WIFI, json=target("allDevices"), timeout=0.1)
    assert len(assigned(graph)) == committed


def test_a_delayed_answer_is_true(graph: httpx.Client) -> None:
    assert play(graph, kind="delay", seconds=0.01).status_code == 201


def test_a_body_comes_as_it_is(graph: httpx.Client) -> None:
    answer = play(graph, kind="body", status=201, body='{"id":', contentType="application/x-y", commit=True)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (201, '{"id":', "application/x-y")
    assert len(assigned(graph)) == 1


def test_a_body_can_be_cut_short(graph: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        play(graph, kind="body", body='{"id":', truncate=True)
    assert graph.get("/_sandbox/requests").json()[0]["status"] == 200


def test_a_body_can_be_of_any_size(graph: httpx.Client) -> None:
    answer = play(graph, kind="body", status=200, size=30_000_000)
    assert (answer.status_code, len(answer.content)) == (200, 30_000_000)
    assert set(answer.json()["value"]) == {"x"}


def test_blanks_make_a_body_as_long_as_it_is_to_be(graph: httpx.Client) -> None:
    assert play(graph, kind="body", body='{"ä":1}', size=12).content == '{"ä":1}    '.encode()


def test_what_comes_late_does_not_reach_beyond_a_reset(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "delay", "method": "POST", "seconds": 0.5}])
    with ThreadPoolExecutor(1) as beside:
        held = beside.submit(graph.post, WIFI, json=target("allDevices"))
        while not graph.get("/_sandbox/requests").json():
            pass  # until it is there
        tell(graph, "reset", None)
        assert held.result().status_code == 503
    assert assigned(graph) == []


def test_a_true_answer_can_come_in_drips(graph: httpx.Client) -> None:
    tell(graph, "faults", [{"kind": "drip", "path": "/assignments$", "seconds": 0.2}])
    with graph.stream("POST", WIFI, json=target("allDevices")) as answer:
        drips = list(answer.iter_raw())
    assert answer.status_code == 201
    assert json.loads(b"".join(drips))["id"] == assigned(graph)[0]["id"]
    assert len(drips) > 1
    assert answer.elapsed.total_seconds() > 0.15


@pytest.mark.parametrize(("asked", "status"), [({}, 302), ({"status": 307}, 307)])
def test_a_redirect_leads_elsewhere(graph: httpx.Client, asked: dict[str, int], status: int) -> None:
    answer = play(graph, kind="redirect", location="https://elsewhere.example/", **asked)
    assert (answer.status_code, answer.headers["location"]) == (status, "https://elsewhere.example/")


def test_rules_are_consumed_in_order_by_the_requests_that_they_meet(graph: httpx.Client) -> None:
    rules = [
        {"kind": "status", "status": 429, "method": "GET", "path": "/groups$", "times": 2},
        {"kind": "status", "status": 503, "path": "^/beta/"},
        {"kind": "status", "status": 500, "path": "/groups$"},
    ]
    tell(graph, "faults", rules)
    assert [graph.get("/v1.0/groups").status_code for _ in range(4)] == [429, 429, 500, 200]
    (left,) = graph.get("/_sandbox/faults").json()
    assert left["path"] == "^/beta/"
    assert graph.get("/beta/groups").status_code == 503


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "status", "status": 503, "retry_after": "7"},
        {"kind": "status", "status": 200},
        {"kind": "drop"},
        {"kind": "explode"},
        {"kind": "html", "path": "("},
        {"kind": "late", "status": 201},
        {"kind": "body"},
        {"kind": "body", "size": 11},
        {"kind": "body", "body": '{"ä":1}', "size": 7},
    ],
)
def test_a_rule_that_is_not_understood_is_refused(graph: httpx.Client, rule: dict[str, object]) -> None:
    answer = graph.post("/_sandbox/faults", json=[rule])
    assert answer.status_code == 400
    assert answer.json()["errors"][0].startswith("0")
    assert graph.get("/_sandbox/faults").json() == []
