"""A short run of `make fuzz`: requests made from the OpenAPI document are answered as it says."""

from fuzz.campaign import Plan, run
from shared.api_operations import OPERATIONS
from tests.e2e.nursery import launch

SHORT = Plan(cases=1, examples=3, seed=1, phases=("examples", "fuzzing", "stateful"))
STATUSES = {200, 201, 204, 400, 401, 404, 409, 415, 422}


def told(_: int) -> None:
    """Watch nothing."""


def test_every_answer_is_as_described_whatever_is_asked() -> None:
    result = run(SHORT, told, launch)
    assert result.findings == {}
    assert {operation for operation, _ in result.answers} == {
        f"{each.method.upper()} {each.path}" for each in OPERATIONS
    }
    assert result.phases.keys() == set(SHORT.phases)
    assert {status for _, status in result.answers} <= STATUSES
    assert {201, 204, 409, 422} <= {status for _, status in result.answers}
