"""What holds for every request and every set of assignments, tried with made-up ones."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared import strict_json
from shared.assignments import TARGET_TYPES, Assignment, Conflict, Create, Filter, Target, Unchanged, decide
from shared.errors import InvalidRequest
from shared.schemas import AssignmentRequest, read_assignment_id, read_configuration_id
from shared.strict_json import NotJsonError

GUIDS = ["90000000-0000-4000-8000-00000000000a", "90000000-0000-4000-8000-00000000000b"]
FIELDS = sorted(str(field.alias) for field in AssignmentRequest.model_fields.values())
MODES = ["include", "exclude"]
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ASSIGNMENT_ID = re.compile(rf"{GUID.pattern}(_[A-Za-z0-9_-]{{1,64}})?")

Result = TypeVar("Result")

filters = st.none() | st.builds(Filter, st.sampled_from(GUIDS), st.sampled_from(MODES))


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Make a target as requests and Graph make them: few values, so that they meet."""
    name = draw(st.sampled_from(sorted(TARGET_TYPES)))
    kind = TARGET_TYPES[name]
    values = st.sampled_from([*GUIDS, *map(str.upper, GUIDS)])
    properties = {graph_name: draw(values) for graph_name in kind.properties}
    return Target(name, properties, draw(filters) if kind.takes_filter else None)


def tried(work: Callable[[], Result]) -> Result | InvalidRequest | NotJsonError:
    """Give what the work gives, or the refusal that it raises; anything else that it raises fails the test."""
    try:
        return work()
    except (InvalidRequest, NotJsonError) as error:
        return error


def stored(wanted: Iterable[Target]) -> list[Assignment]:
    """Write targets as Graph would, and read them back."""
    documents = [{"id": f"{number}", "target": target.to_graph()} for number, target in enumerate(wanted)]
    return [Assignment.from_graph(json.loads(json.dumps(document))) for document in documents]


@given(st.lists(targets(), max_size=6), targets())
def test_a_decision_is_one_of_three_and_unchanged_once_it_is_carried_out(there: list[Target], wanted: Target) -> None:
    match decide(stored(there), wanted):
        case Create():
            assert isinstance(decide(stored([*there, wanted]), wanted), Unchanged)
        case Unchanged(assignment):
            assert assignment.target.reaches_the_same_as(wanted)
            assert assignment.target.filter == wanted.filter
        case Conflict(assignment):
            reaches_the_same = assignment.target.reaches_the_same_as(wanted)
            assert reaches_the_same or assignment.target.opposes(wanted)
            assert not (reaches_the_same and assignment.target.filter == wanted.filter)


@given(st.lists(targets(), max_size=6), targets())
def test_nothing_is_created_beside_what_it_would_change(there: list[Target], wanted: Target) -> None:
    assume(isinstance(decide(stored(there), wanted), Create))
    in_its_slot = [each for each in there if {each.type, wanted.type} <= {"group", "exclusionGroup"}]
    assert not any(each.properties["groupId"].lower() == str(wanted.group_id).lower() for each in in_its_slot)
    assert not any(target.reaches_the_same_as(wanted) for target in there)


@given(st.lists(targets(), max_size=6), targets(), st.randoms())
def test_the_order_of_what_is_assigned_does_not_matter(there: list[Target], wanted: Target, random: Any) -> None:  # noqa: ANN401 - hypothesis' own kind of Random
    shuffled = random.sample(there, len(there))
    assert type(decide(stored(there), wanted)) is type(decide(stored(shuffled), wanted))


@given(targets())
def test_a_target_comes_back_from_graph_as_it_went_there(target: Target) -> None:
    assert Target.from_graph(target.to_graph()) == target


names = st.text(min_size=1, max_size=256).filter(str.strip)
guids = st.uuids().map(str)
values = names | guids | st.sampled_from([*MODES, *TARGET_TYPES, "user"]) | st.booleans()
junk = st.none() | st.integers() | st.floats(allow_nan=False) | st.lists(values, max_size=2) | st.just(" ")


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values | junk, max_size=8))
def test_a_request_is_understood_or_refused_with_fields_and_rules(document: dict[str, Any]) -> None:
    request = tried(lambda: AssignmentRequest.parse(document))
    if not isinstance(request, AssignmentRequest):
        assert isinstance(request, InvalidRequest)
        assert request.errors
        assert all(each.field and each.message for each in request.errors)
        return
    assert {field: value for field, value in document.items() if value in (None, "", " ")} == {}
    written = request.model_dump(by_alias=True, exclude_none=True)
    assert set(document) <= set(written)  # nothing that was asked for is left out


def by(thing: str) -> st.SearchStrategy[dict[str, str]]:
    """Name a thing by its id or by its name."""
    return st.fixed_dictionaries({f"{thing}Id": guids}) | st.fixed_dictionaries({f"{thing}Name": names})


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Make a request that is right."""
    name = draw(st.sampled_from(sorted(TARGET_TYPES)))
    kind = TARGET_TYPES[name]
    request: dict[str, Any] = {"targetType": name}
    request |= draw(
        st.fixed_dictionaries({"configurationId": guids}) | st.fixed_dictionaries({"configurationName": names})
    )
    for field in kind.properties.values():
        match field:
            case "groupId":
                request |= draw(by("group"))
            case "scopeTagTargetType":
                request[field] = draw(st.sampled_from(["user", "device", "none"]))
            case _:
                request[field] = draw(guids)
    if kind.takes_filter and draw(st.booleans()):
        request |= draw(by("filter"))
        request["filterMode"] = draw(st.sampled_from(MODES))
    return request


@given(requests())
def test_what_is_wanted_is_what_was_asked_for_and_no_more(document: dict[str, Any]) -> None:
    request = AssignmentRequest.parse(document)
    has_filter = "filterMode" in document
    target = request.target(GUIDS[0], GUIDS[1] if has_filter else None)
    assert target.type == document["targetType"]
    assert (target.filter is not None) is has_filter
    assert target.group_id == (GUIDS[0] if "groupId" in TARGET_TYPES[target.type].properties else None)
    assert Target.from_graph(target.to_graph()) == target


@given(requests(), st.sampled_from(FIELDS), junk)
def test_a_wrong_value_anywhere_is_refused(document: dict[str, Any], field: str, value: object) -> None:
    assume(field != "dryRun" or value not in (0, 1))
    with pytest.raises(InvalidRequest):
        AssignmentRequest.parse({**document, field: value})


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text_is_json_or_refused_with_a_reason(text: bytes | str) -> None:
    document = tried(lambda: strict_json.loads(text))
    if isinstance(document, NotJsonError):
        assert document.reason
        return
    assert strict_json.loads(json.dumps(document)) == document


near_guids = guids | guids.map(str.upper) | st.text("0123456789abcdef-_{}./%\n", max_size=80) | st.text(max_size=80)


@given(near_guids, near_guids | st.builds("{}_{}".format, st.just(GUIDS[0]), near_guids))
def test_no_text_in_an_address_becomes_anything_but_a_checked_id(configuration: str, assignment: str) -> None:
    configuration_id = tried(lambda: read_configuration_id(GUIDS[0] if "_" in assignment else configuration))
    if isinstance(configuration_id, str):
        assert GUID.fullmatch(configuration_id)
        assignment_id = tried(lambda: read_assignment_id(assignment, configuration_id))
        assert not isinstance(assignment_id, str) or ASSIGNMENT_ID.fullmatch(assignment_id)
