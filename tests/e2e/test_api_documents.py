"""The API documents as the gateway serves them: to everybody, whatever the settings are."""

import json

from shared.documents import Site, openapi_json, swagger_json
from tests.e2e.principals import ENTRA
from tests.e2e.stack import Gateway, Stack

NO_KEY = {"x-functions-key": ""}


def test_both_documents_are_served_to_somebody_without_a_key_and_name_the_installation(gateway: Gateway) -> None:
    openapi, swagger = (gateway.client.get(name, headers=NO_KEY) for name in ("openapi.json", "swagger.json"))
    site = Site("key", str(gateway.client.base_url).removesuffix("/api/"))
    assert (openapi.status_code, swagger.status_code) == (200, 200)
    assert openapi.headers["content-type"] == swagger.headers["content-type"] == "application/json"
    assert openapi.content == openapi_json(site)
    assert swagger.content == swagger_json(site)


def test_what_callers_show_is_described_as_the_settings_have_it(entra_gateway: Gateway) -> None:
    described = entra_gateway.client.get("openapi.json", headers=NO_KEY).json()
    assert list(described["components"]["securitySchemes"]) == ["entra"]
    assert ENTRA["ENTRA_TENANT_ID"] not in json.dumps(described)


def test_without_settings_the_documents_are_there_and_describe_both_ways_of_calling(stack: Stack) -> None:
    with stack.gateway(AUTH_MODE="", WEBSITE_AUTH_ENABLED="", ENTRA_TENANT_ID="") as unset:
        described = [unset.client.get(name, headers=NO_KEY).json() for name in ("openapi.json", "swagger.json")]
        assert unset.health().status_code == 503
    assert described[0]["components"]["securitySchemes"].keys() == {"key", "entra"}
    assert described[1]["securityDefinitions"].keys() == {"key", "entra"}
