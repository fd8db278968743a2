"""What the checks find that is no finding, each by its name and with the reason."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from schemathesis.core.transport import Response
from schemathesis.engine.recorder import CheckNode, RecordedScenario
from schemathesis.openapi.checks import UseAfterFree

NO_SCHEMA_CAN_SAY = re.compile(
    r"assignmentId must begin with the configuration's id"
    r"|filter(Id|Name) is for \w+, the configuration for \w+"
    r"|group(Id|Name) must be a security group or .*"
)
"""Rules between two parts of an address, and between things in the tenant."""


def exempted(check: CheckNode, response: Response, scenario: RecordedScenario) -> bool:
    """Tell whether a check has failed for a reason that is known and right."""
    match check.name:
        case "unsupported_method":  # the Functions host answers a wrong method with a bare 404, and not with 405
            return response.status_code == HTTPStatus.NOT_FOUND and not response.content
        case "positive_data_acceptance":
            return response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and _depends_on_the_tenant(response.json())
        case "use_after_free":
            return _was_a_dry_run(check, scenario)
    return False


def _depends_on_the_tenant(problem: Mapping[str, Any]) -> bool:
    if problem["code"] in {"graph-rejected", "idempotency-key-reused"}:
        return True
    told = [f"{error['field']} {error['message']}" for error in problem["errors"]]
    return all(NO_SCHEMA_CAN_SAY.fullmatch(each) for each in told)


def _was_a_dry_run(check: CheckNode, scenario: RecordedScenario) -> bool:
    failure = check.failure_info.failure if check.failure_info else None
    if not isinstance(failure, UseAfterFree) or failure.deleted_case_id is None:
        return False
    answer = scenario.find_response(case_id=failure.deleted_case_id)
    return answer is not None and answer.status_code == HTTPStatus.OK  # what is really gone is answered 204
