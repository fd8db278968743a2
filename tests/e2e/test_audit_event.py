"""Audit events as they are, against docs/operations.md; what else they hold is tested where it arises."""

from sandbox.tenant import PILOT, RESTRICTIONS, WIFI_HQ
from tests.e2e.stack import MAIN_JOB, Gateway
from tests.unit.test_operations import documented_fields


def test_no_event_has_a_field_that_is_not_documented(gateway: Gateway) -> None:
    claims = {"ticket": "INC1", "requestedBy": "ana@example.com", "justification": "New building"}
    answers = [
        gateway.create({**MAIN_JOB, **claims}),
        gateway.create({"configurationId": WIFI_HQ, "groupName": "sg-pilot", "dryRun": True}),
        gateway.create({"configurationId": WIFI_HQ, "targetType": "allDevices"}),
        gateway.delete(RESTRICTIONS, f"{RESTRICTIONS}_{PILOT}"),
        gateway.assignments(RESTRICTIONS),
        gateway.choices("groups", search="SG"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 403, 204, 200, 200]
    fields = {field for answer in answers for field in gateway.audit(answer)}
    assert {"removed", "graphRequestIds", "code", "groupName", "justification"} <= fields <= documented_fields()
