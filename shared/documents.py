"""The API documents of this installation as they are served: each made when somebody first asks, once per process.

They name no secret, so they are open to everybody, and are there also while settings are missing or wrong.
"""

import functools
import json
from dataclasses import dataclass
from typing import Any

from shared.callers import Mode


@dataclass(frozen=True)
class Site:
    """What the documents say of the installation: how it tells callers apart, and its own address, if it knows them."""

    mode: Mode | None
    base_url: str | None


@functools.cache
def openapi_json(site: Site) -> bytes:
    """Give the OpenAPI 3.1 document."""
    return encoded(_openapi(site))


@functools.cache
def swagger_json(site: Site) -> bytes:
    """Give the Swagger 2.0 document."""
    from shared.swagger import swagger  # noqa: PLC0415 - a create needs none of it at the cold start

    return encoded(swagger(_openapi(site), site.base_url))


def encoded(document: dict[str, Any]) -> bytes:
    """Give a document's bytes, laid out for people as well."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _openapi(site: Site) -> dict[str, Any]:
    from shared.openapi import openapi  # noqa: PLC0415 - the library takes as long to load as all of the gateway

    return openapi(site.mode)
