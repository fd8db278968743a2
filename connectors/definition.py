"""The custom connector's definition: the Swagger 2.0 document, without what each connection says for itself."""

import json

from shared.documents import Site, swagger_json

NOWHERE = "gateway.invalid"
"""A host that is nobody's: were a connection's own host ever not put in its place, no key would go to a stranger."""


def connector_json(site: Site) -> bytes:
    """Give it in ASCII: `paconn` reads the file in the encoding of the machine that it runs on."""
    document = json.loads(swagger_json(site))
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["security"]
    document |= {"host": NOWHERE, "schemes": ["https"], "securityDefinitions": {}}
    return (json.dumps(document, indent=2) + "\n").encode("ascii")
