"""Microsoft's rules for a custom connector's definition, by their names. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from connectors.folder import Folder, Json, parts

Findings = Iterator[str]
Rule = Callable[[Folder], Findings]

MAX_BYTES = 1_000_000
MAX_TITLE, MAX_SUMMARY = 30, 80
DESCRIPTION_LENGTHS = range(30, 501)
NOT_IN_TITLES = ("api", "connector", "power automate", "power apps", "power platform", "power bi", "logic apps", "flow")
FORMATS = {
    *("int32", "int64", "float", "double", "byte", "binary", "date", "date-time", "password"),
    *("date-no-tz", "email", "html", "uri", "uuid"),
}
DROP_DOWN = {"x-ms-dynamic-values", "x-ms-dynamic-list"}
SUCCESSES = ("200", "201")


def swagger_2(folder: Folder) -> Findings:
    """Nothing newer is read."""
    if folder.definition.get("swagger") != "2.0":
        yield "the definition is not Swagger 2.0"


def size(folder: Folder) -> Findings:
    """1 MB at most."""
    if len(folder.files["apiDefinition.swagger.json"]) > MAX_BYTES:
        yield "the definition is larger than 1 MB"


def host(folder: Folder) -> Findings:
    """Name a host, although each connection replaces it; and let nothing go unencrypted."""
    if not folder.definition.get("host") or folder.definition.get("schemes") != ["https"]:
        yield "the definition needs a host, and https alone"


def sign_in_elsewhere(folder: Folder) -> Findings:
    """Designers take one way of signing in from a definition; we have two, and apiProperties.json says them."""
    if folder.definition.get("securityDefinitions") or any("security" in each for _, each in folder.operations):
        yield "the definition says how to sign in"


def title(folder: Folder) -> Findings:
    """Short, and of the service alone."""
    text = str(folder.definition["info"].get("title", ""))
    if not 0 < len(text) <= MAX_TITLE:
        yield f"the title has {len(text)} characters"
    yield from (f"the title has {word!r} in it" for word in NOT_IN_TITLES if re.search(rf"\b{word}s?\b", text.lower()))


def description(folder: Folder) -> Findings:
    """Neither a word nor a page."""
    length = len(folder.definition["info"].get("description", ""))
    if length not in DESCRIPTION_LENGTHS:
        yield f"the description has {length} characters"


def operation_id(folder: Folder) -> Findings:
    """PascalCase, and each once."""
    for name, times in Counter(name for name, _ in folder.operations).items():
        if times > 1 or not re.fullmatch(r"([A-Z][a-z0-9]+)+", name):
            yield f"{name}: not PascalCase, or there twice"


def summary(folder: Folder) -> Findings:
    """Letters, digits and parentheses."""
    named = [(name, each.get("summary", "")) for name, each in folder.operations]
    named += [(name, each.get("x-ms-summary", "")) for name, each in (*folder.parameters, *folder.fields)]
    for name, text in named:
        if not re.fullmatch(rf"(?=.{{1,{MAX_SUMMARY}}}$)[A-Za-z0-9()]+( [A-Za-z0-9()]+)*", text):
            yield f"{name}: {text!r}"


def sentence(folder: Folder) -> Findings:
    """Say in a sentence what something is for, and more than its summary says."""
    for name, each in (*folder.operations, *folder.parameters, *folder.fields):
        text = each.get("description", "")
        said_already = {each.get(key, "") for key in ("summary", "x-ms-summary")}
        if not re.fullmatch(r"[A-Z].*\.", text) or text.removesuffix(".") in said_already:
            yield f"{name}: {text!r}"


def title_case(folder: Folder) -> Findings:
    """Every word of an x-ms-summary begins with a capital."""
    for name, each in (*folder.parameters, *folder.fields):
        if any(word[0].islower() for word in each.get("x-ms-summary", "").split()):
            yield f"{name}: {each['x-ms-summary']!r}"


def success_schema(folder: Folder) -> Findings:
    """Give successes a schema: a flow can use what has one, and nothing else."""
    for name, each in folder.operations:
        answers = [each["responses"][status] for status in SUCCESSES if status in each["responses"]]
        if not answers or not all("schema" in answer for answer in answers):
            yield f"{name}: no schema on 200 or 201"


def default_schema(folder: Folder) -> Findings:
    """No schema on what may be anything."""
    for name, each in folder.operations:
        if "schema" in each["responses"].get("default", {}):
            yield f"{name}: a schema on default"


def one_success_schema(folder: Folder) -> Findings:
    """Designers take the first success and show no other."""
    for name, each in folder.operations:
        schemas = {str(each["responses"][status].get("schema")) for status in SUCCESSES if status in each["responses"]}
        if len(schemas) > 1:
            yield f"{name}: {len(schemas)} schemas"


def format_(folder: Folder) -> Findings:
    """Keep to a closed list."""
    for each in parts(folder.definition):
        if isinstance(each.get("format"), str) and each["format"] not in FORMATS:
            yield str(each["format"])


def internal_default(folder: Folder) -> Findings:
    """Nobody can fill in what nobody sees."""
    wanted = [(name, each) for name, each in folder.parameters if each.get("required")]
    for definition in parts(folder.definition.get("definitions", {})):
        fields = definition.get("properties", {})
        if isinstance(definition.get("required"), list):
            wanted += [(name, fields.get(name, {})) for name in definition["required"]]
    for name, each in wanted:
        if each.get("x-ms-visibility") == "internal" and "default" not in each:
            yield f"{name}: required and internal, without a default"


def drop_down(folder: Folder) -> Findings:
    """For older designers and for newer ones, filled by an operation that gets all it needs."""
    there = dict(folder.operations)
    for name, each in (*folder.parameters, *folder.fields):
        given = DROP_DOWN & each.keys()
        if given and given != DROP_DOWN:
            yield f"{name}: {given} alone"
        for key in given:
            source = there.get(each[key].get("operationId"), {})
            needed = {parameter["name"] for parameter in source.get("parameters", ()) if parameter.get("required")}
            if not source or not needed <= each[key].get("parameters", {}).keys():
                yield f"{name}: {key} cannot be filled"


def path_clash(folder: Folder) -> Findings:
    """`/things/{id}` stands beside `/things/word`: the word would be an id as well."""
    split = [path.split("/") for path in folder.definition["paths"]]
    for one, other in combinations(split, 2):
        different = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
        if different and any(part.startswith("{") for part in different):
            yield f"{'/'.join(one)} and {'/'.join(other)}"


def connection_id(folder: Folder) -> Findings:
    """Leave that name to the platform."""
    yield from (name for name, each in folder.parameters if each["name"] == "connectionId")


def hidden(operation: Json) -> bool:
    """Tell whether no designer shows an operation."""
    return bool(operation.get("x-ms-visibility") == "internal")


RULES: Mapping[str, Rule] = {
    "swagger-2": swagger_2,
    "size": size,
    "host": host,
    "sign-in-elsewhere": sign_in_elsewhere,
    "title": title,
    "description": description,
    "operation-id": operation_id,
    "summary": summary,
    "sentence": sentence,
    "title-case": title_case,
    "success-schema": success_schema,
    "default-schema": default_schema,
    "one-success-schema": one_success_schema,
    "format": format_,
    "internal-default": internal_default,
    "drop-down": drop_down,
    "path-clash": path_clash,
    "connection-id": connection_id,
}
