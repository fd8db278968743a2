"""The interactive reference: one page, the files that it loads, and the headers that keep it to itself."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

from shared.http import Request, Response

PAGE = "index.html"
ASSETS: Mapping[str, str] = MappingProxyType(
    {
        "docs.css": "text/css",
        "docs.js": "text/javascript",
        "icon.svg": "image/svg+xml",
        "swagger-ui-bundle.js": "text/javascript",
        "swagger-ui-bundle.js.LICENSE.txt": "text/plain",
        "swagger-ui.LICENSE.txt": "text/plain",
        "swagger-ui.NOTICE.txt": "text/plain",
        "swagger-ui.css": "text/css",
    }
)
"""The names that are served below the page; a name that is not here is no path of anything."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # Nothing from elsewhere, nothing within the page itself. Swagger UI's style sheet has its icons as data.
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",  # kept, and asked for again by its tag: a deployment changes all files at once
    }
)

_FOLDER = Path(__file__).with_name("docs_assets")


@dataclass(frozen=True)
class _File:
    content: bytes
    tag: str


def page(request: Request) -> Response:
    """Answer with the page."""
    return _answer(request, PAGE, "text/html")


def asset(request: Request) -> Response:
    """Answer with a file that the page loads; 404 without a body, as the host itself answers what it does not know."""
    name = request.route_params["asset"]
    if name not in ASSETS:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return _answer(request, name, ASSETS[name])


def _answer(request: Request, name: str, media_type: str) -> Response:
    file = _read(name)
    headers = {**HEADERS, "ETag": file.tag}
    if file.tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers, mimetype=media_type)
    return Response(file.content, headers=headers, mimetype=media_type)


@functools.cache
def _read(name: str) -> _File:
    content = (_FOLDER / name).read_bytes()
    return _File(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
