"""Short runs of `make chaos` and `make flood`: what is promised holds while Graph, networks and callers fail."""

from concurrent.futures import ThreadPoolExecutor

from chaos.campaign import Plan, run, run_control
from chaos.flood import FloodPlan, flood
from tests.e2e.nursery import launch

SHORT = Plan(requests=40, rate=0.3, in_flight=16, seed=7)


def told() -> None:
    """Watch nothing."""


def test_what_the_sdks_own_retries_break_is_kept_while_a_third_of_graphs_calls_fail() -> None:
    with ThreadPoolExecutor(1) as beside:
        blindly_repeated = beside.submit(run_control, SHORT, launch)
        result = run(SHORT, told, launch)
    assert result.verdict.kept, result
    assert result.verdict.there >= result.verdict.wanted - result.retries > 0
    assert sum(result.faults.values()) > SHORT.requests * SHORT.rate
    assert all(status_and_code.split()[0] != "500" for status_and_code in result.answers)
    assert blindly_repeated.result() > 0


def test_of_a_flood_every_genuine_event_is_done_once_and_no_forged_one() -> None:
    result = flood(FloodPlan(deliveries=80, in_flight=8, kills=0, seed=7), told, launch)
    assert result.kept, result
    assert (result.statuses["202"], result.statuses["401"]) == (76, 4)
    assert result.outcomes == {"created": result.events}
    assert result.events < 76  # there were duplicates
