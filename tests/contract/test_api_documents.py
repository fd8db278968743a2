"""The API documents: what they describe is there, what is there is described, and they are what they say they are."""

import json
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

from sandbox.functions_index import IndexedFunction, index
from sandbox.programs import ROOT
from shared.api_operations import OPERATIONS
from shared.api_problems import ERRORS, WHEN
from shared.callers import Mode
from shared.documents import Site, openapi_json, swagger_json
from shared.errors import InvalidRequest
from shared.schemas import AssignmentRequest
from tests.e2e.documents import ANYWHERE, API_DOCUMENTS

Json = dict[str, Any]
MODES: list[Mode | None] = [None, "key", "entra"]

OPENAPI: Json = json.loads(openapi_json(ANYWHERE))
SWAGGER: Json = json.loads(swagger_json(ANYWHERE))
FORMATS = {"int32", "int64", "float", "double", "byte", "binary", "date", "date-time", "password"} | {
    *("date-no-tz", "email", "html", "uri", "uuid")
}
CHOSEN = {"configurationId", "groupId", "filterId"}
FOR_BROWSERS = {"get_docs", "get_docs_asset"}
"""The page and what it loads, which show these documents: no caller's operations, and nothing for a connector."""


def operations(document: Json) -> list[tuple[str, str, Json]]:
    return [(path, method, each) for path, methods in document["paths"].items() for method, each in methods.items()]


def described(document: Json) -> list[tuple[str, str, str]]:
    return sorted((each["operationId"], method, path) for path, method, each in operations(document))


def http_functions() -> list[IndexedFunction]:
    functions = [each for each in index(ROOT) if each.name not in FOR_BROWSERS]
    return [each for each in functions if each.trigger["type"] == "httpTrigger"]


def pascal(name: str) -> str:
    return name.title().replace("_", "")


def walk(thing: object) -> Iterator[Json]:
    """Give every object in a document."""
    if isinstance(thing, dict):
        yield thing
        for each in thing.values():
            yield from walk(each)
    elif isinstance(thing, list):
        for each in thing:
            yield from walk(each)


def validator(schema: Json) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": OPENAPI["components"]})


@pytest.mark.parametrize("path", API_DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_are_what_the_code_says(path: Path) -> None:
    assert path.read_bytes() == API_DOCUMENTS[path](ANYWHERE), "make docs"


def test_every_function_is_described_and_everything_described_is_there() -> None:
    registered = sorted(
        (pascal(each.name), method.lower(), f"/{each.trigger['route']}")
        for each in http_functions()
        for method in each.trigger["methods"]
    )
    assert described(OPENAPI) == registered
    assert described(SWAGGER) == registered


def test_whoever_needs_no_key_is_described_as_open() -> None:
    anonymous = {pascal(each.name) for each in http_functions() if each.auth_level == "anonymous"}
    for document in (OPENAPI, SWAGGER):
        assert {each["operationId"] for _, _, each in operations(document) if each["security"] == []} == anonymous


def test_an_independent_validator_finds_nothing_in_either() -> None:
    for mode in MODES:
        site = Site(mode, "https://gateway.example.com")
        assert list(OpenAPIV31SpecValidator(json.loads(openapi_json(site))).iter_errors()) == []
        assert list(OpenAPIV2SpecValidator(json.loads(swagger_json(site))).iter_errors()) == []


def test_each_way_of_telling_callers_apart_is_described_alone_where_it_is_set() -> None:
    for mode in MODES[1:]:
        site = Site(mode, None)
        openapi, swagger = json.loads(openapi_json(site)), json.loads(swagger_json(site))
        assert list(openapi["components"]["securitySchemes"]) == [mode]
        assert swagger["securityDefinitions"][str(mode)]["type"] == ("apiKey" if mode == "key" else "oauth2")
        refused = openapi["paths"]["/assignments"]["post"]["responses"]["401"]
        assert ("content" in refused) is (mode == "entra")  # the platform's own 401 to a wrong key has no body
    assert OPENAPI["components"]["securitySchemes"].keys() == {"key", "entra"}


def test_the_older_document_names_the_host_that_it_comes_from() -> None:
    here = json.loads(swagger_json(Site("key", "https://gateway.example.com")))
    sandbox = json.loads(swagger_json(Site("key", "http://127.0.0.1:7071")))
    assert (here["host"], here["schemes"]) == ("gateway.example.com", ["https"])
    assert (sandbox["host"], sandbox["schemes"]) == ("127.0.0.1:7071", ["http"])
    assert "host" not in SWAGGER


def test_every_problem_of_the_code_is_described_and_answered_by_something() -> None:
    assert WHEN.keys() == ERRORS.keys()
    assert {code for operation in OPERATIONS for code in operation.problems} == WHEN.keys()
    for _, _, operation in operations(OPENAPI):
        for status, answer in operation["responses"].items():
            problem = answer.get("content", {}).get("application/problem+json", {"schema": {}})
            codes = [
                each["properties"]["code"]["enum"]
                for each in problem["schema"].get("allOf", ())
                if "properties" in each
            ]
            assert all(f"`{code}`" in answer["description"] or status == "503" for code in chain(*codes))
            assert (int(status) >= 400) is (bool(codes) or status == "401")


def test_every_example_is_valid() -> None:
    checked = 0
    for _, _, operation in operations(OPENAPI):
        bodies = [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in [*bodies, operation.get("requestBody", {}).get("content", {})]:
            for media in content.values():
                for example in media.get("examples", {}).values():
                    name = example.get("$ref", "").rpartition("/")[2]
                    value = (OPENAPI["components"]["examples"][name] if name else example)["value"]
                    validator(media["schema"]).validate(value)
                    checked += 1
        for parameter in operation.get("parameters", ()):
            validator(parameter["schema"]).validate(parameter["example"])
    assert checked > 100


def test_every_example_of_a_field_is_valid() -> None:
    for schema in walk(OPENAPI["components"]["schemas"]):
        for example in schema.get("examples", ()):
            validator(schema).validate(example)


def test_every_operation_shows_an_example_of_what_it_answers() -> None:
    for _, _, operation in operations(OPENAPI):
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values():
                assert media.get("examples") or operation["operationId"] in {"GetOpenapi", "GetSwagger"}, status


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"configurationName": "Browser policy"},
        {"groupName": "SG-Twin"},
        {"groupId": None},
        {"groupId": "1"},
        {"groupName": " "},
        {"targetType": "allDevices"},
        {"targetType": "exclusionGroup", "filterName": "Corporate Windows", "filterMode": "include"},
        {"filterMode": "include"},
        {"filterName": "Corporate Windows"},
        {"filterName": "Corporate Windows", "filterMode": "none"},
        {"targetType": "scopeTagGroup"},
        {"collectionId": "SMS00001"},
        {"dryRun": "true"},
        {"ticket": "x" * 65},
        {"unknown": 1},
    ],
)
def test_the_schema_and_the_gateway_accept_the_same_requests(fields: Json) -> None:
    right = {
        "configurationId": "c0000000-0000-4000-8000-000000000001",
        "groupId": "90000000-0000-4000-8000-000000000001",
    }
    request = right | fields
    try:
        AssignmentRequest.parse(request)
        accepted = True
    except InvalidRequest:
        accepted = False
    assert validator(OPENAPI["components"]["schemas"]["AssignmentRequest"]).is_valid(request) is accepted
    assert accepted is (fields == {})


def test_the_documents_have_the_version_of_the_app() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert OPENAPI["info"]["version"] == SWAGGER["info"]["version"] == project["version"]


def test_links_lead_to_operations_and_their_parameters() -> None:
    known = {each["operationId"]: {p["name"] for p in each.get("parameters", ())} for _, _, each in operations(OPENAPI)}
    links = [link for each in walk(OPENAPI["paths"]) for link in each.get("links", {}).values()]
    assert len(links) == 7
    assert all(link["parameters"].keys() <= known[link["operationId"]] for link in links)


def test_designers_find_a_summary_and_a_sentence_on_everything() -> None:
    for _, _, operation in operations(SWAGGER):
        assert re.fullmatch(r"[A-Z][A-Za-z0-9() ]{1,79}", operation["summary"])
        assert re.fullmatch(r"([A-Z][a-z]+)+", operation["operationId"])
        for parameter in operation["parameters"]:
            assert {"x-ms-summary", "description"} <= parameter.keys(), parameter["name"]
        for status, answer in operation["responses"].items():
            assert status != "default"
            assert "schema" in answer or status == "204"
    for thing in walk(SWAGGER):
        if isinstance(thing.get("description"), str):
            assert re.fullmatch(r"[A-Z].*\.", thing["description"]), thing["description"]
        if isinstance(thing.get("x-ms-summary"), str):
            assert re.fullmatch(r"[A-Z][A-Za-z0-9]*( [A-Z][A-Za-z0-9]*)*", thing["x-ms-summary"]), thing["x-ms-summary"]


def test_the_older_document_keeps_to_what_designers_understand() -> None:
    assert 30 <= len(SWAGGER["info"]["description"]) <= 500
    assert re.fullmatch(r"(?!.*(API|Connector|Power))[A-Z][A-Za-z ]{1,29}", SWAGGER["info"]["title"])
    assert len(swagger_json(ANYWHERE)) < 1_000_000
    for thing in walk(SWAGGER):
        assert not {"oneOf", "anyOf", "allOf", "const", "not", "nullable"} & thing.keys()
        if isinstance(thing.get("format"), str):
            assert thing["format"] in FORMATS


def test_all_successes_of_one_operation_have_the_same_body_and_the_outcome_in_a_header() -> None:
    responses = SWAGGER["paths"]["/assignments"]["post"]["responses"]
    assert responses["200"]["schema"] == responses["201"]["schema"] == {"$ref": "#/definitions/AssignmentResult"}
    assert "required" not in SWAGGER["definitions"]["AssignmentResult"]
    assert {"id", "target", "outcome", "existing"} <= SWAGGER["definitions"]["AssignmentResult"]["properties"].keys()
    for status in ("200", "201", "403", "429"):
        assert "Assignment-Outcome" in responses[status]["headers"]
    for _, _, operation in operations(SWAGGER):
        bodies = {str(each["schema"]) for status, each in operation["responses"].items() if status in {"200", "201"}}
        assert len(bodies) == 1


def test_what_can_be_chosen_is_chosen_from_operations_that_are_there() -> None:
    there = {each["operationId"]: each for _, _, each in operations(SWAGGER)}
    fields = SWAGGER["definitions"]["AssignmentRequest"]["properties"]
    assert {name for name, each in fields.items() if "x-ms-dynamic-list" in each} == CHOSEN
    for thing in walk(SWAGGER):
        assert ("x-ms-dynamic-list" in thing) is ("x-ms-dynamic-values" in thing)
        for source in (thing.get(key) for key in ("x-ms-dynamic-list", "x-ms-dynamic-values")):
            if source:
                parameters = {each["name"]: each for each in there[source["operationId"]]["parameters"]}
                required = {name for name, each in parameters.items() if each["required"]}
                assert required <= source["parameters"].keys() <= parameters.keys()
        if "enum" in thing and "x-ms-visibility" in thing:
            assert [each["value"] for each in thing["x-ms-enum-values"]] == thing["enum"]
