"""The custom connector as a designer and the platform use it: policies, drop-downs and outputs, against the gateway."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from connectors.folder import POWER_PLATFORM, read
from connectors.folder_rules import HEADER, URL_TEMPLATE, VALUE
from sandbox.functions_host import FUNCTION_KEY
from sandbox.tenant import PILOT, WIFI_HQ
from tests.e2e.principals import WRITE, principal, user
from tests.e2e.stack import Gateway

CONNECTOR = read(POWER_PLATFORM)
FIELDS = CONNECTOR.definition["definitions"]["AssignmentRequest"]["properties"]
TYPED = {"groupSearch": "SG-", "search": ""}
"""What a person has put into the fields that drop-downs depend on."""


@dataclass(frozen=True)
class Connection:
    """What a person has entered, and the token's claims that the platform puts in its own header for the gateway."""

    parameters: Mapping[str, str]
    claims: Mapping[str, str]

    def expanded(self, template: str) -> str:
        """Put values in place of expressions; one without a value or a default fails."""

        def value(expression: re.Match[str]) -> str:
            name, default = expression.groups()
            return self.parameters[name] if default is None else self.parameters.get(name, default)

        return re.sub(r"@connectionParameters\('(\w+)'(?:, '(.*?)')?\)", value, template)

    def run(self, operation: str, query: Mapping[str, str] | None = None, body: object = None) -> httpx.Response:
        """Do what the platform does for an action: the policies, then the request."""
        [(path, method)] = [
            (path, method)
            for path, methods in CONNECTOR.definition["paths"].items()
            for method, each in methods.items()
            if each["operationId"] == operation
        ]
        url = self.expanded(CONNECTOR.policies["dynamichosturl"][URL_TEMPLATE]).replace("https:", "http:")
        header = CONNECTOR.policies["setheader"]
        headers = {header[HEADER]: self.expanded(header[VALUE]), **self.claims}
        return httpx.request(method, f"{url}{path}", headers=headers, params=query, json=body)

    def choices(self, field: str) -> dict[str, str]:
        """Fill a field's drop-down as newer designers do, and as older ones do: ids by their names."""
        newer, older = FIELDS[field]["x-ms-dynamic-list"], FIELDS[field]["x-ms-dynamic-values"]
        asked = {name: TYPED[source["parameterReference"]] for name, source in newer["parameters"].items()}
        assert asked == {name: TYPED[source["parameter"]] for name, source in older["parameters"].items()}
        items = self.run(newer["operationId"], asked).json()[newer["itemsPath"]]
        chosen = {item[newer["itemTitlePath"]]: item[newer["itemValuePath"]] for item in items}
        assert chosen == {item[older["value-title"]]: item[older["value-path"]] for item in items}
        return chosen


def connection(gateway: Gateway, claims: Mapping[str, str], **parameters: str) -> Connection:
    return Connection({"host": gateway.client.base_url.netloc.decode(), **parameters}, claims)


@pytest.fixture(params=["entra", "key"])
def connected(request: pytest.FixtureRequest, gateway: Gateway, entra_gateway: Gateway) -> Connection:
    if request.param == "key":
        return connection(gateway, {}, api_key=FUNCTION_KEY)
    return connection(entra_gateway, principal(user(WRITE)))


def test_what_is_picked_from_drop_downs_is_assigned_over_either_connection(connected: Connection) -> None:
    picked = {
        "configurationId": connected.choices("configurationId")["Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ"],
        "groupId": connected.choices("groupId")["SG-Pilot"],
    }
    assert picked == {"configurationId": WIFI_HQ, "groupId": PILOT}
    tried = connected.run("CreateAssignment", body={**picked, "dryRun": True})
    created = connected.run("CreateAssignment", body=picked)
    assert [each.headers["assignment-outcome"] for each in (tried, created)] == ["planned", "created"]


def test_what_comes_back_is_in_named_fields(connected: Connection) -> None:
    [create] = [each for name, each in CONNECTOR.operations if name == "CreateAssignment"]
    shown = CONNECTOR.definition["definitions"]["AssignmentResult"]["properties"]
    request = {"configurationId": WIFI_HQ, "groupId": PILOT}
    for body in ({**request, "dryRun": True}, request, request):
        response = connected.run("CreateAssignment", body=body)
        headers = create["responses"][str(response.status_code)]["headers"]
        assert headers["Assignment-Outcome"]["x-ms-summary"] == "Assignment Outcome"
        assert response.json().keys() <= shown.keys()


def test_without_a_key_nobody_gets_in(gateway: Gateway) -> None:
    refused = connection(gateway, {}).run("ListGroups", {"search": "SG"})
    assert refused.status_code == 401


def test_what_paconn_asks_for_is_what_the_readme_says_to_put_in() -> None:
    token = json.dumps(CONNECTOR.parameter_sets["entra"]["token"])
    placeholders = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", token))
    deployment = CONNECTOR.readme.partition("## Deployment Instructions\n")[2]
    assert placeholders == set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", deployment))
    assert placeholders == {"CONNECTOR_APP_ID", "TENANT_ID", "GATEWAY_APP_ID"}
