"""One request to the emulated Graph, read once, and the ids under which it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Call:
    """`segments` is the decoded path without the version; `base` is scheme, host and port.

    A call that is `late` was answered before it is carried out.
    """

    request_id: str
    method: str
    version: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    late: bool = False

    @property
    def client_request_id(self) -> str:
        """The caller's own id; where it sent none, Graph repeats its request id."""
        return self.headers.get("client-request-id", self.request_id)

    @property
    def context(self) -> str:
        """The stem of `@odata.context`."""
        return f"{self.base}/{self.version}/$metadata"


def read_call(request: Request, request_id: str, body: bytes) -> Call:
    """Take the request apart; nothing is judged here, so the version may be any first segment."""
    version, *segments = request.scope["path"].removeprefix("/").split("/")
    return Call(
        request_id=request_id,
        method=request.method,
        version=version,
        segments=tuple(segments),
        query=dict(request.query_params),
        headers=request.headers,
        body=body,
        base=str(request.base_url).rstrip("/"),
        late=getattr(request.state, "late", False),
    )
