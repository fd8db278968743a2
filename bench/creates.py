"""Creates without end, each of another assignment: numbered ids, and the requests that a caller would send."""

import json

import azure.functions as func

GROUPS = 5
"""How many groups each configuration gets, so that a read finds up to four assignments."""


def configuration_id(number: int) -> str:
    """Give the id of a configuration that is there for the measurement."""
    return f"c1000000-0000-4000-8000-{number:012x}"


def group_id(number: int) -> str:
    """Give the id of a group that is there for the measurement."""
    return f"91000000-0000-4000-8000-{number:012x}"


def create_request(number: int, configurations: int) -> func.HttpRequest:
    """Make the request for one create; the first `configurations * GROUPS` numbers are all different ones."""
    wish = {
        "configurationId": configuration_id(number % configurations),
        "groupId": group_id(number // configurations),
        "ticket": f"INC{number:07d}",
    }
    return func.HttpRequest(
        method="POST",
        url="http://127.0.0.1:7071/api/assignments",
        headers={"content-type": "application/json"},
        body=json.dumps(wish).encode(),
    )
