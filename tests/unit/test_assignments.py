import pytest

from shared.assignments import TARGET_TYPES, Assignment, Conflict, Create, Target, Unchanged, decide

GROUP, OTHER = "90000000-0000-4000-8000-000000000001", "90000000-0000-4000-8000-000000000002"


def include(group_id: str = GROUP) -> Target:
    return Target("group", {"groupId": group_id})


def exclude(group_id: str = GROUP) -> Target:
    return Target("exclusionGroup", {"groupId": group_id})


def assigned(target: Target) -> Assignment:
    return Assignment(f"of {target.type}", target, {})


def test_an_assignment_that_is_not_there_is_to_be_created() -> None:
    assert decide([], include()) == Create()


def test_the_same_target_is_unchanged_whatever_else_there_is() -> None:
    wanted = assigned(include())
    assert decide([assigned(include(OTHER)), assigned(exclude(OTHER)), wanted], include()) == Unchanged(wanted)


def test_the_same_group_on_the_other_side_is_a_conflict() -> None:
    there = assigned(exclude())
    assert decide([assigned(include(OTHER)), there], include()) == Conflict(there)
    there = assigned(include())
    assert decide([there], exclude()) == Conflict(there)


def test_a_target_that_is_there_on_both_sides_is_unchanged() -> None:
    wanted = assigned(include())
    assert decide([assigned(exclude()), wanted], include()) == Unchanged(wanted)


def test_ids_are_compared_without_regard_to_case() -> None:
    there = assigned(include("ABCDEF00-0000-4000-8000-000000000001"))
    assert decide([there], include("abcdef00-0000-4000-8000-000000000001")) == Unchanged(there)


def test_the_all_devices_target_does_not_stand_for_any_group() -> None:
    assert decide([assigned(Target("allDevices", {}))], include()) == Create()
    assert decide([assigned(include())], Target("allDevices", {})) == Create()


def test_a_type_of_target_that_graph_may_have_one_day_equals_nothing() -> None:
    document = {"@odata.type": "#microsoft.graph.newAssignmentTarget", "groupId": GROUP}
    assert decide([assigned(Target.from_graph(document))], include()) == Create()


@pytest.mark.parametrize("name", TARGET_TYPES)
def test_every_type_is_read_back_with_and_without_the_leading_sign(name: str) -> None:
    kind = TARGET_TYPES[name]
    properties = dict.fromkeys(kind.properties, "value")
    for odata_type in (kind.odata_type.removeprefix("#"), "#" + kind.odata_type.removeprefix("#")):
        assert Target.from_graph({"@odata.type": odata_type, **properties}) == Target(name, properties)


@pytest.mark.parametrize(
    "document", [{}, {"@odata.type": "#microsoft.graph.groupAssignmentTarget"}, {"groupId": GROUP}]
)
def test_a_target_that_is_not_whole_is_not_read(document: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        Target.from_graph(document)
