"""The rules for the files beside a custom connector's definition, by their names. Pure.

Microsoft's own, and what makes one connector serve every installation of the gateway without holding anybody's secret.
"""

import re
from collections.abc import Mapping

from PIL import Image

from connectors.definition_rules import Findings, Rule, hidden
from connectors.folder import Folder, parts

NOT_A_BRAND = {"#ffffff", "#007ee5"}
SIDES = range(100, 231)
MAX_ICON_BYTES = 1_000_000
URL_TEMPLATE = "x-ms-apimTemplateParameter.urlTemplate"
HEADER, VALUE = "x-ms-apimTemplateParameter.name", "x-ms-apimTemplateParameter.value"
SECRETS = re.compile(r"secret|password|^code$", re.IGNORECASE)
HEADINGS = (
    *("Publisher: .+", "Prerequisites", "Supported Operations", "Obtaining Credentials", "Getting Started"),
    *("Known Issues and Limitations", "Frequently Asked Questions", "Deployment Instructions"),
)


def ascii_(folder: Folder) -> Findings:
    """Keep to ASCII: `paconn` reads its files in the encoding of the machine that it runs on."""
    yield from (name for name, content in folder.files.items() if name.endswith(".json") and not content.isascii())


def brand_colour(folder: Folder) -> Findings:
    """Have a colour of one's own: neither white nor the one that everybody gets."""
    colour = str(folder.properties.get("iconBrandColor", ""))
    if not re.fullmatch(r"#[0-9a-f]{6}", colour) or colour in NOT_A_BRAND:
        yield f"iconBrandColor is {colour!r}"


def publisher(folder: Folder) -> Findings:
    """Who publishes it stands in the properties, and the same in the readme."""
    name = folder.properties.get("publisher")
    if not name or f"## Publisher: {name}\n" not in folder.readme:
        yield f"publisher is {name!r}"


def no_script(folder: Folder) -> Findings:
    """No code of ours runs in somebody's tenant."""
    if "scriptOperations" in folder.properties or "script" in folder.settings or "script.csx" in folder.files:
        yield "the connector has a script"


def sign_in(folder: Folder) -> Findings:
    """One way for each AUTH_MODE: a person's token from Entra, or a key that is kept secret."""
    sets = folder.parameter_sets
    if sets.keys() != {"entra", "key"}:
        yield f"the ways of signing in are {sorted(sets)}"
        return
    token, key = sets["entra"].get("token", {}), sets["key"].get("api_key", {})
    if token.get("oAuthSettings", {}).get("identityProvider") != "aad":
        yield "entra: no token from the identity provider aad"
    if token.get("oAuthSettings", {}).get("redirectMode") != "GlobalPerConnector":
        yield "entra: the redirect address is shared with other connectors"
    if key.get("type") != "securestring":
        yield "key: no api_key that is kept secret"


def required_parameters(folder: Folder) -> Findings:
    """Each parameter of a connection has a name for people and says that it is required."""
    for way, parameters in folder.parameter_sets.items():
        for name, each in parameters.items():
            shown = each.get("uiDefinition", {})
            if not shown.get("displayName") or shown.get("constraints", {}).get("required") != "true":
                yield f"{way}, {name}"


def host_of_the_connection(folder: Folder) -> Findings:
    """Put the base path into the template, which takes its place as well."""
    wanted = f"https://@connectionParameters('host'){folder.definition.get('basePath', '')}"
    if folder.policies.get("dynamichosturl") != {URL_TEMPLATE: wanted}:
        yield f"no policy dynamichosturl for all operations with {wanted}"
    yield from (f"{way}: no host" for way, parameters in folder.parameter_sets.items() if "host" not in parameters)


def key_in_its_header(folder: Folder) -> Findings:
    """Send the key, which the definition does not tell of; a connection without one must not fail."""
    policy = folder.policies.get("setheader", {})
    if (policy.get(HEADER), policy.get(VALUE)) != ("x-functions-key", "@connectionParameters('api_key', '')"):
        yield "no policy setheader with the key, or with nothing"


def no_secret(folder: Folder) -> Findings:
    """Secrets are given to `paconn`, and are in no file."""
    for each in (*parts(folder.properties), *parts(folder.settings)):
        yield from (name for name, value in each.items() if SECRETS.search(name) and isinstance(value, str))


def icon_size(folder: Folder) -> Findings:
    """Square, about 230 pixels wide, below 1 MB."""
    width, height = folder.icon.size
    if width != height or width not in SIDES or len(folder.files["icon.png"]) >= MAX_ICON_BYTES:
        yield f"{width} by {height} pixels, {len(folder.files['icon.png'])} bytes"


def icon_background(folder: Folder) -> Findings:
    """All around it is the brand's colour, and nothing shines through."""
    image, (width, height) = folder.icon, folder.icon.size
    edges = [image.crop(box) for box in ((0, 0, width, 1), (0, height - 1, width, height))]
    edges += [image.crop(box) for box in ((0, 0, 1, height), (width - 1, 0, width, height))]
    brand = Image.new("RGBA", (1, 1), str(folder.properties["iconBrandColor"])).getpixel((0, 0))
    if any(edge.getcolors() != [(max(edge.size), brand)] for edge in edges):
        yield "the icon's edge is not iconBrandColor"
    if image.getchannel("A").getextrema() != (255, 255):
        yield "the icon is transparent"


def settings_files(folder: Folder) -> Findings:
    """Have what `paconn` reads."""
    names = [folder.settings.get(key) for key in ("apiProperties", "apiDefinition", "icon")]
    yield from (f"settings.json names {name}" for name in names if name not in folder.files)


def settings_of_nobody(folder: Folder) -> Findings:
    """`paconn` writes down where it has put a connector: that is one tenant's own."""
    yield from (name for name in ("connectorId", "environment") if name in folder.settings)


def readme_headings(folder: Folder) -> Findings:
    """Those that the connectors' repository asks for, in its order, below one title."""
    found = re.findall(r"^## (.+)$", folder.readme, re.MULTILINE)
    in_order = len(found) == len(HEADINGS) and all(map(re.fullmatch, HEADINGS, found))
    if not in_order or not re.match(r"# .+\n\n\w", folder.readme):
        yield f"the headings are {found}"


def readme_operations(folder: Folder) -> Findings:
    """Every operation that a designer shows is described, and no other."""
    section = folder.readme.partition("## Supported Operations\n")[2].partition("\n## ")[0]
    shown = [each["summary"] for _, each in folder.operations if not hidden(each)]
    if re.findall(r"^### (.+)$", section, re.MULTILINE) != shown:
        yield f"the operations are {shown}"


RULES: Mapping[str, Rule] = {
    "ascii": ascii_,
    "brand-colour": brand_colour,
    "publisher": publisher,
    "no-script": no_script,
    "sign-in": sign_in,
    "required-parameters": required_parameters,
    "host-of-the-connection": host_of_the_connection,
    "key-in-its-header": key_in_its_header,
    "no-secret": no_secret,
    "icon-size": icon_size,
    "icon-background": icon_background,
    "settings-files": settings_files,
    "settings-of-nobody": settings_of_nobody,
    "readme-headings": readme_headings,
    "readme-operations": readme_operations,
}
