import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RateLimited
from shared.write_budget import WriteBudget

SECONDS = st.floats(min_value=0, max_value=30)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(budget: WriteBudget) -> bool:
    """Try to take one write; False where that is refused."""
    try:
        budget.take()
    except RateLimited:
        return False
    return True


def test_one_write_more_than_the_budget_is_refused_until_the_oldest_is_twenty_seconds_old() -> None:
    clock = Clock()
    budget = WriteBudget(3, clock)
    for clock.now in (0, 7, 19):
        budget.take()
    clock.now = 19.5
    with pytest.raises(RateLimited, match="3 changes in 20 s") as refused:
        budget.take()
    assert refused.value.retry_after_seconds == 1
    clock.now = 20
    assert [taken(budget), taken(budget)] == [True, False]
    clock.now = 27
    assert [taken(budget), taken(budget)] == [True, False]


@pytest.mark.parametrize(("now", "pause"), [(0, 20), (0.1, 20), (19, 1), (19.999, 1)])
def test_the_refusal_tells_how_long_the_window_is_full(now: float, pause: int) -> None:
    clock = Clock()
    budget = WriteBudget(1, clock)
    clock.now = 0
    budget.take()
    clock.now = now
    with pytest.raises(RateLimited) as refused:
        budget.take()
    assert refused.value.retry_after_seconds == pause
    clock.now = now + pause
    budget.take()


def test_what_is_refused_does_not_count() -> None:
    clock = Clock()
    budget = WriteBudget(2, clock)
    assert [taken(budget) for _ in range(50)] == [True, True, *[False] * 48]
    clock.now += 20
    assert [taken(budget), taken(budget), taken(budget)] == [True, True, False]


@given(st.integers(min_value=1, max_value=5), st.lists(SECONDS, min_size=1, max_size=60))
def test_no_stretch_of_twenty_seconds_has_more_writes_than_the_budget_and_none_is_refused_for_nothing(
    writes: int, pauses: list[float]
) -> None:
    clock = Clock()
    budget = WriteBudget(writes, clock)
    sent: list[float] = []
    for each in pauses:
        clock.now += each
        lately = [moment for moment in sent if moment + 20 > clock.now]
        if taken(budget):
            sent.append(clock.now)
            assert len(lately) < writes
        else:
            assert len(lately) == writes
